// SPDX-License-Identifier: Apache-2.0
// Makes the answer of an HTTP request (its status, fields and body) out of what the group has
// answered. Pure.
//
// One table maps every CallError to a problem, and one every OperationStatus. The JSON is appended
// to the reply's text, with no document in between, because the counting routes are the hot path.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bridge/http/problem.h"
#include "bridge/http/task.h"
#include "client/answer.h"

namespace tally::bridge::http {

// One lives in each connection and is used again.
struct Reply {
  int status = 200;  // with 204 there is no body, and no field that describes one
  std::optional<ProblemKind> problem;
  std::string_view content_type;
  std::string allow;                      // of 405 and 204
  bool challenge = false;                 // of 401: WWW-Authenticate
  std::uint32_t retry_after_seconds = 0;  // 0: no such field
  // A page for browsers, with the fields that confine what it may do (law 30).
  bool is_page = false;
  bool is_endless = false;  // its length is not known
  std::string body;
};

// How the answer travels.
struct Framing {
  bool keep_alive = false;
  std::int64_t idle_seconds = 0;  // that a kept connection may be idle; 0: that is not said
  bool head_only = false;
  std::string_view date;  // IMF-fixdate (RFC 9110, section 5.6.7)
};

// What else a problem may say.
struct Circumstances {
  std::uint32_t retry_after_seconds = 0;  // of problems that say Retry-After
  // Why the group answers nothing, and what to do about it, as its status says it
  // (docs/operations.md); empty if it answers as far as is known. It is said in problems that come
  // of that.
  std::string_view reason = {};
  std::string_view advice = {};
};

// Whether problems of this kind come of the group's state.
bool is_the_groups_affair(ProblemKind kind);

// Each overwrites the whole reply.
void write_problem(const Problem& problem, const Circumstances& circumstances, Reply& reply);
void write_json(std::string body, Reply& reply);
void write_page(const PageFile& file, Reply& reply);
// The beginning of an answer that goes on until its connection ends.
void write_events(Reply& reply);
void write_metrics(std::string text, Reply& reply);
void write_allow(std::string_view allow, Reply& reply);
void write_answer(const Task& task, const Answer& answer, const Circumstances& circumstances, Reply& reply);
void write_admin_reply(const AdminCommand& command, const std::optional<AdminReply>& answer, const Rules& rules,
                       const Circumstances& circumstances, Reply& reply);

// The problem of a request about which the group has said nothing.
Problem unanswered(bool is_read);

// Why there is no success to show for this answer, or nothing if it is one. A read that got no
// answer has applied nothing.
std::optional<Problem> problem_of(const Answer& answer, bool is_read);

// Appends the whole HTTP answer.
void append_response(std::string& out, const Reply& reply, const Framing& framing);

}  // namespace tally::bridge::http
