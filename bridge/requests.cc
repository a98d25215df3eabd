// SPDX-License-Identifier: Apache-2.0
#include "bridge/requests.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/json.hpp>
#include <openssl/crypto.h>
#include <optional>

#include "bridge/limits.h"
#include "protocol/limits.h"

namespace tally::bridge {
namespace {

namespace json = boost::json;

constexpr double longest_fault_seconds = 86'400;

tl::unexpected<Problem> problem(ProblemKind kind, std::string detail) {
  return tl::unexpected(Problem{kind, std::move(detail)});
}

tl::unexpected<Problem> malformed(std::string detail) { return problem(ProblemKind::malformed, std::move(detail)); }

std::optional<json::value> parse_json(std::string_view body) {
  json::parse_options options;
  options.max_depth = http_limits::json_depth;
  json::error_code error;
  json::value value = json::parse(body, error, {}, options);
  if (error) return std::nullopt;
  return value;
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
  for (const auto& member : *object)
    if (std::ranges::find(members, std::string_view(member.key())) == members.end())
      return malformed("the body has an unknown member" + known_members(members));
  return *object;
}

// A member that is a signed 64-bit integer: nothing with a point, an exponent or quotation marks.
tl::expected<std::int64_t, Problem> integer_member(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  if (!value) return malformed("the body lacks \"" + std::string(member) + '"');
  if (!value->is_int64()) return malformed('"' + std::string(member) + "\" is not a signed 64-bit integer");
  return value->get_int64();
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

// No type at all is fine. `curl -d` says that it sends a form, whatever it sends: fine too if it is JSON.
std::optional<Problem> check_content_type(const HttpRequest& request) {
  if (request.body.empty() || !request.has_content_type) return std::nullopt;
  std::string_view type = request.content_type;
  type = type.substr(0, type.find(';'));
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  if (boost::beast::iequals(type, "application/json")) return std::nullopt;
  if (boost::beast::iequals(type, "application/x-www-form-urlencoded") && parse_json(request.body)) return std::nullopt;
  return Problem{ProblemKind::unsupported_type, "the body must be application/json"};
}

std::optional<Problem> check_idempotency_key(const HttpRequest& request) {
  if (!request.has_idempotency_key) return std::nullopt;
  const std::string& key = request.idempotency_key;
  const bool is_visible = std::ranges::all_of(key, [](char byte) { return byte > ' ' && byte < '\x7f'; });
  if (is_visible && !key.empty() && key.size() <= limits::idempotency_key_bytes) return std::nullopt;
  return Problem{ProblemKind::malformed, "Idempotency-Key must be 1 to 256 visible ASCII characters"};
}

std::optional<Problem> check_token(const HttpRequest& request, const Rules& rules) {
  if (rules.admin_token.empty())
    return Problem{ProblemKind::forbidden,
                   "this bridge has no admin token: none was configured and none found at start"};
  if (!request.has_authorization)
    return Problem{ProblemKind::unauthorized, "this needs the admin token: Authorization: Bearer TOKEN"};
  if (!is_bearer_of(request.authorization, rules.admin_token))
    return Problem{ProblemKind::forbidden, "this is not the admin token"};
  return std::nullopt;
}

using Understood = tl::expected<Task, Problem>;

Understood operation(Task task, OperationKind kind, std::int64_t value, const HttpRequest& request) {
  OwnedOperation operation;
  operation.kind = kind;
  operation.name = task.route.name;
  operation.value = value;
  task.is_read = kind == OperationKind::get;
  if (!task.is_read) {
    if (auto wrong = check_idempotency_key(request)) return tl::unexpected(std::move(*wrong));
    operation.idempotency_key = request.idempotency_key;
  }
  task.work = std::move(operation);
  return task;
}

// One entry more than asked for tells whether there is a next page.
Understood list(Task task) {
  OwnedOperation operation;
  operation.kind = OperationKind::list;
  task.is_read = true;
  operation.name = task.route.name;
  operation.after = task.route.after;
  operation.limit = std::min(task.route.limit + 1, limits::list_entries);
  task.work = std::move(operation);
  return task;
}

Understood counter(Task task, const HttpRequest& request, const Rules& rules) {
  if (request.method == Method::get || request.method == Method::head)
    return operation(std::move(task), OperationKind::get, 0, request);
  if (auto wrong = check_token(request, rules)) return tl::unexpected(std::move(*wrong));
  if (request.method == Method::remove) return operation(std::move(task), OperationKind::remove, 0, request);
  if (auto wrong = check_content_type(request)) return tl::unexpected(std::move(*wrong));
  const auto value = parse_value(request.body);
  if (!value) return tl::unexpected(value.error());
  return operation(std::move(task), OperationKind::set, *value, request);
}

Understood increment(Task task, const HttpRequest& request) {
  if (auto wrong = check_content_type(request)) return tl::unexpected(std::move(*wrong));
  const auto by = parse_increment(request.body);
  if (!by) return tl::unexpected(by.error());
  return operation(std::move(task), OperationKind::add, *by, request);
}

Understood admin(Task task, AdminAction action, const HttpRequest& request, const Rules& rules) {
  if (auto wrong = check_token(request, rules)) return tl::unexpected(std::move(*wrong));
  if (task.route.replica.value > rules.replicas) return problem(ProblemKind::not_found, "there is no such replica");
  if (auto wrong = check_content_type(request)) return tl::unexpected(std::move(*wrong));
  AdminCommand command;
  command.token = rules.admin_token;
  command.action = action;
  command.replica = task.route.replica;
  if (action == AdminAction::fault) {
    auto fault = parse_fault(request.body);
    if (!fault) return tl::unexpected(std::move(fault.error()));
    command.fault = *fault;
  } else if (const auto nothing = parse_object(request.body, {}); !nothing) {
    return tl::unexpected(nothing.error());
  }
  task.work = std::move(command);
  return task;
}

}  // namespace

void HttpRequest::clear() {
  method = Method::other;
  is_http_1_1 = expects_continue = has_content_type = has_authorization = has_idempotency_key = false;
  hosts = 0;
  for (std::string* text : {&target, &content_type, &authorization, &idempotency_key, &body}) text->clear();
}

bool is_bearer_of(std::string_view authorization, std::string_view token) {
  constexpr std::string_view scheme = "Bearer ";
  if (authorization.size() != scheme.size() + token.size()) return false;
  return boost::beast::iequals(authorization.substr(0, scheme.size()), scheme) &&
         CRYPTO_memcmp(authorization.data() + scheme.size(), token.data(), token.size()) == 0;
}

tl::expected<std::int64_t, Problem> parse_increment(std::string_view body) {
  const auto object = parse_object(body, {"by"});
  if (!object) return tl::unexpected(object.error());
  if (object->empty()) return 1;
  return integer_member(*object, "by");
}

tl::expected<std::int64_t, Problem> parse_value(std::string_view body) {
  const auto object = parse_object(body, {"value"});
  if (!object) return tl::unexpected(object.error());
  return integer_member(*object, "value");
}

tl::expected<Fault, Problem> parse_fault(std::string_view body) {
  const auto object = parse_object(body, {"kind", "for_seconds", "probability"});
  if (!object) return tl::unexpected(object.error());
  const json::value* kind = object->if_contains("kind");
  if (!kind || !kind->is_string()) return malformed("the body lacks \"kind\", a text");
  const std::string_view word(kind->get_string().data(), kind->get_string().size());
  const auto known = word == "clear" ? std::optional(FaultKind::none) : fault_kind_from(word);
  if (!known) return malformed("this kind of fault is not known");

  const auto duration_seconds = number_member(*object, "for_seconds", 0, 0, longest_fault_seconds);
  if (!duration_seconds) return tl::unexpected(duration_seconds.error());
  const auto probability = number_member(*object, "probability", 1, 0, 1);
  if (!probability) return tl::unexpected(probability.error());
  return Fault{*known, {static_cast<std::int64_t>(*duration_seconds * 1e9)}, *probability};
}

tl::expected<Task, Problem> understand(const HttpRequest& request, const Rules& rules) {
  auto route = find_route(request.method, request.target);
  if (!route) return tl::unexpected(std::move(route.error()));
  Task task;
  task.route = std::move(*route);
  task.head_only = request.method == Method::head;
  switch (task.route.endpoint) {
    case Endpoint::increment: return increment(std::move(task), request);
    // HEAD is safe by its definition (RFC 9110, section 9.2.1): it looks and does not count.
    case Endpoint::hit:
      return task.head_only ? operation(std::move(task), OperationKind::get, 0, request)
                            : operation(std::move(task), OperationKind::add, 1, request);
    case Endpoint::counter: return counter(std::move(task), request, rules);
    case Endpoint::counters: return list(std::move(task));
    case Endpoint::evict: return admin(std::move(task), AdminAction::evict, request, rules);
    case Endpoint::readmit: return admin(std::move(task), AdminAction::readmit, request, rules);
    case Endpoint::fault: return admin(std::move(task), AdminAction::fault, request, rules);
    case Endpoint::cluster:
    case Endpoint::livez:
    case Endpoint::readyz: return task;
  }
  return problem(ProblemKind::broken, "a route without a meaning");
}

}  // namespace tally::bridge
