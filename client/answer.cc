// SPDX-License-Identifier: Apache-2.0
#include "client/answer.h"

namespace tally {

std::string_view to_string(CallError error) {
  switch (error) {
    case CallError::none: return "none";
    case CallError::timed_out: return "timed out";
    case CallError::overloaded: return "overloaded";
    case CallError::unavailable: return "unavailable: no majority";
    case CallError::undecided: return "halted: undecided";
    case CallError::draining: return "shutting down";
    case CallError::session_expired: return "session expired";
    case CallError::tables_full: return "tables are full";
    case CallError::malformed: return "malformed";
    case CallError::closed: return "client closed";
    case CallError::no_operations: return "no operations";
    case CallError::too_many_operations: return "too many operations";
    case CallError::timeout_out_of_range: return "timeout out of range";
    case CallError::no_completion: return "no completion";
    case CallError::inside_completion: return "a call that waits, inside a completion";
  }
  return "unknown";
}

std::vector<Answer> failed_answers(std::size_t operations, CallOutcome outcome, CallError error) {
  std::vector<Answer> answers(operations);
  for (Answer& answer : answers) {
    answer.outcome = outcome;
    answer.error = error;
  }
  return answers;
}

}  // namespace tally
