// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/forwarded.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <optional>
#include <string_view>

#include "bridge/http/field_value.h"
#include "bridge/http/limits.h"
#include "bridge/sources.h"

namespace tally::bridge::http {
namespace {

// Takes the part behind the last comma off the text, and returns it.
std::string_view take_last(std::string_view& text) {
  const std::size_t comma = text.rfind(',');
  const std::string_view last = text.substr(comma == std::string_view::npos ? 0 : comma + 1);
  text = comma == std::string_view::npos ? std::string_view() : text.substr(0, comma);
  return trimmed(last);
}

// The address in "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:80".
std::optional<IpAddress> address_of_node(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? std::nullopt : parse_address(text.substr(1, end - 1));
  }
  const std::size_t colon = text.find(':');
  const bool has_port = colon != std::string_view::npos && colon == text.rfind(':');
  return parse_address(has_port ? text.substr(0, colon) : text);
}

// The address in for=192.0.2.1;proto=http, whose values may have quotation marks (RFC 7239, section
// 4).
std::optional<IpAddress> address_of_element(std::string_view element) {
  constexpr std::string_view key = "for=";
  while (!element.empty()) {
    std::string_view pair = element.substr(0, element.find(';'));
    element.remove_prefix(std::min(pair.size() + 1, element.size()));
    pair = trimmed(pair);
    if (!boost::beast::iequals(pair.substr(0, key.size()), key)) continue;
    return address_of_node(unquoted(pair.substr(key.size())));
  }
  return std::nullopt;
}

}  // namespace

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

}  // namespace tally::bridge::http
