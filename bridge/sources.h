// SPDX-License-Identifier: Apache-2.0
// Who asks, as far as shares are concerned: an address, or the block of addresses that one customer
// of a network is usually given. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/network.h"

namespace tally::bridge {

// The whole of an IPv4 address, and the first 64 bits of an IPv6 one (RFC 6177), because who has
// one address of these has all of them.
using Source = IpAddress;
Source source_of(const IpAddress& address);

bool is_in(const IpAddress& address, const std::vector<AddressBlock>& blocks);

// It takes a secret of the process, so that nobody can choose sources whose hashes fall together.
struct SourceHash {
  std::uint64_t secret = 0;
  std::size_t operator()(const Source& source) const;
};

}  // namespace tally::bridge
