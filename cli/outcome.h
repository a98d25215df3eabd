// SPDX-License-Identifier: Apache-2.0
// What became of a call, in words for people and as an exit code for scripts.
#pragma once

#include <optional>
#include <string>

#include "cli/exit_code.h"
#include "client/client.h"
#include "protocol/messages.h"
#include "protocol/operations.h"

namespace tally::cli {

// A voted read.
inline OwnedOperation read_of(const std::string& name) {
  OwnedOperation operation;
  operation.kind = OperationKind::get;
  operation.name = name;
  return operation;
}

// What went wrong with an operation on `name`, or nothing. The message says "not applied" or
// "outcome unknown".
std::optional<Failure> failure_of(const Answer& answer, const std::string& name);

// The failure together with why the group's state is not ok, if that may be the reason for it.
Failure explained(Failure failure, Client& client);

// What came of an operator's command: prints the reply, or says why there is none.
ExitCode report(const tl::expected<AdminReply, CallError>& reply, bool json);

}  // namespace tally::cli
