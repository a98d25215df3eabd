// SPDX-License-Identifier: Apache-2.0
// At most so many connections of one listening socket (law 27), though libzmq has no such option.
//
// libzmq accepts in a thread of its own, without end, and takes an error that it does not know for a bug of its own: a
// process that is out of descriptors ends by SIGABRT, or spins. So the program's own accept4(2) stands before the C
// library's: one connection too many is closed as soon as it is there, and libzmq hears that its peer has gone
// (docs/decisions/0013-connections-are-counted-where-they-are-accepted.md). Any thread.
#pragma once

#include <cstddef>
#include <string>

namespace tally {

// From now on, for as long as the socket listens; its endpoint is named in the log. Connections that libzmq accepted
// before are not counted.
void limit_connections(int listening_socket, const std::string& endpoint, std::size_t most);

// The soft limit of open files becomes the hard one: each connection is a descriptor.
void raise_descriptor_limit();

// `wanted`, or a quarter of the limit of open files if that is less: two such endpoints leave half of the descriptors
// to the process's own files and its other endpoints.
std::size_t connections_allowed(std::size_t wanted);

}  // namespace tally
