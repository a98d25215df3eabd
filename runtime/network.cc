// SPDX-License-Identifier: Apache-2.0
#include "runtime/network.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace tally {
namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned v4_prefix_bits = 96;

}  // namespace

bool IpAddress::is_v4() const { return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin()); }

std::optional<IpAddress> parse_address(std::string_view text) {
  char copy[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof copy) return std::nullopt;
  std::ranges::copy(text, copy);
  IpAddress address;
  if (text.find(':') != std::string_view::npos)
    return inet_pton(AF_INET6, copy, address.bytes.data()) == 1 ? std::optional(address) : std::nullopt;
  std::ranges::copy(v4_prefix, address.bytes.begin());
  if (inet_pton(AF_INET, copy, address.bytes.data() + v4_prefix.size()) != 1) return std::nullopt;
  return address;
}

IpAddress prefix_of(const IpAddress& address, unsigned bits) {
  IpAddress prefix = address;
  for (unsigned place = 0; place < prefix.bytes.size(); ++place) {
    const unsigned kept = std::min(bits - std::min(bits, 8 * place), 8u);
    prefix.bytes[place] = static_cast<std::uint8_t>(prefix.bytes[place] & (0xFF00u >> kept));
  }
  return prefix;
}

bool AddressBlock::contains(const IpAddress& address) const { return prefix_of(address, bits) == first; }

std::optional<AddressBlock> parse_block(std::string_view text) {
  const std::string_view before = text.substr(0, text.find('/'));
  const auto address = parse_address(before);
  if (!address) return std::nullopt;
  const unsigned offset = before.find(':') == std::string_view::npos ? v4_prefix_bits : 0;
  unsigned bits = 128 - offset;
  if (before.size() < text.size()) {
    const std::string_view after = text.substr(before.size() + 1);
    unsigned said = 0;
    const auto [end, error] = std::from_chars(after.data(), after.data() + after.size(), said);
    if (error != std::errc() || end != after.data() + after.size() || said > bits) return std::nullopt;
    bits = said;
  }
  return AddressBlock{prefix_of(*address, bits + offset), bits + offset};
}

}  // namespace tally
