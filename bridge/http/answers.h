// SPDX-License-Identifier: Apache-2.0
// What the group answered → what the HTTP client gets: status, fields, body. Pure.
//
// One table maps every CallOutcome and CallError to a problem, one every OperationStatus; JSON of the counting routes
// is appended text, with no document in between, since they are the hot path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/http/problem.h"
#include "bridge/http/task.h"
#include "client/client.h"

namespace tally::bridge::http {

// Lives in each connection and is used again.
struct Reply {
  int status = 200;  // 204: without a body, and nothing that describes one
  std::optional<ProblemKind> problem;
  std::string_view content_type;
  std::string allow;                      // 405, 204
  bool challenge = false;                 // 401: WWW-Authenticate
  std::uint32_t retry_after_seconds = 0;  // 0: no such field
  std::string body;
};

// How the answer travels.
struct Framing {
  bool keep_alive = false;
  std::int64_t idle_seconds = 0;  // for which a connection that is kept may ask nothing; 0: that is not said
  bool head_only = false;
  std::string_view date;  // IMF-fixdate (RFC 9110, section 5.6.7)
};

// What else a problem may say.
struct Circumstances {
  std::uint32_t retry_after_seconds = 0;  // where the problem's kind says so
  // Why the group's state is not ok, and what to do, as its status says it (docs/operations.md); empty: it is, as far
  // as is known. Said where that is what is wrong.
  std::string_view reason = {};
  std::string_view advice = {};
};

// Each overwrites the whole reply.
void write_problem(const Problem& problem, const Circumstances& circumstances, Reply& reply);
void write_json(std::string body, Reply& reply);
void write_metrics(std::string text, Reply& reply);
void write_allow(std::string_view allow, Reply& reply);
void write_answer(const Task& task, const Answer& answer, const Circumstances& circumstances, Reply& reply);
void write_admin_reply(const AdminCommand& command, const std::optional<AdminReply>& answer, const Rules& rules,
                       const Circumstances& circumstances, Reply& reply);

// The group has said nothing.
Problem unanswered(bool is_read);

// Why there is nothing to show for this answer; nothing: it was done. A read that got no answer applied nothing.
std::optional<Problem> problem_of(const Answer& answer, bool is_read);

// The whole HTTP answer.
void append_response(std::string& out, const Reply& reply, const Framing& framing);

}  // namespace tally::bridge::http
