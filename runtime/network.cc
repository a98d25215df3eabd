// SPDX-License-Identifier: Apache-2.0
#include "runtime/network.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdint>

#include "runtime/whole_number.h"

namespace tally {
namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned v4_prefix_bits = 96;
constexpr std::size_t most_name_bytes = 253;

bool is_letter(char byte) { return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'); }

bool is_name(std::string_view text) {
  const auto belongs = [](char byte) {
    return is_letter(byte) || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';
  };
  return text.size() <= most_name_bytes && std::ranges::all_of(text, belongs) && std::ranges::any_of(text, is_letter);
}

}  // namespace

bool IpAddress::is_v4() const { return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin()); }

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[v4_prefix.size()] == 127;
  IpAddress v6_loopback;
  v6_loopback.bytes.back() = 1;
  return *this == v6_loopback;
}

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

bool is_host(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {
    const auto address = parse_address(text.substr(1, text.size() - 2));
    return address && !address->is_v4();
  }
  return parse_address(text).has_value() || is_name(text);
}

bool is_host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  return is_host(text) || (colon != std::string_view::npos && is_host(text.substr(0, colon)) &&
                           whole_number<std::uint16_t>(text.substr(colon + 1)));
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
    const auto said = whole_number<unsigned>(after);
    if (!said || *said > bits) return std::nullopt;
    bits = *said;
  }
  return AddressBlock{prefix_of(*address, bits + offset), bits + offset};
}

}  // namespace tally
