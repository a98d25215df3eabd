// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/origins.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>

#include "runtime/network.h"

namespace tally::bridge::http {
namespace {

using boost::beast::iequals;

constexpr std::string_view own_scheme = "http://";
constexpr std::string_view own_port = ":80";

bool is_listed(std::string_view text, const std::vector<std::string>& list) {
  return std::ranges::any_of(list, [&](const std::string& entry) { return iequals(entry, text); });
}

std::string_view without_own_port(std::string_view authority) {
  if (authority.ends_with(own_port)) authority.remove_suffix(own_port.size());
  return authority;
}

bool is_own(std::string_view origin, std::string_view authority) {
  return !authority.empty() && iequals(origin.substr(0, own_scheme.size()), own_scheme) &&
         iequals(without_own_port(origin.substr(own_scheme.size())), without_own_port(authority));
}

bool is_port(std::string_view text) {
  return text.empty() || (text.front() == ':' && text.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

bool is_name(std::string_view text) {
  return std::ranges::all_of(text, [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '.' || byte == '_';
  });
}

enum class HostKind : std::uint8_t { malformed, address, name };

struct Host {
  HostKind kind = HostKind::malformed;
  std::string_view text;  // without brackets
};

// The host in "host", "host:port", "[address]" or "[address]:port".
Host host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos || !is_port(authority.substr(end + 1))) return {};
    const std::string_view text = authority.substr(1, end - 1);
    const bool is_v6 = text.find(':') != std::string_view::npos && parse_address(text);
    return {is_v6 ? HostKind::address : HostKind::malformed, text};
  }
  const std::string_view text = authority.substr(0, authority.find(':'));
  if (!is_name(text) || !is_port(authority.substr(text.size()))) return {};
  return {parse_address(text) ? HostKind::address : HostKind::name, text};
}

}  // namespace

std::string_view authority_of(const HttpRequest& request) {
  const std::string_view target = request.target;
  const std::size_t scheme_end = target.starts_with('/') ? std::string_view::npos : target.find("://");
  if (scheme_end == std::string_view::npos) return request.host;
  const std::string_view rest = target.substr(scheme_end + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

std::optional<Problem> check_host(const HttpRequest& request, const Rules& rules) {
  const std::string_view text = authority_of(request);
  if (text.empty() && request.hosts == 0 && !request.is_http_1_1) return std::nullopt;
  const Host host = host_of(text);
  if (host.kind == HostKind::malformed) return Problem{ProblemKind::malformed, "the Host is not a host and port"};
  if (host.kind == HostKind::address || iequals(host.text, "localhost") || is_listed(host.text, rules.http_hosts))
    return std::nullopt;
  return Problem{ProblemKind::misdirected,
                 "the Host is no address, not localhost, and not listed in the configuration key http_hosts"};
}

std::optional<Problem> check_page(const HttpRequest& request, const Rules& rules) {
  // Listed origins come first, because a browser says cross-site of them too.
  if (request.has_origin && is_listed(request.origin, rules.http_origins)) return std::nullopt;
  const bool is_of_other_page =
      request.has_fetch_site && request.fetch_site != "same-origin" && request.fetch_site != "none";
  if (!is_of_other_page && (!request.has_origin || is_own(request.origin, authority_of(request)))) return std::nullopt;
  return Problem{ProblemKind::forbidden,
                 "a page of another origin changes nothing here unless the configuration key http_origins lists it"};
}

}  // namespace tally::bridge::http
