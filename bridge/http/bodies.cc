// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/bodies.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <initializer_list>

#include "bridge/http/field_value.h"
#include "bridge/http/limits.h"
#include "runtime/json_text.h"

namespace tally::bridge::http {
namespace {

namespace json = boost::json;
using boost::beast::iequals;

constexpr double shortest_fault_seconds = 0.001;
constexpr double longest_fault_seconds = 86'400;

tl::unexpected<Problem> malformed(std::string detail) {
  return tl::unexpected(Problem{ProblemKind::malformed, std::move(detail)});
}

std::optional<Problem> unsupported(std::string detail) {
  return Problem{ProblemKind::unsupported_type, std::move(detail)};
}

// ---- the JSON of it

json::parse_options options_of_a_body() {
  json::parse_options options;
  options.max_depth = http_limits::json_depth;
  return options;
}

std::optional<json::value> parse_json(std::string_view body) {
  json::error_code error;
  json::value value = json::parse(body, error, {}, options_of_a_body());
  if (error) return std::nullopt;
  return value;
}

// Counts the members of the outermost object, including members of the same name, of which a
// json::object keeps only the last. It accepts everything that Boost's parser tells.
struct MemberCount {
  using Error = json::error_code;
  using Text = json::string_view;
  static constexpr std::size_t max_object_size = -1, max_array_size = -1, max_key_size = -1, max_string_size = -1;

  bool on_object_end(std::size_t members, Error&) {
    count = members;  // the outermost object ends last
    return true;
  }
  bool on_object_begin(Error&) { return true; }
  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(Text, std::size_t, Error&) { return true; }
  bool on_key(Text, std::size_t, Error&) { return true; }
  bool on_string_part(Text, std::size_t, Error&) { return true; }
  bool on_string(Text, std::size_t, Error&) { return true; }
  bool on_number_part(Text, Error&) { return true; }
  bool on_int64(std::int64_t, Text, Error&) { return true; }
  bool on_uint64(std::uint64_t, Text, Error&) { return true; }
  bool on_double(double, Text, Error&) { return true; }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }

  std::size_t count = 0;
};

// How many members a body has that is a JSON object.
std::size_t members_of(std::string_view body) {
  json::basic_parser<MemberCount> parser(options_of_a_body());
  json::error_code error;
  parser.write_some(/*more=*/false, body.data(), body.size(), error);
  return parser.handler().count;
}

std::string known_members(std::initializer_list<std::string_view> members) {
  std::string text;
  for (const std::string_view member : members) text += (text.empty() ? "; known: " : ", ") + std::string(member);
  return text;
}

// An object with no other members than these; an empty body is an empty object.
tl::expected<json::object, Problem> parse_object(std::string_view body,
                                                 std::initializer_list<std::string_view> members) {
  if (body.empty()) return json::object();
  const auto value = parse_json(body);
  if (!value) return malformed("the body is not JSON");
  const json::object* object = value->if_object();
  if (!object) return malformed("the body is not a JSON object");
  if (members_of(body) != object->size()) return malformed("a member of the body comes twice");
  for (const auto& member : *object)
    if (std::ranges::find(members, std::string_view(member.key())) == members.end())
      return malformed("the body has an unknown member" + known_members(members));
  return *object;
}

// A member that is a signed 64-bit integer, written without a point, an exponent or quotation
// marks.
tl::expected<std::int64_t, Problem> integer_member(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  if (!value) return malformed("the body lacks \"" + std::string(member) + '"');
  if (!value->is_int64()) return malformed('"' + std::string(member) + "\" is not a signed 64-bit integer");
  return value->get_int64();
}

// A member that is a time from now on; nothing expires if it is absent.
tl::expected<Expiry, Problem> time_member(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  if (!value) return Expiry{};
  const std::int64_t* milliseconds = value->if_int64();
  if (!milliseconds || *milliseconds < 1 || *milliseconds > largest_exact_in_json)
    return malformed('"' + std::string(member) + "\" is not a whole number of milliseconds from 1 to " +
                     std::to_string(largest_exact_in_json));
  return Expiry{ExpiryKind::after, *milliseconds};
}

// A member that is a number from `least` to `most`.
tl::expected<double, Problem> number_member(const json::object& object, std::string_view member, double when_absent,
                                            double least, double most) {
  const json::value* value = object.if_contains(member);
  if (!value) return when_absent;
  json::error_code error;
  const double number = value->to_number<double>(error);
  if (error || !(number >= least && number <= most))
    return malformed('"' + std::string(member) + "\" must be a number from " + json::serialize(json::value(least)) +
                     " to " + json::serialize(json::value(most)));
  return number;
}

// ---- what the header says of it

// A part of the header as an answer shows it: not much of it, and only visible ASCII.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, http_limits::shown_bytes));
  std::ranges::replace_if(
      out, [](char byte) { return byte <= ' ' || byte >= '\x7f'; }, '?');
  return out;
}

constexpr char must_be_json[] = "the body must be application/json";

// "kind" and "for_seconds".
tl::expected<Fault, Problem> fault_members(const json::object& object) {
  const json::value* kind = object.if_contains("kind");
  if (!kind || !kind->is_string()) return malformed("the body lacks \"kind\", a text");
  const std::string_view word(kind->get_string().data(), kind->get_string().size());
  const auto known = word == "clear" ? std::optional(FaultKind::none) : fault_kind_from(word);
  if (!known) return malformed("this kind of fault is not known");
  const auto duration_seconds = number_member(object, "for_seconds", 0, shortest_fault_seconds, longest_fault_seconds);
  if (!duration_seconds) return tl::unexpected(duration_seconds.error());
  return Fault{*known, {static_cast<std::int64_t>(*duration_seconds * 1e9)}};
}

bool is_form(std::string_view type) { return iequals(trimmed(type), "application/x-www-form-urlencoded"); }

// Looks at what follows the type: "; charset=utf-8; …" (RFC 9110, section 8.3.1).
std::optional<Problem> check_charset(std::string_view parameters) {
  while (!parameters.empty()) {
    parameters.remove_prefix(1);
    const std::string_view parameter = parameters.substr(0, parameters.find(';'));
    parameters.remove_prefix(parameter.size());
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    if (!iequals(trimmed(parameter.substr(0, equals)), "charset")) continue;
    const std::string_view charset = unquoted(trimmed(parameter.substr(std::min(equals + 1, parameter.size()))));
    if (!iequals(charset, "utf-8") && !iequals(charset, "utf8"))
      return unsupported("the body's charset must be utf-8, not " + shown(charset));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Problem> check_form(const HttpRequest& request) {
  const std::string_view text = request.content_type;
  if (request.body.empty() || !is_form(text.substr(0, text.find(';'))) || parse_json(request.body)) return std::nullopt;
  return unsupported(must_be_json);
}

std::optional<Problem> check_media(const HttpRequest& request) {
  if (!request.has_body) return std::nullopt;
  if (request.has_content_encoding && !iequals(request.content_encoding, "identity"))
    return unsupported("the body's Content-Encoding must be identity, not " + shown(request.content_encoding));
  const bool is_of_page = request.has_origin || request.has_fetch_site;
  if (!request.has_content_type && !is_of_page) return std::nullopt;
  const std::string_view text = request.content_type;
  const std::string_view type = text.substr(0, text.find(';'));
  if (auto wrong = check_charset(text.substr(type.size()))) return wrong;
  if (iequals(trimmed(type), "application/json") || (is_form(type) && !is_of_page)) return std::nullopt;
  return unsupported(must_be_json);
}

tl::expected<Change, Problem> parse_increment(std::string_view body) {
  const auto object = parse_object(body, {"by", "window_ms"});
  if (!object) return tl::unexpected(object.error());
  const auto by = object->contains("by") ? integer_member(*object, "by") : 1;
  if (!by) return tl::unexpected(by.error());
  return time_member(*object, "window_ms").map([&](const Expiry& window) { return Change{*by, window}; });
}

tl::expected<Change, Problem> parse_value(std::string_view body) {
  const auto object = parse_object(body, {"value", "expires_in_ms"});
  if (!object) return tl::unexpected(object.error());
  const auto value = integer_member(*object, "value");
  if (!value) return tl::unexpected(value.error());
  return time_member(*object, "expires_in_ms").map([&](const Expiry& expiry) { return Change{*value, expiry}; });
}

tl::expected<Fault, Problem> parse_fault(std::string_view body) {
  const auto object = parse_object(body, {"kind", "for_seconds", "probability"});
  if (!object) return tl::unexpected(object.error());
  auto fault = fault_members(*object);
  if (!fault) return fault;
  const auto probability = number_member(*object, "probability", 1, 0, 1);
  if (!probability) return tl::unexpected(probability.error());
  return Fault{fault->kind, fault->duration, *probability};
}

tl::expected<Fault, Problem> parse_role_fault(std::string_view body) {
  const auto object = parse_object(body, {"kind", "for_seconds"});
  if (!object) return tl::unexpected(object.error());
  auto fault = fault_members(*object);
  if (!fault) return fault;
  if (!is_of_roles(fault->kind)) return malformed("the distributor and the comparator can only crash and hang");
  return fault;
}

std::optional<Problem> check_nothing(std::string_view body) {
  if (auto object = parse_object(body, {}); !object) return std::move(object.error());
  return std::nullopt;
}

}  // namespace tally::bridge::http
