// SPDX-License-Identifier: Apache-2.0
// What the people who watch a group are shown, as JSON: the group, its roles, its journal, each
// replica with its newest vote, the newest decision, figures of each second, and the newest audit
// records. docs/events.md describes it member by member.
//
// The picture is made of sections. Each update says which sections differ from what was shown
// before, so that watching a group costs little more than what changes in it. No process id is in
// it, because whoever may watch is not always an operator.
//
// Pure; one thread. Bounds: live_limits.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/messages.h"
#include "protocol/observation.h"
#include "protocol/time.h"

namespace tally::bridge::http {

class Picture {
 public:
  struct Rules {
    std::uint64_t replicas = 0;         // configured
    std::uint64_t probation_votes = 0;  // how many matches make a voter of a replica on probation
    bool fault_injection = false;
  };
  explicit Picture(const Rules& rules);

  // The group's newest status, and when it came; nothing, if the distributor does not answer and it
  // is an earlier one that says so. `observation`: nothing, if the comparator has not answered in
  // time. Returns what changed as a JSON object, or an empty text if nothing did.
  std::string update(const ClusterStatus& status, std::optional<Instant> heard_at,
                     const std::optional<Observation>& observation, CalendarTime calendar);

  // Everything, as a JSON object. Members that nothing was heard of yet are left out.
  std::string whole(CalendarTime calendar) const;

  // The number of the newest audit record that was shown; later ones are wanted.
  std::uint64_t newest_record() const { return newest_record_; }

 private:
  // One member of the picture.
  struct Section {
    const char* name;
    std::string text;  // empty: nothing was heard of it yet
  };
  // Whose process is another one than before was started anew, however quickly.
  struct Process {
    std::uint64_t pid = 0;   // 0: not known
    CalendarTime restarted;  // 0: not that anybody has seen it
  };
  enum Place : std::uint8_t { group, distributor, comparator, journal, replicas, decision, sections };

  void show(Place place, std::string text);
  void look_at_processes(const ClusterStatus& status, Instant heard_at, CalendarTime calendar);
  void show_status(const ClusterStatus& status, bool is_heard, bool comparator_answers);
  const ObservedVote* vote_of(ReplicaId replica) const;
  void show_observation(const Observation& observation);
  void add_figures(const ClusterStatus& status, Instant heard_at, CalendarTime calendar);
  void add_record(const ObservedRecord& record);

  Rules rules_;
  Section sections_[sections];
  std::string changes_;  // members, of the update under way
  std::string new_figures_;
  std::string new_records_;

  Process distributor_;
  Process comparator_;
  std::map<ReplicaId, Process> replicas_;
  Instant looked_at_;                    // at the processes
  std::vector<ObservedVote> votes_;      // the newest
  std::optional<Instant> figures_from_;  // counted since then
  Histogram decisions_then_;
  Histogram operations_then_;
  std::deque<std::string> figures_;
  std::deque<std::string> records_;
  std::size_t record_bytes_ = 0;  // of records_
  std::uint64_t newest_record_ = 0;
};

}  // namespace tally::bridge::http
