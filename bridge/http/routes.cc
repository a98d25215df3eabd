// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/routes.h"

#include <algorithm>
#include <array>
#include <boost/url.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "protocol/limits.h"
#include "protocol/operations.h"

namespace tally::bridge::http {
namespace {

namespace urls = boost::urls;

constexpr std::size_t most_segments = 5;
constexpr std::size_t most_parameters = 3;
constexpr std::string_view name_segment = "{name}";
constexpr std::string_view id_segment = "{id}";

struct Row {
  Endpoint endpoint;
  std::array<std::string_view, most_segments> segments;           // empty ones at the end are none
  std::string_view allow;                                         // its methods, as the Allow field says them
  std::array<std::string_view, most_parameters> parameters = {};  // of its query

  std::size_t size() const {
    std::size_t count = 0;
    while (count < most_segments && !segments[count].empty()) ++count;
    return count;
  }
};

constexpr Row rows[] = {
    {Endpoint::hit, {"hit", name_segment}, "GET, HEAD, OPTIONS"},
    {Endpoint::increment, {"v1", "counters", name_segment, "increment"}, "POST, OPTIONS"},
    {Endpoint::counter, {"v1", "counters", name_segment}, "GET, HEAD, PUT, DELETE, OPTIONS", {"consistency"}},
    {Endpoint::counters, {"v1", "counters"}, "GET, HEAD, OPTIONS", {"prefix", "limit", "after"}},
    {Endpoint::cluster, {"v1", "cluster"}, "GET, HEAD, OPTIONS"},
    {Endpoint::evict, {"v1", "cluster", "replicas", id_segment, "evict"}, "POST, OPTIONS"},
    {Endpoint::readmit, {"v1", "cluster", "replicas", id_segment, "readmit"}, "POST, OPTIONS"},
    {Endpoint::fault, {"v1", "cluster", "replicas", id_segment, "fault"}, "POST, OPTIONS"},
    {Endpoint::livez, {"livez"}, "GET, HEAD, OPTIONS"},
    {Endpoint::readyz, {"readyz"}, "GET, HEAD, OPTIONS"},
    {Endpoint::readyz, {"healthz"}, "GET, HEAD, OPTIONS"},
    {Endpoint::metrics, {"metrics"}, "GET, HEAD, OPTIONS"},
    {Endpoint::livez, {}, "GET, HEAD, OPTIONS"},
};

// No word of these is part of another, so that one is found in Allow by its text.
std::string_view word_of(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::remove: return "DELETE";
    case Method::options: return "OPTIONS";
    case Method::other: return "none of them";
  }
  return "none of them";
}

tl::unexpected<Problem> malformed(std::string detail) {
  return tl::unexpected(Problem{ProblemKind::malformed, std::move(detail)});
}

// The methods that do something with what is there.
std::string_view methods_of(const Row& row) { return row.allow.substr(0, row.allow.rfind(", OPTIONS")); }

Route options_route(std::string_view allow) {
  Route route;
  route.endpoint = Endpoint::options;
  route.allow = allow;
  return route;
}

// The path's segments, still percent-encoded.
struct Path {
  std::array<urls::pct_string_view, most_segments> segments;
  std::size_t size = 0;  // most_segments + 1: too many
};

Path split(const urls::url_view& url) {
  Path path;
  for (const urls::pct_string_view segment : url.encoded_segments()) {
    if (path.size == most_segments) return {{}, most_segments + 1};
    path.segments[path.size++] = segment;
  }
  return path;
}

bool matches(const Row& row, const Path& path) {
  if (row.size() != path.size) return false;
  for (std::size_t place = 0; place < path.size; ++place) {
    const std::string_view expected = row.segments[place];
    if (expected.front() == '{') continue;
    const urls::pct_string_view segment = path.segments[place];
    if (expected != std::string_view(segment.data(), segment.size())) return false;
  }
  return true;
}

const Row* find_row(const Path& path) {
  for (const Row& row : rows)
    if (matches(row, path)) return &row;
  return nullptr;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// What the path's variable segments say.
std::optional<Problem> read_segments(const Row& row, const Path& path, Route& route) {
  for (std::size_t place = 0; place < path.size; ++place) {
    if (row.segments[place] == name_segment) {
      route.name = path.segments[place].decode();
      if (!is_valid_name(route.name))
        return Problem{ProblemKind::malformed,
                       "a counter's name is 1 to 256 bytes of UTF-8 without control or format characters"};
    }
    if (row.segments[place] == id_segment) {
      const auto id = whole_number<std::uint64_t>(path.segments[place].decode());
      if (!id || *id == 0) return Problem{ProblemKind::not_found, "there is no such replica"};
      route.replica = ReplicaId(*id);
    }
  }
  return std::nullopt;
}

using Complaint = std::optional<std::string>;

Complaint read_name_parameter(std::string_view key, std::string value, std::string& stored) {
  if (!value.empty() && !is_valid_name(value)) return std::string(key) + " is not the beginning of a counter's name";
  stored = std::move(value);
  return std::nullopt;
}

Complaint read_parameter(std::string_view key, std::string value, Route& route) {
  if (key == "prefix") return read_name_parameter(key, std::move(value), route.name);
  if (key == "after") return read_name_parameter(key, std::move(value), route.after);
  if (key == "limit") {
    const auto limit = whole_number<std::uint32_t>(value);
    if (!limit || *limit == 0 || *limit > limits::list_entries)
      return "limit must be from 1 to " + std::to_string(limits::list_entries);
    route.limit = *limit;
  }
  if (key == "consistency" && value != "voted")
    return value == "any" ? "consistency=any is not there yet; without it every read is voted"
                          : "consistency is unknown; without it every read is voted";
  return std::nullopt;
}

// As it was written, which is ASCII, and not much of it.
std::string shown(urls::pct_string_view key) {
  return '"' + std::string(key.data(), std::min(key.size(), http_limits::shown_bytes)) + '"';
}

// A parameter that is misspelt, or comes twice, must not be passed over: ?by=5 would count one.
Complaint read_parameters(const urls::url_view& url, const Row& row, Route& route) {
  if (url.encoded_query().empty()) return std::nullopt;
  std::array<bool, most_parameters> seen{};
  const urls::encoding_opts as_form(/*space_as_plus=*/true);
  for (const auto& parameter : url.encoded_params()) {
    const std::string key = parameter.key.decode(as_form);
    const auto known = static_cast<std::size_t>(std::ranges::find(row.parameters, key) - row.parameters.begin());
    if (key.empty() || known == most_parameters)
      return "the query parameter " + shown(parameter.key) + " is not known here";
    if (std::exchange(seen[known], true)) return "the query parameter " + shown(parameter.key) + " comes twice";
    if (auto complaint = read_parameter(key, parameter.value.decode(as_form), route)) return complaint;
  }
  return std::nullopt;
}

}  // namespace

tl::expected<Route, Problem> find_route(Method method, std::string_view target) {
  if (target.size() > http_limits::target_bytes)
    return tl::unexpected(
        Problem{ProblemKind::target_too_long,
                "the request target is longer than " + std::to_string(http_limits::target_bytes) + " bytes"});
  if (method == Method::options && target == "*") return options_route("GET, HEAD, POST, PUT, DELETE, OPTIONS");
  const auto url = target.starts_with('/') ? urls::parse_origin_form(target) : urls::parse_absolute_uri(target);
  if (!url) return malformed("the request target is not a valid path; percent-encode what is special in a name");

  const Path path = split(*url);
  const Row* row = url->encoded_path().empty() ? nullptr : find_row(path);
  if (!row) return tl::unexpected(Problem{ProblemKind::not_found, "there is nothing at this path"});
  if (row->allow.find(word_of(method)) == std::string_view::npos)
    return tl::unexpected(Problem{ProblemKind::method_not_allowed, "this path takes " + std::string(methods_of(*row)),
                                  Applied::no, methods_of(*row)});
  if (method == Method::options) return options_route(row->allow);
  Route route;
  route.endpoint = row->endpoint;
  if (auto problem = read_segments(*row, path, route)) return tl::unexpected(std::move(*problem));
  if (auto complaint = read_parameters(*url, *row, route)) return malformed(std::move(*complaint));
  return route;
}

}  // namespace tally::bridge::http
