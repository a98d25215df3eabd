// SPDX-License-Identifier: Apache-2.0
// Bounds the connections of one listening socket (law 27), although libzmq has no such option.
//
// libzmq accepts without end, in a thread of its own, and takes an error that it does not know for
// a bug of its own: a process that is out of descriptors ends by SIGABRT, or spins. So the program
// has an accept4(2) of its own, which stands before the C library's. It closes a connection that is
// one too many as soon as it is there, and libzmq is told that the peer has gone
// (docs/decisions/0013-connections-are-counted-where-they-are-accepted.md). Any thread may call
// these functions.
#pragma once

#include <cstddef>
#include <string>

namespace tally {

// Bounds them from now on, for as long as the socket listens. Its endpoint is named in the log.
// Connections that libzmq has accepted before are not counted.
void limit_connections(int listening_socket, const std::string& endpoint, std::size_t most);

// Raises the soft limit of open files to the hard one, because each connection is a descriptor.
void raise_descriptor_limit();

// How many files this process may have open.
std::size_t descriptor_limit();

// `wanted`, or a quarter of the limit of open files if that is less. So two such endpoints leave
// half of the descriptors to the process's own files and its other endpoints.
std::size_t connections_allowed(std::size_t wanted);

}  // namespace tally
