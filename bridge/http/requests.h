// SPDX-License-Identifier: Apache-2.0
// A whole HTTP request → what the group is asked to do. Pure; any bytes give a task or a problem.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "bridge/http/problem.h"
#include "bridge/http/routes.h"
#include "protocol/messages.h"
#include "protocol/operations.h"

namespace tally::bridge::http {

// What of an HTTP request matters here. One lives in each connection and is used again, so that a request that is
// like the one before allocates nothing.
struct HttpRequest {
  Method method = Method::other;
  bool is_http_1_1 = false;
  bool expects_continue = false;
  bool has_content_type = false;
  bool has_content_encoding = false;
  bool has_authorization = false;
  bool has_idempotency_key = false;
  bool has_origin = false;
  bool has_fetch_site = false;
  bool has_body = false;     // by its framing: one is to come, or is there
  bool is_prefetch = false;  // by the browser, perhaps for nobody
  std::uint32_t hosts = 0;   // Host fields
  std::string target;
  std::string host;           // of the last Host field
  std::string origin;         // of the page that asks (RFC 6454)
  std::string fetch_site;     // Sec-Fetch-Site: how the page that asks is related to this host
  std::string forwarded_for;  // X-Forwarded-For, and beside it Forwarded: the ends of them, whatever they say
  std::string forwarded;
  std::string content_type;
  std::string content_encoding;
  std::string authorization;
  std::string idempotency_key;
  std::string body;

  void clear();
};

// What holds for every request of this bridge.
struct Rules {
  std::string admin_token;                   // empty: none is known, what needs it is forbidden
  std::uint64_t replicas = 0;                // configured; ids are 1 .. replicas
  bool fault_injection = false;              // as this bridge's configuration says; the distributor decides
  std::vector<std::string> http_hosts = {};  // the configuration's
  std::vector<std::string> http_origins = {};
};

// One request, understood. `work` is empty for what the bridge answers by itself or by the group's status;
// it may be moved from once the task is on its way.
struct Task {
  Route route;
  bool head_only = false;
  bool is_read = false;       // it changes nothing, so nothing of it can have been applied
  bool is_operators = false;  // cluster: it came with the admin token
  std::variant<std::monostate, OwnedOperation, AdminCommand> work;
};

tl::expected<Task, Problem> understand(const HttpRequest& request, const Rules& rules);

// The same of the head alone, before its body is read: a task without work, or why no body could help.
tl::expected<Task, Problem> understand_head(const HttpRequest& request, const Rules& rules);

// Whether `authorization` ("Bearer …") carries the token; compared in constant time.
bool is_bearer_of(std::string_view authorization, std::string_view token);

}  // namespace tally::bridge::http
