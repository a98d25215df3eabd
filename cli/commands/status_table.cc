// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "cli/commands/state_colour.h"
#include "cli/commands/status.h"
#include "cli/table.h"

namespace tally::cli {
namespace {

constexpr std::size_t state_column = 1;

std::string painted(const std::string& text, std::string_view state, bool colour) {
  return colour ? colour_of(state) + text + plain : text;
}

std::string text_of(const std::optional<LastVerdict>& verdict) {
  if (!verdict) return "-";
  return std::string(to_string(verdict->reason)) + " at order " + std::to_string(verdict->sequence.value) + ", " +
         rfc3339(verdict->at);
}

std::string since_of(const ReplicaStatus& replica) {
  return replica.since.unix_milliseconds == 0 ? "-" : rfc3339(replica.since);
}

// What comes next for a replica that does not vote.
std::string next_of(const ReplicaStatus& replica) {
  switch (replica.state) {
    case ReplicaState::evicted:
      if (replica.held) return "tally replica readmit " + std::to_string(replica.id.value);
      return replica.next_try.unix_milliseconds == 0 ? "recovers" : "recovers at " + rfc3339(replica.next_try);
    case ReplicaState::quarantined: return "tally replica readmit " + std::to_string(replica.id.value);
    case ReplicaState::recovering: return "executes what it missed";
    case ReplicaState::probation: return "votes, is compared";
    case ReplicaState::down: return "waits to be heard of";
    case ReplicaState::voting: break;
  }
  return "-";
}

Row row_of(const ReplicaStatus& replica) {
  return {std::to_string(replica.id.value),
          std::string(to_string(replica.state)),
          std::to_string(replica.applied.value),
          std::to_string(replica.lag),
          std::to_string(replica.checkpoint.value),
          std::to_string(replica.votes),
          std::to_string(replica.dissents),
          std::to_string(replica.silences),
          std::to_string(replica.evictions),
          std::to_string(replica.readmissions),
          replica.pid == 0 ? "-" : std::to_string(replica.pid),
          since_of(replica),
          next_of(replica),
          replica.held ? "operator" : text_of(replica.last_verdict)};
}

std::string role_line(const char* role, std::uint64_t pid, RoleState state) {
  return std::string(role) + "  " + std::string(to_string(state)) +
         (pid == 0 ? std::string() : ", pid " + std::to_string(pid)) + '\n';
}

}  // namespace

std::string status_table(const ClusterStatus& status, bool colour) {
  const std::string state(to_string(status.state));
  std::string text = "group        " + painted(state, state, colour) + ", term " + std::to_string(status.term.value) +
                     ", view " + std::to_string(status.view.value) + '\n';
  text += "orders       " + std::to_string(status.sequence.value) + ", decided to " +
          std::to_string(status.decided.value) + ", stable to " + std::to_string(status.stable.value) + '\n';
  text += role_line("distributor", status.distributor_pid, status.distributor_state);
  text += role_line("comparator ", status.comparator_pid, status.comparator_state);
  if (!status.reason.empty()) text += "reason       " + status.reason + ": " + status.advice + '\n';
  if (status.undecided.value != 0)
    text += "undecided    order " + std::to_string(status.undecided.value) +
            (status.state == GroupState::halted ? ": halted, until `tally group resume`\n" : ": rolling back\n");
  std::vector<Row> rows = {{"replica", "state", "applied", "lag", "checkpoint", "votes", "dissents", "silences",
                            "evictions", "readmissions", "pid", "since", "next", "last verdict"}};
  for (const ReplicaStatus& replica : status.replicas) rows.push_back(row_of(replica));
  return text + '\n' + table(rows, [colour](std::size_t column, const std::string& cell, const std::string& padded) {
           return painted(padded, column == state_column ? std::string_view(cell) : "", colour);
         });
}

}  // namespace tally::cli
