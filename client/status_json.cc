// SPDX-License-Identifier: Apache-2.0
#include "client/status_json.h"

#include <optional>

#include "runtime/json_text.h"

namespace tally {
namespace {

std::optional<std::string> time_text(CalendarTime time) {
  if (time.unix_milliseconds == 0) return std::nullopt;
  return rfc3339(time);
}

std::optional<std::uint64_t> shown_pid(std::uint64_t pid, Processes processes) {
  return processes == Processes::shown ? std::optional(pid) : std::nullopt;
}

void add(JsonText& json, const std::optional<LastVerdict>& verdict) {
  json.name("last_verdict");
  if (verdict)
    json.begin_object()
        .member("reason", to_string(verdict->reason))
        .member("sequence", verdict->sequence.value)
        .member("at", rfc3339(verdict->at))
        .end_object();
  else
    json.value(nullptr);
}

void add(JsonText& json, const ReplicaStatus& replica, Processes processes) {
  json.begin_object()
      .member("id", replica.id.value)
      .member("state", to_string(replica.state))
      .member("applied", replica.applied.value)
      .member("lag", replica.lag)
      .member("pid", shown_pid(replica.pid, processes))
      .member("store", replica.store)
      .member("votes", replica.votes)
      .member("dissents", replica.dissents)
      .member("silences", replica.silences)
      .member("evictions", replica.evictions)
      .member("readmissions", replica.readmissions);
  add(json, replica.last_verdict);
  json.member("held", replica.held)
      .member("reason", replica.reason == OutReason::none ? std::nullopt : std::optional(to_string(replica.reason)))
      .member("since", time_text(replica.since))
      .member("next_try", time_text(replica.next_try))
      .member("checkpoint", replica.checkpoint.value)
      .member("heard_ms", replica.heard_ms)
      .end_object();
}

}  // namespace

std::string status_json(const ClusterStatus& status, Processes processes) {
  std::string text;
  JsonText json(text);
  json.begin_object()
      .member("term", status.term.value)
      .member("view", status.view.value)
      .member("sequence", status.sequence.value)
      .member("decided", status.decided.value)
      .member("stable", status.stable.value)
      .member("state", to_string(status.state))
      .name("replicas")
      .begin_array();
  for (const ReplicaStatus& replica : status.replicas) add(json, replica, processes);
  json.end_array();
  json.name("distributor")
      .begin_object()
      .member("pid", shown_pid(status.distributor_pid, processes))
      .member("state", to_string(status.distributor_state))
      .end_object();
  json.name("comparator")
      .begin_object()
      .member("pid", shown_pid(status.comparator_pid, processes))
      .member("state", to_string(status.comparator_state))
      .member("heard_ms", status.comparator_heard_ms)
      .end_object();
  const std::uint64_t undecided = status.undecided.value;
  json.member("journal_first", status.journal_first.value)
      .member("undecided", undecided == 0 ? std::nullopt : std::optional(undecided));
  if (!status.reason.empty()) json.member("reason", status.reason).member("advice", status.advice);
  json.end_object();
  return text;
}

}  // namespace tally
