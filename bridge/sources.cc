// SPDX-License-Identifier: Apache-2.0
#include "bridge/sources.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <cstring>

#include "bridge/limits.h"

namespace tally::bridge {
namespace {

constexpr unsigned address_bits = 128;
constexpr unsigned customer_bits = 64;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes the part behind the last comma off the text.
std::string_view take_last(std::string_view& text) {
  const std::size_t comma = text.rfind(',');
  const std::string_view last = text.substr(comma == std::string_view::npos ? 0 : comma + 1);
  text = comma == std::string_view::npos ? std::string_view() : text.substr(0, comma);
  return trimmed(last);
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:80".
std::optional<IpAddress> address_of_node(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? std::nullopt : parse_address(text.substr(1, end - 1));
  }
  const std::size_t colon = text.find(':');
  const bool has_port = colon != std::string_view::npos && colon == text.rfind(':');
  return parse_address(has_port ? text.substr(0, colon) : text);
}

// for=192.0.2.1;proto=http, with any of its parts in quotation marks (RFC 7239, section 4).
std::optional<IpAddress> address_of_element(std::string_view element) {
  constexpr std::string_view key = "for=";
  while (!element.empty()) {
    std::string_view pair = element.substr(0, element.find(';'));
    element.remove_prefix(std::min(pair.size() + 1, element.size()));
    pair = trimmed(pair);
    if (!boost::beast::iequals(pair.substr(0, key.size()), key)) continue;
    std::string_view node = pair.substr(key.size());
    if (node.size() >= 2 && node.front() == '"' && node.back() == '"') node = node.substr(1, node.size() - 2);
    return address_of_node(node);
  }
  return std::nullopt;
}

// The two halves of a 128-bit product, together.
std::uint64_t fold(std::uint64_t one, std::uint64_t other) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(one) * other;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

Source source_of(const IpAddress& address) {
  return prefix_of(address, address.is_v4() ? address_bits : customer_bits);
}

bool is_in(const IpAddress& address, const std::vector<AddressBlock>& blocks) {
  return std::ranges::any_of(blocks, [&](const AddressBlock& block) { return block.contains(address); });
}

IpAddress client_of(const IpAddress& peer, const HttpRequest& request, const std::vector<AddressBlock>& proxies) {
  const bool has_list = !request.forwarded_for.empty();
  std::string_view rest = has_list ? request.forwarded_for : request.forwarded;
  IpAddress client = peer;
  for (std::size_t hop = 0; hop < http_limits::proxies && !rest.empty() && is_in(client, proxies); ++hop) {
    const std::string_view last = take_last(rest);
    const auto address = has_list ? address_of_node(last) : address_of_element(last);
    if (!address) break;
    client = *address;
  }
  return client;
}

std::size_t SourceHash::operator()(const Source& source) const {
  std::uint64_t words[2];
  static_assert(sizeof words == sizeof source.bytes);
  std::memcpy(words, source.bytes.data(), sizeof words);
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;  // so that a word that equals the secret is not the end of it
  return fold(fold(words[0] ^ secret, words[1] ^ (secret * odd)) ^ secret, odd);
}

}  // namespace tally::bridge
