// SPDX-License-Identifier: Apache-2.0
// Who votes: a circuit breaker for each replica, and the view that follows from them.
//
// closed = voting; open = evicted, nothing is sent until a cool-down ends that doubles with each eviction; half-open =
// recovering, then probation: votes are compared and not counted, until enough match in a row. (Nygard, "Release It!",
// 2007, chapter 5.) Too many dissents within a window: quarantined, until an operator readmits it; lateness never leads
// there (law 12). An eviction never leaves fewer than f+1 voters (law 13). Every change makes a new view, which takes
// effect once it is journaled.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "protocol/event.h"
#include "protocol/messages.h"

namespace tally {

struct MembershipConfig {
  std::uint32_t replicas = 3;
  Duration cooldown = seconds(1);
  Duration cooldown_most = seconds(60);
  std::uint64_t probation_votes = 64;
  std::uint32_t quarantine_dissents = 10;
  Duration quarantine_window = seconds(600);
};

// What is remembered of a replica in the journal.
struct JournaledMember {
  ReplicaState state = ReplicaState::voting;  // never down
  bool held = false;                          // evicted by an operator: stays so until one readmits it
  Recovery recovery{1};
  std::uint64_t evictions = 0;
  std::uint64_t readmissions = 0;
  std::optional<LastVerdict> last_verdict;
  auto operator<=>(const JournaledMember&) const = default;
};

struct JournaledView {
  ViewNumber number{1};
  std::vector<JournaledMember> members;  // member i is replica i+1
  std::string audit_head;
  auto operator<=>(const JournaledView&) const = default;
};

class Membership {
 public:
  // `record` without members: the first start, all vote.
  Membership(const MembershipConfig& config, JournaledView record, Instant now);

  const JournaledView& record() const { return record_; }
  const JournaledMember& member(ReplicaId replica) const;
  std::uint32_t majority() const { return config_.replicas / 2 + 1; }  // f+1
  std::uint32_t voters() const;
  bool anybody_on_probation() const;
  MemberRole role(ReplicaId replica) const;

  // Each of these says whether the view changed, and adds what happened to `events`.
  bool judge(const Verdict& verdict, CalendarTime at, Instant now, std::vector<Event>& events);
  bool caught_up(ReplicaId replica, std::vector<Event>& events);
  bool matched(ReplicaId replica, std::uint64_t votes_in_a_row, Instant now, std::vector<Event>& events);
  // Law 13: at f+1 voters, one whose votes have matched on probation takes the place of a silent one, in one view.
  bool replace(const Verdict& silent, const VoterTally& matched, CalendarTime at, Instant now,
               std::vector<Event>& events);
  bool readmit(ReplicaId replica, Instant now, std::vector<Event>& events);  // by an operator
  bool hold(ReplicaId replica, std::vector<Event>& events);                  // evict, by an operator
  bool tick(Instant now, std::vector<Event>& events);

  Instant next_deadline() const;
  void remember_audit_head(const std::string& head) { record_.audit_head = head; }

 private:
  struct Breaker {
    Duration cooldown;                    // of the next eviction
    Instant closes = Instant::never();    // evicted: when recovery begins
    Instant forgiven = Instant::never();  // voting: when the cool-down starts small again
    std::deque<Instant> dissents;         // those within the window
  };

  JournaledMember& member_of(ReplicaId replica);
  Breaker& breaker_of(ReplicaId replica);
  bool may_lose(ReplicaId replica) const;
  void open(ReplicaId replica, const Verdict& verdict, CalendarTime at, Instant now, std::vector<Event>& events);
  void begin_recovery(ReplicaId replica, std::vector<Event>& events);
  void admit(ReplicaId replica, std::uint64_t votes_in_a_row, Instant now, std::vector<Event>& events);
  bool count_dissent(Breaker& breaker, Instant now) const;

  MembershipConfig config_;
  JournaledView record_;
  std::vector<Breaker> breakers_;
};

}  // namespace tally
