// SPDX-License-Identifier: Apache-2.0
#include "client/status_json.h"

#include <boost/json.hpp>

namespace tally {
namespace {

namespace json = boost::json;

json::string_view word(std::string_view text) { return {text.data(), text.size()}; }

json::value time_json(CalendarTime time) {
  if (time.unix_milliseconds == 0) return nullptr;
  return json::value(rfc3339(time));
}

json::value verdict_json(const std::optional<LastVerdict>& verdict) {
  if (!verdict) return nullptr;
  return json::object{{"reason", word(to_string(verdict->reason))},
                      {"sequence", verdict->sequence.value},
                      {"at", rfc3339(verdict->at)}};
}

json::value pid_json(std::uint64_t pid, Processes processes) {
  return processes == Processes::shown ? json::value(pid) : json::value(nullptr);
}

json::value number_json(const std::optional<std::uint64_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object replica_json(const ReplicaStatus& replica, Processes processes) {
  return {{"id", replica.id.value},
          {"state", word(to_string(replica.state))},
          {"applied", replica.applied.value},
          {"lag", replica.lag},
          {"pid", pid_json(replica.pid, processes)},
          {"store", replica.store},
          {"votes", replica.votes},
          {"dissents", replica.dissents},
          {"silences", replica.silences},
          {"evictions", replica.evictions},
          {"readmissions", replica.readmissions},
          {"last_verdict", verdict_json(replica.last_verdict)},
          {"held", replica.held},
          {"reason",
           replica.reason == OutReason::none ? json::value(nullptr) : json::value(word(to_string(replica.reason)))},
          {"since", time_json(replica.since)},
          {"next_try", time_json(replica.next_try)},
          {"checkpoint", replica.checkpoint.value},
          {"heard_ms", number_json(replica.heard_ms)}};
}

}  // namespace

std::string status_json(const ClusterStatus& status, Processes processes) {
  json::array replicas;
  for (const ReplicaStatus& replica : status.replicas) replicas.push_back(replica_json(replica, processes));
  json::object object = {
      {"term", status.term.value},
      {"view", status.view.value},
      {"sequence", status.sequence.value},
      {"decided", status.decided.value},
      {"stable", status.stable.value},
      {"state", word(to_string(status.state))},
      {"replicas", std::move(replicas)},
      {"distributor",
       {{"pid", pid_json(status.distributor_pid, processes)}, {"state", to_string(status.distributor_state)}}},
      {"comparator",
       {{"pid", pid_json(status.comparator_pid, processes)},
        {"state", to_string(status.comparator_state)},
        {"heard_ms", number_json(status.comparator_heard_ms)}}},
      {"journal_first", status.journal_first.value},
      {"undecided", status.undecided.value == 0 ? json::value(nullptr) : json::value(status.undecided.value)},
  };
  if (!status.reason.empty()) {
    object["reason"] = word(status.reason);
    object["advice"] = status.advice;
  }
  return json::serialize(object);
}

}  // namespace tally
