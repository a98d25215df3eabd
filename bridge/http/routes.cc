// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/routes.h"

#include <algorithm>
#include <boost/url.hpp>
#include <optional>
#include <utility>

#include "protocol/limits.h"
#include "protocol/operations.h"
#include "runtime/whole_number.h"

namespace tally::bridge::http {
namespace {

namespace urls = boost::urls;

constexpr RouteRow rows[] = {
    {.method = Method::get,
     .path = "/hit/{name}",
     .action = Action::hit,
     .changes = true,
     .key = Key::makes_repetition_harmless},
    // HEAD is safe by its definition (RFC 9110, section 9.2.1), so it must not count.
    {.method = Method::head, .path = "/hit/{name}", .action = Action::look_at_hit},
    {.method = Method::post,
     .path = "/v1/counters/{name}/increment",
     .action = Action::increment,
     .changes = true,
     .key = Key::makes_repetition_harmless,
     .pages = Pages::own,
     .body = Body::by},
    {.method = Method::get, .path = "/v1/counters/{name}", .action = Action::read},
    {.method = Method::put,
     .path = "/v1/counters/{name}",
     .action = Action::set,
     .changes = true,
     .token = Token::required,
     .key = Key::makes_repetition_harmless,
     .pages = Pages::own,
     .body = Body::value},
    {.method = Method::remove,
     .path = "/v1/counters/{name}",
     .action = Action::remove,
     .changes = true,
     .token = Token::required,
     .key = Key::makes_repetition_harmless,
     .pages = Pages::own,
     .body = Body::empty},
    {.method = Method::get, .path = "/v1/counters", .action = Action::list, .parameters = {"prefix", "limit", "after"}},
    {.method = Method::get, .path = "/v1/cluster", .action = Action::cluster, .token = Token::shows_more},
    {.method = Method::post,
     .path = "/v1/cluster/replicas/{id}/evict",
     .action = Action::evict,
     .changes = true,
     .token = Token::required,
     .pages = Pages::own,
     .body = Body::empty},
    {.method = Method::post,
     .path = "/v1/cluster/replicas/{id}/readmit",
     .action = Action::readmit,
     .changes = true,
     .token = Token::required,
     .pages = Pages::own,
     .body = Body::empty},
    {.method = Method::post,
     .path = "/v1/cluster/replicas/{id}/fault",
     .action = Action::fault,
     .changes = true,
     .token = Token::required,
     .pages = Pages::own,
     .body = Body::fault},
    {.method = Method::post,
     .path = "/v1/cluster/distributor/fault",
     .action = Action::fault,
     .changes = true,
     .token = Token::required,
     .pages = Pages::own,
     .body = Body::role_fault,
     .target = AdminTarget::distributor},
    {.method = Method::post,
     .path = "/v1/cluster/comparator/fault",
     .action = Action::fault,
     .changes = true,
     .token = Token::required,
     .pages = Pages::own,
     .body = Body::role_fault,
     .target = AdminTarget::comparator},
    {.method = Method::get, .path = "/metrics", .action = Action::metrics},
    {.method = Method::get, .path = "/livez", .action = Action::livez},
    {.method = Method::get, .path = "/", .action = Action::page},
    {.method = Method::get, .path = "/dashboard/{file}", .action = Action::page_file},
    {.method = Method::get, .path = "/events", .action = Action::events, .pages = Pages::own},
    {.method = Method::get, .path = "/readyz", .action = Action::readyz},
    {.method = Method::get, .path = "/healthz", .action = Action::readyz},
};

constexpr RouteRow options_row{.method = Method::options, .path = "*", .action = Action::options};

// In the order in which Allow names them.
constexpr Method methods[] = {Method::get, Method::head, Method::post, Method::put, Method::remove};

constexpr std::size_t most_segments = 5;
constexpr std::string_view name_segment = "{name}";
constexpr std::string_view id_segment = "{id}";
constexpr std::string_view file_segment = "{file}";

// The segments of a row's path, cut apart while this is compiled.
struct Pattern {
  std::array<std::string_view, most_segments> segments;
  std::size_t size = 0;
};

constexpr Pattern pattern_of(std::string_view path) {
  Pattern pattern;
  while (path.size() > 1) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    pattern.segments[pattern.size++] = segment;
    path.remove_prefix(segment.size());
  }
  return pattern;
}

constexpr auto patterns = [] {
  std::array<Pattern, std::size(rows)> all;
  for (std::size_t place = 0; place < all.size(); ++place) all[place] = pattern_of(rows[place].path);
  return all;
}();

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

bool matches(const Pattern& pattern, const Path& path) {
  if (pattern.size != path.size) return false;
  for (std::size_t place = 0; place < path.size; ++place) {
    const std::string_view expected = pattern.segments[place];
    if (expected.front() == '{') continue;
    const urls::pct_string_view segment = path.segments[place];
    if (expected != std::string_view(segment.data(), segment.size())) return false;
  }
  return true;
}

// The rows of one path, which stand together.
std::span<const RouteRow> rows_of(const Path& path) {
  std::size_t first = 0;
  while (first < std::size(rows) && !matches(patterns[first], path)) ++first;
  std::size_t end = first;
  while (end < std::size(rows) && rows[end].path == rows[first].path) ++end;
  return {rows + first, rows + end};
}

const RouteRow* find_row(std::span<const RouteRow> of_path, Method method) {
  const auto found = std::ranges::find(of_path, method, &RouteRow::method);
  if (found != of_path.end()) return &*found;
  return method == Method::head ? find_row(of_path, Method::get) : nullptr;
}

// As the Allow field says them.
std::string methods_of(std::span<const RouteRow> of_path) {
  std::string text;
  for (const Method method : methods)
    if (find_row(of_path, method)) (text += text.empty() ? "" : ", ") += word_of(method);
  return text;
}

Route options_route(const std::string& others) {
  Route route;
  route.row = &options_row;
  (route.allow = others) += ", OPTIONS";
  return route;
}

tl::unexpected<Problem> malformed(std::string detail) {
  return tl::unexpected(Problem{ProblemKind::malformed, std::move(detail)});
}

// What the path's variable segments say.
std::optional<Problem> read_segments(const Path& path, Route& route) {
  const Pattern& pattern = patterns[static_cast<std::size_t>(route.row - rows)];
  for (std::size_t place = 0; place < path.size; ++place) {
    if (pattern.segments[place] == name_segment) {
      route.name = path.segments[place].decode();
      if (!is_valid_name(route.name))
        return Problem{ProblemKind::malformed,
                       "a counter's name is 1 to 256 bytes of UTF-8 without control or format characters"};
    }
    if (pattern.segments[place] == id_segment) {
      const auto id = whole_number<std::uint64_t>(path.segments[place].decode());
      if (!id || *id == 0) return Problem{ProblemKind::not_found, "there is no such replica"};
      route.replica = ReplicaId(*id);
    }
    if (pattern.segments[place] == file_segment) {
      route.file = find_page_file(path.segments[place].decode());
      if (!route.file) return Problem{ProblemKind::not_found, "the dashboard has no such file"};
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
  const auto limit = whole_number<std::uint32_t>(value);
  if (!limit || *limit == 0 || *limit > limits::list_entries)
    return "limit must be from 1 to " + std::to_string(limits::list_entries);
  route.limit = *limit;
  return std::nullopt;
}

// As it was written, which is ASCII, and not much of it.
std::string shown(urls::pct_string_view key) {
  return '"' + std::string(key.data(), std::min(key.size(), http_limits::shown_bytes)) + '"';
}

// A parameter that is misspelt or comes twice is refused and never passed over, because ?by=5 would
// count one.
Complaint read_parameters(const urls::url_view& url, Route& route) {
  if (url.encoded_query().empty()) return std::nullopt;
  const auto& known_ones = route.row->parameters;
  std::array<bool, std::tuple_size_v<decltype(RouteRow::parameters)>> seen{};
  const urls::encoding_opts as_form(/*space_as_plus=*/true);
  for (const auto& parameter : url.encoded_params()) {
    const std::string key = parameter.key.decode(as_form);
    const auto known = static_cast<std::size_t>(std::ranges::find(known_ones, key) - known_ones.begin());
    if (key.empty() || known == known_ones.size())
      return "the query parameter " + shown(parameter.key) + " is not known here";
    if (std::exchange(seen[known], true)) return "the query parameter " + shown(parameter.key) + " comes twice";
    if (auto complaint = read_parameter(key, parameter.value.decode(as_form), route)) return complaint;
  }
  return std::nullopt;
}

}  // namespace

std::span<const RouteRow> route_rows() { return rows; }

tl::expected<Route, Problem> find_route(Method method, std::string_view target) {
  if (target.size() > http_limits::target_bytes)
    return tl::unexpected(
        Problem{ProblemKind::target_too_long,
                "the request target is longer than " + std::to_string(http_limits::target_bytes) + " bytes"});
  if (method == Method::options && target == "*") return options_route("GET, HEAD, POST, PUT, DELETE");
  const auto url = target.starts_with('/') ? urls::parse_origin_form(target) : urls::parse_absolute_uri(target);
  if (!url) return malformed("the request target is not a valid path; percent-encode what is special in a name");

  const Path path = split(*url);
  const auto of_path = url->encoded_path().empty() ? std::span<const RouteRow>() : rows_of(path);
  if (of_path.empty()) return tl::unexpected(Problem{ProblemKind::not_found, "there is nothing at this path"});
  if (method == Method::options) return options_route(methods_of(of_path));
  Route route;
  route.row = find_row(of_path, method);
  if (!route.row) {
    const std::string allow = methods_of(of_path);
    return tl::unexpected(Problem{ProblemKind::method_not_allowed, "this path takes " + allow, Applied::no, allow});
  }
  if (auto problem = read_segments(path, route)) return tl::unexpected(std::move(*problem));
  if (auto complaint = read_parameters(*url, route)) return malformed(std::move(*complaint));
  return route;
}

}  // namespace tally::bridge::http
