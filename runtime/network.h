// SPDX-License-Identifier: Apache-2.0
// Internet addresses and blocks of them, as values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tally {

// IPv6; an IPv4 address is the mapped one (RFC 4291, section 2.5.5.2), so that it is the same by
// whichever socket.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// "192.0.2.1" or "2001:db8::1"; no short forms, names, brackets or zones.
std::optional<IpAddress> parse_address(std::string_view text);

// The addresses that begin with the same bits.
struct AddressBlock {
  IpAddress first;
  unsigned bits = 128;  // of an IPv4 block: 96 more than it says

  bool contains(const IpAddress& address) const;
};

// "10.0.0.0/8", "2001:db8::/32", or one address. Bits beyond the prefix are cleared.
std::optional<AddressBlock> parse_block(std::string_view text);

// The first so many bits of the address, the others zero.
IpAddress prefix_of(const IpAddress& address, unsigned bits);

}  // namespace tally
