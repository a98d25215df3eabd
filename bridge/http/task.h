// SPDX-License-Identifier: Apache-2.0
// A whole HTTP request → what the group, or this bridge, is asked to do. Pure; any bytes give a
// task or a problem.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "bridge/http/problem.h"
#include "bridge/http/request.h"
#include "bridge/http/routes.h"
#include "protocol/messages.h"
#include "protocol/operations.h"

namespace tally::bridge::http {

// What holds for every request of this bridge.
struct Rules {
  std::string admin_token;     // empty: none is known, so what needs it is forbidden
  std::uint64_t replicas = 0;  // as configured; their ids are 1 .. replicas
  // As this bridge's configuration says; the distributor decides.
  bool fault_injection = false;
  std::vector<std::string> http_hosts = {};  // both as configured
  std::vector<std::string> http_origins = {};
};

// One request, understood.
struct Task {
  Route route;
  bool is_operators = false;  // of Token::shows_more: it came with the admin token
  // For the group. It is empty for what the bridge answers by itself or from the group's status. It
  // may be moved from once the task is on its way.
  std::variant<std::monostate, OwnedOperation, AdminCommand> work;

  Action action() const { return route.action(); }
  bool changes() const { return route.row->changes; }
};

tl::expected<Task, Problem> understand(const HttpRequest& request, const Rules& rules);

// The same of the head alone, before the body is read: a task without work, or a problem that no
// body could mend.
tl::expected<Task, Problem> understand_head(const HttpRequest& request, const Rules& rules);

// Whether `authorization` ("Bearer …") carries the token.
bool is_bearer_of(std::string_view authorization, std::string_view token);

}  // namespace tally::bridge::http
