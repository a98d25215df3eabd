// SPDX-License-Identifier: Apache-2.0
// What became of a call, operation by operation.
//
// A call ends in one of four ways, and only `done` is a success. Two are decisions of the group and
// final: the operation was done, or the group refuses it. The other two come from elsewhere: it
// certainly was not applied, or nobody can say (law 20). So the question "did it work?" is `if
// (answer)`, and `answer.value()` has a value in no other case.
//
// Pure values: the session core makes them, and the library hands them out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/ids.h"
#include "protocol/operations.h"

namespace tally {

enum class CallOutcome : std::uint8_t {
  done,  // f+1 replicas executed it
  // f+1 replicas refuse it; the result's status says why. Nothing was changed, unless it is an add
  // that is done several times (OperationStatus::overflow).
  refused,
  not_applied,  // it certainly was not applied, and may be tried again; `error` says why
  unknown,      // it may have been applied or not; `error` says why
};

// Of what f+1 replicas said of an operation.
inline CallOutcome outcome_of(OperationStatus status) {
  return status == OperationStatus::ok ? CallOutcome::done : CallOutcome::refused;
}

enum class CallError : std::uint8_t {
  none,
  timed_out,        // no answer came in time, or lately to any call (circuit_breaker.h)
  overloaded,       // a queue is full, here or at the distributor
  unavailable,      // the group has no majority
  undecided,        // the group is halted
  draining,         // the distributor shuts down
  session_expired,  // it was sent in a session that is gone
  tables_full,      // the group has no room for sessions or results
  // The operations are larger than one request may be, or ask for larger results; or a check passes
  // over more of them than follow it.
  malformed,
  closed,  // the Client was destroyed
  // Errors of the program that calls. Nothing is sent.
  no_operations,         // the list of operations is empty
  too_many_operations,   // there are more than limits::request_operations
  timeout_out_of_range,  // the timeout is zero, negative, or above Client::longest_timeout
  no_completion,         // the completion is an empty function
  inside_completion,     // a call that waits would wait for the thread that it runs on
};
std::string_view to_string(CallError error);

struct Answer {
  CallOutcome outcome = CallOutcome::unknown;
  CallError error = CallError::none;  // of not_applied and unknown
  OperationResult result;             // of done and refused, as are the next two
  Sequence sequence;                  // of the order that executed the operation first
  std::uint32_t votes = 0;            // how many replicas had voted alike when it was decided

  // Whether the operation was done.
  explicit operator bool() const { return outcome == CallOutcome::done; }
  // Whether the group has decided on it, so that trying it again brings nothing new, unless the
  // counters have changed since.
  bool is_decided() const { return outcome == CallOutcome::done || outcome == CallOutcome::refused; }
  // The counter's value afterwards (remove: before; list: the number of entries; scan, clear: the
  // next cursor; count: how many). Nothing unless it was done.
  std::optional<std::int64_t> value() const { return *this ? std::optional(result.value) : std::nullopt; }
  // Of an operation with `detail`: how many milliseconds the counter still has; zero: there is no
  // such counter. Nothing: it has no expiry, or nothing is known of it.
  std::optional<std::int64_t> expires_in_ms() const {
    if (!result.detail) return std::nullopt;
    if (result.detail->last_change == 0) return 0;
    return result.detail->expires_in_ms == CounterDetail::never ? std::nullopt
                                                                : std::optional(result.detail->expires_in_ms);
  }
};

// Names a call of the shell's; the session core only carries it.
struct CallId {
  std::uint64_t value = 0;
  auto operator<=>(const CallId&) const = default;
};

// A call that has ended, with one answer to each of its operations, in their order.
struct CompletedCall {
  CallId call;
  std::vector<Answer> answers;
};

// As many answers, all with this outcome and error.
std::vector<Answer> failed_answers(std::size_t operations, CallOutcome outcome, CallError error);

}  // namespace tally
