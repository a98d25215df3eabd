// SPDX-License-Identifier: Apache-2.0
// Who asks, as far as shares are concerned: an address, or what one customer of a network is
// usually given. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/network.h"

namespace tally::bridge {

// A whole IPv4 address, the first 64 bits of an IPv6 one (RFC 6177): who has one of these has all
// behind them.
using Source = IpAddress;
Source source_of(const IpAddress& address);

bool is_in(const IpAddress& address, const std::vector<AddressBlock>& blocks);

// With a secret of the process, so that nobody can choose sources that fall together.
struct SourceHash {
  std::uint64_t secret = 0;
  std::size_t operator()(const Source& source) const;
};

}  // namespace tally::bridge
