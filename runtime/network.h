// SPDX-License-Identifier: Apache-2.0
// Internet addresses and blocks of them, as values.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tally {

// An IPv6 address. An IPv4 address is the mapped one (RFC 4291, section 2.5.5.2), so that it is the
// same whichever socket it came by.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  bool is_v4() const;
  bool is_loopback() const;  // 127.0.0.0/8 or ::1
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

// The address in "192.0.2.1" or "2001:db8::1"; not in short forms, names, brackets or zones.
std::optional<IpAddress> parse_address(std::string_view text);

// Whether the text names a host: an address, an IPv6 one also in brackets, or a name, which is up
// to 253 letters, digits, hyphens, underscores and points, at least one of them a letter (RFC 1035,
// section 2.3.4; underscores are not in it, and are in use).
bool is_host(std::string_view text);

// The same with or without a port behind it.
bool is_host_and_port(std::string_view text);

// The addresses that begin with the same bits.
struct AddressBlock {
  IpAddress first;
  unsigned bits = 128;  // of an IPv4 block 96 more than its text says

  bool contains(const IpAddress& address) const;
};

// The block in "10.0.0.0/8" or "2001:db8::/32", or of one address. Bits beyond the prefix are
// cleared.
std::optional<AddressBlock> parse_block(std::string_view text);

// The address with all but its first bits set to zero.
IpAddress prefix_of(const IpAddress& address, unsigned bits);

}  // namespace tally
