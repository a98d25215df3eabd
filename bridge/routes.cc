// SPDX-License-Identifier: Apache-2.0
#include "bridge/routes.h"

#include <array>
#include <boost/url.hpp>
#include <charconv>
#include <optional>

#include "protocol/limits.h"
#include "protocol/operations.h"

namespace tally::bridge {
namespace {

namespace urls = boost::urls;

constexpr std::size_t most_segments = 5;
constexpr std::string_view name_segment = "{name}";
constexpr std::string_view id_segment = "{id}";

struct Row {
  Endpoint endpoint;
  std::array<std::string_view, most_segments> segments;  // empty ones at the end are none
  std::string_view allow;                                // its methods, as the Allow field says them

  std::size_t size() const {
    std::size_t count = 0;
    while (count < most_segments && !segments[count].empty()) ++count;
    return count;
  }
};

constexpr Row rows[] = {
    {Endpoint::hit, {"hit", name_segment}, "GET, HEAD"},
    {Endpoint::increment, {"v1", "counters", name_segment, "increment"}, "POST"},
    {Endpoint::counter, {"v1", "counters", name_segment}, "GET, HEAD, PUT, DELETE"},
    {Endpoint::counters, {"v1", "counters"}, "GET, HEAD"},
    {Endpoint::cluster, {"v1", "cluster"}, "GET, HEAD"},
    {Endpoint::evict, {"v1", "cluster", "replicas", id_segment, "evict"}, "POST"},
    {Endpoint::readmit, {"v1", "cluster", "replicas", id_segment, "readmit"}, "POST"},
    {Endpoint::fault, {"v1", "cluster", "replicas", id_segment, "fault"}, "POST"},
    {Endpoint::livez, {"livez"}, "GET, HEAD"},
    {Endpoint::readyz, {"readyz"}, "GET, HEAD"},
};

// No word of these is part of another, so that one is found in Allow by its text.
std::string_view word_of(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::remove: return "DELETE";
    case Method::other: return "none of them";
  }
  return "none of them";
}

tl::unexpected<Problem> malformed(std::string detail) {
  return tl::unexpected(Problem{ProblemKind::malformed, std::move(detail)});
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

std::optional<std::string> read_list_parameter(Route& route, const std::string& key, std::string value) {
  const bool is_prefix = key == "prefix";
  if (is_prefix || key == "after") {
    if (!value.empty() && !is_valid_name(value)) return key + " is not the beginning of a counter's name";
    (is_prefix ? route.name : route.after) = std::move(value);
  } else if (key == "limit") {
    const auto limit = whole_number<std::uint32_t>(value);
    if (!limit || *limit == 0 || *limit > limits::list_entries)
      return "limit must be from 1 to " + std::to_string(limits::list_entries);
    route.limit = *limit;
  }
  return std::nullopt;
}

// Parameters that a route does not know are passed over: pages add them against caches.
std::optional<std::string> read_parameters(const urls::url_view& url, Route& route) {
  const bool is_list = route.endpoint == Endpoint::counters;
  if (!is_list && route.endpoint != Endpoint::counter) return std::nullopt;
  for (const auto& parameter : url.params(urls::encoding_opts(/*space_as_plus=*/true))) {
    if (is_list) {
      if (auto complaint = read_list_parameter(route, parameter.key, parameter.value)) return complaint;
    } else if (parameter.key == "consistency" && parameter.value != "voted") {
      return parameter.value == "any" ? "consistency=any is not there yet; without it every read is voted"
                                      : "consistency is unknown; without it every read is voted";
    }
  }
  return std::nullopt;
}

}  // namespace

tl::expected<Route, Problem> find_route(Method method, std::string_view target) {
  if (target.size() > http_limits::target_bytes)
    return tl::unexpected(
        Problem{ProblemKind::target_too_long,
                "the request target is longer than " + std::to_string(http_limits::target_bytes) + " bytes"});
  const auto url = target.starts_with('/') ? urls::parse_origin_form(target) : urls::parse_absolute_uri(target);
  if (!url) return malformed("the request target is not a valid path; percent-encode what is special in a name");

  const Path path = split(*url);
  const Row* row = find_row(path);
  if (!row) return tl::unexpected(Problem{ProblemKind::not_found, "there is nothing at this path"});
  if (row->allow.find(word_of(method)) == std::string_view::npos)
    return tl::unexpected(Problem{ProblemKind::method_not_allowed, "this path takes " + std::string(row->allow),
                                  Applied::no, row->allow});
  Route route;
  route.endpoint = row->endpoint;
  if (auto problem = read_segments(*row, path, route)) return tl::unexpected(std::move(*problem));
  if (auto complaint = read_parameters(*url, route)) return malformed(std::move(*complaint));
  return route;
}

}  // namespace tally::bridge
