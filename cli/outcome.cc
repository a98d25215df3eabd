// SPDX-License-Identifier: Apache-2.0
#include "cli/outcome.h"

#include <cstdio>

#include "cli/report.h"
#include "runtime/json_text.h"

namespace tally::cli {
namespace {

ExitCode code_of(CallError error) {
  switch (error) {
    case CallError::overloaded:
    case CallError::unavailable:
    case CallError::undecided:
    case CallError::draining: return ExitCode::unavailable;
    case CallError::timed_out:
    case CallError::closed: return ExitCode::unknown;
    default: return ExitCode::failed;
  }
}

std::string text_of(CallError error) {
  const char* hint = error == CallError::undecided ? "; see `tally status` and `tally group resume`" : "";
  return std::string(to_string(error)) + hint;
}

}  // namespace

std::optional<Failure> failure_of(const Answer& answer, const std::string& name) {
  if (answer.outcome == CallOutcome::unknown)
    return Failure{ExitCode::unknown, "outcome unknown: " + text_of(answer.error)};
  if (answer.outcome == CallOutcome::not_applied)
    return Failure{code_of(answer.error), "not applied: " + text_of(answer.error)};
  switch (answer.result.status) {
    case OperationStatus::ok: return std::nullopt;
    case OperationStatus::not_found: return Failure{ExitCode::failed, "there is no counter " + json_string(name)};
    case OperationStatus::overflow:
      return Failure{ExitCode::failed, "not applied: the sum does not fit into 64 bits; " + json_string(name) +
                                           " stays " + std::to_string(answer.result.value)};
    case OperationStatus::malformed:
      return Failure{ExitCode::failed, "not applied: the group finds the operation malformed"};
    case OperationStatus::key_reused:
      return Failure{ExitCode::failed, "not applied: this key came with another operation before"};
    case OperationStatus::counters_full: return Failure{ExitCode::failed, "not applied: no room for another counter"};
    case OperationStatus::keys_full: return Failure{ExitCode::failed, "not applied: no room for another key"};
    case OperationStatus::forbidden: return Failure{ExitCode::failed, "not applied: for operators only"};
    case OperationStatus::read_only: return Failure{ExitCode::failed, "not applied: sent as read-only"};
    case OperationStatus::crowded:
      return Failure{ExitCode::failed, "not listed: too many expired counters are in the way; try again"};
    case OperationStatus::not_met: return Failure{ExitCode::failed, "not applied: the conditions do not hold"};
    case OperationStatus::passed_over: return Failure{ExitCode::failed, "not applied: passed over by a check"};
  }
  return Failure{ExitCode::failed, "not applied: unknown status"};
}

Failure explained(Failure failure, Client& client) {
  if (failure.code != ExitCode::unavailable && failure.code != ExitCode::unknown) return failure;
  const auto status = client.status(std::chrono::seconds(1));
  if (!status)
    failure.message += "; the distributor says nothing: start it, or see its log";
  else if (!status->reason.empty())
    failure.message += "; " + status->reason + ": " + status->advice;
  if (status && failure.message.starts_with("not applied"))
    failure.code = ExitCode::unavailable;  // its distributor answers, so it is not unreachable
  return failure;
}

ExitCode report(const tl::expected<AdminReply, CallError>& reply, bool json) {
  if (!reply) return fail(ExitCode::unknown, "outcome unknown: no answer from the distributor in time");
  const auto word = reply->outcome == AdminOutcome::done        ? "done"
                    : reply->outcome == AdminOutcome::forbidden ? "forbidden"
                                                                : "refused";
  const std::string detail = reply->detail.empty() ? word : reply->detail;
  if (json) {
    std::string text;
    JsonText(text).begin_object().member("outcome", word).member("detail", detail).end_object();
    std::printf("%s\n", text.c_str());
  }
  if (reply->outcome != AdminOutcome::done)
    return fail(ExitCode::failed, "not applied: " + (detail == word ? detail : word + (": " + detail)));
  if (!json) std::printf("%s\n", detail.c_str());
  return ExitCode::done;
}

}  // namespace tally::cli
