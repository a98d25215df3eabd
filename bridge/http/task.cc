// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/task.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <optional>

#include "bridge/http/bodies.h"
#include "bridge/http/origins.h"
#include "protocol/limits.h"
#include "protocol/secret.h"

namespace tally::bridge::http {
namespace {

// ---- what a request must bring

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

// A prefetch may be for a page that nobody will see. A browser throws away an answer that is no
// success, and asks again when the page is shown. Of a prefetch that is answered with 204 Chrome
// would keep the answer, and the hit would be lost; so this is 503.
std::optional<Problem> check_prefetch(const HttpRequest& request) {
  if (!request.is_prefetch) return std::nullopt;
  return Problem{ProblemKind::prefetch, "a prefetch is not counted: ask when the page is shown"};
}

// What the row asks of the head. Only what is left when all is well is worth a body.
std::optional<Problem> check_head(const Route& route, const HttpRequest& request, const Rules& rules) {
  const RouteRow& row = *route.row;
  if (row.pages == Pages::own)
    if (auto wrong = check_page(request, rules)) return wrong;
  if (row.token == Token::required)
    if (auto wrong = check_token(request, rules)) return wrong;
  if (route.replica.value > rules.replicas) return Problem{ProblemKind::not_found, "there is no such replica"};
  if (row.action == Action::hit)
    if (auto wrong = check_prefetch(request)) return wrong;
  if (row.body != Body::ignored)
    if (auto wrong = check_media(request)) return wrong;
  return row.key == Key::ignored ? std::nullopt : check_idempotency_key(request);
}

// ---- what is to be done

using Work = decltype(Task::work);
using MaybeWork = tl::expected<Work, Problem>;

MaybeWork operation(OperationKind kind, const Change& change, const Route& route, const HttpRequest& request) {
  OwnedOperation operation;
  operation.kind = kind;
  operation.name = route.name;
  operation.value = change.value;
  operation.expiry = change.expiry;
  operation.detail = change.expiry.kind != ExpiryKind::none || route.action() == Action::read;
  if (route.row->key != Key::ignored) operation.idempotency_key = request.idempotency_key;
  return operation;
}

// The group is asked for one entry more than the client wants, which tells whether there is a next
// page.
MaybeWork list(const Route& route) {
  OwnedOperation operation;
  operation.kind = OperationKind::list;
  operation.name = route.name;
  operation.after = route.after;
  operation.limit = std::min(route.limit + 1, limits::list_entries);
  return operation;
}

MaybeWork administration(AdminAction action, const Fault& fault, const Route& route, const Rules& rules) {
  AdminCommand command;
  command.token = rules.admin_token;
  command.action = action;
  command.target = route.row->target;
  command.replica = route.replica;
  command.fault = fault;
  return command;
}

// The change or the fault that the body describes; each body is read where its row says that there
// is one.
struct BodyContent {
  Change change;
  Fault fault;
};

tl::expected<BodyContent, Problem> read_body(Body kind, std::string_view body) {
  const auto with_change = [](const Change& change) { return BodyContent{change, {}}; };
  const auto with_fault = [](const Fault& fault) { return BodyContent{{}, fault}; };
  switch (kind) {
    case Body::ignored: break;
    case Body::empty:
      if (auto wrong = check_nothing(body)) return tl::unexpected(std::move(*wrong));
      break;
    case Body::by: return parse_increment(body).map(with_change);
    case Body::value: return parse_value(body).map(with_change);
    case Body::fault: return parse_fault(body).map(with_fault);
    case Body::role_fault: return parse_role_fault(body).map(with_fault);
  }
  return BodyContent();
}

MaybeWork work_of(const Route& route, const HttpRequest& request, const Rules& rules) {
  const auto body = read_body(route.row->body, request.body);
  if (!body) return tl::unexpected(body.error());
  switch (route.action()) {
    case Action::hit: return operation(OperationKind::add, {1, {}}, route, request);
    case Action::increment: return operation(OperationKind::add, body->change, route, request);
    case Action::look_at_hit:
    case Action::read: return operation(OperationKind::get, {}, route, request);
    case Action::set: return operation(OperationKind::set, body->change, route, request);
    case Action::remove: return operation(OperationKind::remove, {}, route, request);
    case Action::list: return list(route);
    case Action::evict: return administration(AdminAction::evict, {}, route, rules);
    case Action::readmit: return administration(AdminAction::readmit, {}, route, rules);
    case Action::fault: return administration(AdminAction::fault, body->fault, route, rules);
    case Action::cluster:
    case Action::livez:
    case Action::readyz:
    case Action::metrics:
    case Action::events:
    case Action::page:
    case Action::page_file:
    case Action::options: break;
  }
  return Work();
}

}  // namespace

bool is_bearer_of(std::string_view authorization, std::string_view token) {
  constexpr std::string_view scheme = "Bearer ";
  return boost::beast::iequals(authorization.substr(0, scheme.size()), scheme) &&
         is_secret(authorization.substr(scheme.size()), token);
}

tl::expected<Task, Problem> understand_head(const HttpRequest& request, const Rules& rules) {
  if (auto wrong = check_host(request, rules)) return tl::unexpected(std::move(*wrong));
  auto route = find_route(request.method, request.target);
  if (!route) return tl::unexpected(std::move(route.error()));
  if (auto wrong = check_head(*route, request, rules)) return tl::unexpected(std::move(*wrong));
  Task task;
  task.is_operators = route->row->token == Token::shows_more && !check_token(request, rules);
  task.route = std::move(*route);
  return task;
}

tl::expected<Task, Problem> understand(const HttpRequest& request, const Rules& rules) {
  auto task = understand_head(request, rules);
  if (!task) return task;
  if (task->route.row->body != Body::ignored)
    if (auto wrong = check_form(request)) return tl::unexpected(std::move(*wrong));
  auto work = work_of(task->route, request, rules);
  if (!work) return tl::unexpected(std::move(work.error()));
  task->work = std::move(*work);
  return task;
}

}  // namespace tally::bridge::http
