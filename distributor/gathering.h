// SPDX-License-Identifier: Apache-2.0
// What a distributor does before it begins a term: it hears what the group knows.
//
// A journal that is an older copy does not know that it is one. Whoever went on from it would make
// other orders under numbers that were answered already, in terms that were used already, and the
// counts would be smaller without a word. So nobody is told of a term, and nothing is ordered,
// before f+1 replicas and the comparator have reported. If they know of a decided order that the
// journal lacks, the distributor stays as it is and says so: an operator puts the newest journal
// back, or accepts the loss.
//
// - Of replicas the (f+1)-th largest claim counts, so that one that lies can neither keep the group
//   from starting nor hide what the others know. Where some claim more than the journal has, and
//   with those that have not reported there may be f+1 of them, those are waited for: with at most
//   f replicas that lie or are away there cannot be. The comparator does not lie.
// - Reports of another group do not count. Where so many are of one that this one cannot begin, it
//   says so.
// - A term that f+1 replicas or the comparator have seen is not begun again, nor one of the next
//   `limits::term_gap`, of which somebody else may know.
//
// Driven like the core (protocol/turn.h), in its place, on its thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "distributor/group_condition.h"
#include "protocol/event.h"
#include "protocol/journal_facts.h"
#include "protocol/messages.h"
#include "protocol/per_replica.h"
#include "protocol/quorum.h"

namespace tally {

struct GatheringOutput {
  std::vector<ReplicaId> to_greet;  // so that they report at once
  std::vector<std::pair<ClientId, Message>> to_clients;
  std::vector<Event> events;
};

class Gathering {
 public:
  // So long a request that comes is left unanswered: its client sends it again when it is greeted,
  // and is answered then. Later it is refused.
  static constexpr Duration patience = seconds(1);

  struct Config {
    std::uint32_t replicas = 3;
    bool wait_for_sync = true;  // durability fsync: what the comparator saw decided was synced
    std::uint64_t pid = 0;
  };
  // `found`: what the journal holds, of the newest term that was begun.
  Gathering(const Config& config, RecoveredJournal found, Instant now);

  void client_connected(const ClientId& client, Instant now);
  void receive(const ClientId& client, const ClientRequest& sent, Instant now);
  void receive(const ClientId& client, const StatusQuery& query, Instant now);
  void receive(const ClientId& client, const AdminCommand& command, Instant now);
  void replica_connected(ReplicaId replica) { output_.to_greet.push_back(replica); }
  void receive(ReplicaId replica, const ReplicaReport& report, Instant now);
  void receive(const ComparatorReport& report, Instant now);

  void tick(Instant now);
  Instant next_deadline() const;
  GatheringOutput take_output() { return std::exchange(output_, {}); }

  // The term that may begin now, or a later one; nothing: not yet.
  std::optional<Term> term() const { return term_; }

  // What was heard meanwhile, for the core of that term.
  const PerReplica<std::optional<ReplicaReport>>& reports() const { return reports_; }
  const std::optional<ComparatorReport>& comparator() const { return comparator_; }
  const std::set<ClientId>& clients() const { return clients_; }

 private:
  // An order by its place alone: terms never fall along a chain, so a later term's is newer.
  using Place = std::pair<Term, Sequence>;

  std::size_t needed() const { return quorum_of(config_.replicas); }
  std::size_t heard() const;
  bool has_heard_enough() const { return heard() >= needed() && comparator_; }
  template <class Value, class Read>
  Value known(const Read& read) const;
  Place newest_known() const;
  bool is_behind() const;
  bool may_be_behind() const;
  void begin_if_possible(Instant now);
  void tell_claims(Term counted);
  void tell_trouble(Instant now);
  bool is_of_another_group() const;
  GroupTrouble trouble(Instant now) const;
  std::string advice(Instant now) const;

  const Config config_;
  const Instant began_;
  const RecoveredJournal found_;
  PerReplica<std::optional<ReplicaReport>> reports_;
  PerReplica<Instant> heard_at_;
  std::optional<ComparatorReport> comparator_;
  std::set<ReplicaId> strangers_;    // that are of another group,
  bool strange_comparator_ = false;  // and it too
  std::set<ClientId> clients_;
  std::optional<Term> term_;
  Instant slow_from_;                       // the journal takes long to begin it
  GroupTrouble told_ = GroupTrouble::none;  // why it does not begin
  Instant may_tell_;                        // something else
  GatheringOutput output_;
};

}  // namespace tally
