// SPDX-License-Identifier: Apache-2.0
// Who asks, as far as shares are concerned: an address, or what one customer of a network is
// usually given. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "bridge/requests.h"
#include "runtime/network.h"

namespace tally::bridge {

// A whole IPv4 address, the first 64 bits of an IPv6 one (RFC 6177): who has one of these has all
// behind them.
using Source = IpAddress;
Source source_of(const IpAddress& address);

bool is_in(const IpAddress& address, const std::vector<AddressBlock>& blocks);

// Whose request it is that came from `peer`. What a trusted proxy says of it is believed: the last
// address in X-Forwarded-For, or, where there is none, in Forwarded (RFC 7239), that is no trusted
// proxy's itself. What stands before that one anybody may have written. Where a proxy says nothing
// that can be read, it is the proxy's.
IpAddress client_of(const IpAddress& peer, const HttpRequest& request, const std::vector<AddressBlock>& proxies);

// With a secret of the process, so that nobody can choose sources that fall together.
struct SourceHash {
  std::uint64_t secret = 0;
  std::size_t operator()(const Source& source) const;
};

}  // namespace tally::bridge
