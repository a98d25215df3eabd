// SPDX-License-Identifier: Apache-2.0
// What a drill measures of the replicas and roles that it breaks: when the fault was detected, when
// a replica was evicted, and when all was whole again. It is shown one status after the other. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>

#include "protocol/status.h"
#include "protocol/time.h"

namespace tally::cli {

class Watch {
 public:
  // The newest process of each role, by name.
  using Processes = std::function<pid_t(const std::string& role)>;
  explicit Watch(Processes processes) : processes_(std::move(processes)) {}

  // Something breaks now in the role with this process. The first time counts for the measures.
  void strike(const std::string& role, Moment now);
  // From now on the process is dead, or hangs until it is released.
  void take_away(pid_t process) { away_.insert(process); }
  void release(pid_t process) { away_.erase(process); }
  bool is_away(pid_t process) const { return away_.contains(process); }

  // `status`: nothing if the distributor does not answer.
  void look(const std::optional<ClusterStatus>& status, Instant now);

  // By the last look: whether the role's newest process does its work; of a replica, votes.
  bool is_whole(const std::string& role) const;
  bool all_vote() const;
  const std::optional<ClusterStatus>& status() const { return status_; }
  const ReplicaStatus* replica(const std::string& role) const;  // nullptr: nothing is known of it

  std::optional<Instant> struck() const;
  std::optional<Duration> detected_after() const { return detected_after_; }
  std::optional<Duration> evicted_after() const { return evicted_after_; }
  std::optional<Duration> voting_again_after() const { return voting_again_after_; }

 private:
  bool is_out(const ReplicaStatus& replica) const;

  Processes processes_;
  std::set<pid_t> away_;
  std::map<std::string, std::uint64_t> evictions_before_;  // of what was struck
  std::optional<Moment> struck_;
  std::optional<ClusterStatus> status_;
  std::optional<Duration> detected_after_;
  std::optional<Duration> evicted_after_;
  bool was_away_ = false;
  std::optional<Duration> voting_again_after_;
};

}  // namespace tally::cli
