// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/requests.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <openssl/crypto.h>
#include <optional>

#include "bridge/http/bodies.h"
#include "bridge/http/origins.h"
#include "protocol/limits.h"

namespace tally::bridge::http {
namespace {

tl::unexpected<Problem> problem(ProblemKind kind, std::string detail) {
  return tl::unexpected(Problem{kind, std::move(detail)});
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
  if (!task.is_read) operation.idempotency_key = request.idempotency_key;
  task.work = std::move(operation);
  return task;
}

// One entry more than asked for tells whether there is a next page.
Understood list(Task task) {
  OwnedOperation operation;
  operation.kind = OperationKind::list;
  operation.name = task.route.name;
  operation.after = task.route.after;
  operation.limit = std::min(task.route.limit + 1, limits::list_entries);
  task.work = std::move(operation);
  return task;
}

Understood counter(Task task, const HttpRequest& request) {
  if (task.is_read) return operation(std::move(task), OperationKind::get, 0, request);
  if (request.method == Method::remove) {
    if (auto wrong = check_nothing(request.body)) return tl::unexpected(std::move(*wrong));
    return operation(std::move(task), OperationKind::remove, 0, request);
  }
  const auto value = parse_value(request.body);
  if (!value) return tl::unexpected(value.error());
  return operation(std::move(task), OperationKind::set, *value, request);
}

Understood increment(Task task, const HttpRequest& request) {
  const auto by = parse_increment(request.body);
  if (!by) return tl::unexpected(by.error());
  return operation(std::move(task), OperationKind::add, *by, request);
}

// HEAD is safe by its definition (RFC 9110, section 9.2.1): it looks and does not count.
Understood hit(Task task, const HttpRequest& request) {
  const OperationKind kind = task.is_read ? OperationKind::get : OperationKind::add;
  return operation(std::move(task), kind, 1, request);
}

Understood admin(Task task, AdminAction action, const HttpRequest& request, const Rules& rules) {
  AdminCommand command;
  command.token = rules.admin_token;
  command.action = action;
  command.replica = task.route.replica;
  if (action == AdminAction::fault) {
    auto fault = parse_fault(request.body);
    if (!fault) return tl::unexpected(std::move(fault.error()));
    command.fault = *fault;
  } else if (auto wrong = check_nothing(request.body)) {
    return tl::unexpected(std::move(*wrong));
  }
  task.work = std::move(command);
  return task;
}

// Only /hit changes something by a method that is said to be safe, and it is there for all pages.
bool changes_by_method(Method method) {
  return method == Method::post || method == Method::put || method == Method::remove;
}

bool is_administration(Endpoint endpoint) {
  return endpoint == Endpoint::evict || endpoint == Endpoint::readmit || endpoint == Endpoint::fault;
}

bool is_read(Endpoint endpoint, Method method) {
  const bool looks = method == Method::get || method == Method::head;
  return endpoint == Endpoint::counters || endpoint == Endpoint::cluster || endpoint == Endpoint::metrics ||
         (endpoint == Endpoint::counter && looks) || (endpoint == Endpoint::hit && method == Method::head);
}

// A prefetch may be for a page that nobody will see. Browsers throw an answer that is no success away, and ask again
// when the page is shown; of a prefetch that is 204 Chrome would keep the answer, and the hit would be lost. So: 503.
std::optional<Problem> check_prefetch(const Task& task, const HttpRequest& request) {
  if (task.route.endpoint != Endpoint::hit || task.is_read || !request.is_prefetch) return std::nullopt;
  return Problem{ProblemKind::prefetch, "a prefetch is not counted: ask when the page is shown"};
}

std::optional<Problem> check_head(const Task& task, const HttpRequest& request, const Rules& rules) {
  const Endpoint endpoint = task.route.endpoint;
  const bool is_change = changes_by_method(request.method);
  const bool needs_token = is_administration(endpoint) || (endpoint == Endpoint::counter && is_change);
  if (needs_token)
    if (auto wrong = check_token(request, rules)) return wrong;
  if (is_administration(endpoint) && task.route.replica.value > rules.replicas)
    return Problem{ProblemKind::not_found, "there is no such replica"};
  if (auto wrong = check_prefetch(task, request)) return wrong;
  if (is_change)
    if (auto wrong = check_media(request)) return wrong;
  const bool counts = endpoint == Endpoint::increment || endpoint == Endpoint::hit || endpoint == Endpoint::counter;
  return counts && !task.is_read ? check_idempotency_key(request) : std::nullopt;
}

}  // namespace

void HttpRequest::clear() {
  method = Method::other;
  is_http_1_1 = expects_continue = has_content_type = has_content_encoding = false;
  has_authorization = has_idempotency_key = has_origin = has_fetch_site = has_body = is_prefetch = false;
  hosts = 0;
  for (std::string* text : {&target, &host, &origin, &fetch_site, &forwarded_for, &forwarded, &content_type,
                            &content_encoding, &authorization, &idempotency_key, &body})
    text->clear();
}

bool is_bearer_of(std::string_view authorization, std::string_view token) {
  constexpr std::string_view scheme = "Bearer ";
  if (authorization.size() != scheme.size() + token.size()) return false;
  return boost::beast::iequals(authorization.substr(0, scheme.size()), scheme) &&
         CRYPTO_memcmp(authorization.data() + scheme.size(), token.data(), token.size()) == 0;
}

tl::expected<Task, Problem> understand_head(const HttpRequest& request, const Rules& rules) {
  if (auto wrong = check_host(request, rules)) return tl::unexpected(std::move(*wrong));
  auto route = find_route(request.method, request.target);
  if (!route) return tl::unexpected(std::move(route.error()));
  if (changes_by_method(request.method))
    if (auto wrong = check_page(request, rules)) return tl::unexpected(std::move(*wrong));
  Task task;
  task.route = std::move(*route);
  task.head_only = request.method == Method::head;
  task.is_read = is_read(task.route.endpoint, request.method);
  task.is_operators = task.route.endpoint == Endpoint::cluster && !check_token(request, rules);
  if (auto wrong = check_head(task, request, rules)) return tl::unexpected(std::move(*wrong));
  return task;
}

tl::expected<Task, Problem> understand(const HttpRequest& request, const Rules& rules) {
  auto task = understand_head(request, rules);
  if (!task) return task;
  if (changes_by_method(request.method))
    if (auto wrong = check_form(request)) return tl::unexpected(std::move(*wrong));
  switch (task->route.endpoint) {
    case Endpoint::increment: return increment(std::move(*task), request);
    case Endpoint::hit: return hit(std::move(*task), request);
    case Endpoint::counter: return counter(std::move(*task), request);
    case Endpoint::counters: return list(std::move(*task));
    case Endpoint::evict: return admin(std::move(*task), AdminAction::evict, request, rules);
    case Endpoint::readmit: return admin(std::move(*task), AdminAction::readmit, request, rules);
    case Endpoint::fault: return admin(std::move(*task), AdminAction::fault, request, rules);
    case Endpoint::cluster:
    case Endpoint::livez:
    case Endpoint::readyz:
    case Endpoint::metrics:
    case Endpoint::options: return task;
  }
  return problem(ProblemKind::broken, "a route without a meaning");
}

}  // namespace tally::bridge::http
