// SPDX-License-Identifier: Apache-2.0
// Roll-forward: a checkpoint of another replica, chunk by chunk, when the own ones are missing,
// damaged or too old.
//
// Donors are asked in turn: first the replica with the next number, then the one after it, and so
// on around. A chunk is asked for by the checkpoint and the last key that came, so a lost chunk or
// a donor's restart costs that chunk only. The next donor is asked when this one is busy, has
// nothing, does not answer in time, sends what cannot be right, or sent entries that do not make
// its digest; and when a state that was imported is not the agreed one (the core calls
// distrust_donor).
//
// Nobody who answers is trusted. What is imported is known before: it is a checkpoint that f+1
// replicas sealed alike, so one of them is right. Its size bounds what a donor may send, and its
// seal is compared when all is there. Only where fewer than f+1 replicas are left that have a state
// is one imported without a seal, and proven by the agreed state alone. That is safe against
// faults, and not against a donor that makes up a state with the same digest (protocol/digest.h).
//
// Invariants: one request at a time, and at most `unstored_chunks` wait for the store. It has many
// fields because most of them, from `attempt_` on, are of one attempt and start over together.
// Pure, one thread, driven by the core.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/event.h"
#include "protocol/messages.h"

namespace tally {

// A chunk for the store. The first one of an attempt replaces all before, and the last one
// completes the checkpoint.
struct ImportStep {
  std::uint64_t attempt = 0;
  bool first = false;
  StateChunk chunk;
  CheckpointSeal seal;  // the checkpoint must have this one; not known: it may have any
};

enum class ImportOutcome {
  written,
  finished,     // the whole checkpoint is in the store
  wrong,        // the donor's fault: these are no entries, or they do not make their digest or seal
  not_written,  // this replica's store could not
};

class Import {
 public:
  static constexpr Duration retry_period = seconds(1);           // then a request is sent again
  static constexpr Duration donor_patience = seconds(5);         // then the next donor is asked
  static constexpr Duration shortest_pause = milliseconds(500);  // no donor was of use; doubles
  static constexpr Duration longest_pause = seconds(8);
  static constexpr unsigned unstored_chunks = 2;

  struct Goal {
    GroupId group;
    Sequence least;            // an older checkpoint is of no use
    CheckpointSeal seal;       // of the checkpoint that is wanted; not known: the donor's newest
    std::uint64_t donors = 0;  // without a seal: a bit for each that may be asked
  };

  Import(ReplicaId self, std::uint32_t replicas);

  void begin(const Goal& goal, Instant now);
  bool active() const { return active_; }

  void receive(ReplicaId donor, StateChunk chunk, Instant now);
  // What became of a step of this attempt.
  void stored(std::uint64_t attempt, ImportOutcome outcome, Instant now);
  // The newest imported state was wrong: the next import begins with another donor.
  void distrust_donor();
  // The store was asked to load a checkpoint, and this is the one that it had; zero: none. If it is
  // not the one that was imported last and not loaded yet, the donor gave what does not load, and
  // is distrusted.
  void loaded(Sequence checkpoint);
  // Who may be asked now without a seal. If nobody may, an import without a seal ends without hope.
  void allow(std::uint64_t donors, Instant now);

  void tick(Instant now);
  Instant next_deadline() const;

  struct Output {
    std::vector<std::pair<ReplicaId, StateRequest>> requests;
    std::vector<ImportStep> steps;
    std::vector<Event> events;
    bool complete = false;  // it is not active any more: the store has the checkpoint
    bool hopeless = false;  // it is not active any more: nobody has it, or nobody may be asked
  };
  Output take_output() { return std::exchange(output_, {}); }

  const Goal& goal() const { return goal_; }
  // Of the newest complete import.
  Sequence imported() const { return header_.applied.sequence; }

 private:
  bool has_begun() const { return header_.applied.sequence.value != 0; }
  void start_over(Instant now);
  void ask(Instant now);
  void accept(StateChunk chunk, Instant now);
  bool is_possible(const StateChunk& chunk) const;
  void gone(Instant now);
  void give_up(std::string_view reason, Instant now);
  void end();
  bool may_ask(ReplicaId donor) const;
  std::uint32_t donors() const;
  ReplicaId next(ReplicaId donor) const;
  ReplicaId after(ReplicaId donor) const;
  Sequence checkpoint() const;

  ReplicaId self_;
  std::uint32_t replicas_;
  Goal goal_;
  bool active_ = false;
  ReplicaId donor_;
  std::uint32_t given_up_ = 0;  // donors in this round
  bool busy_ = false;           // a donor in this round was
  bool unproven_too_ = false;   // take also what a donor imported itself and nothing has proven
  Duration pause_ = shortest_pause;
  std::optional<Instant> paused_until_;

  std::uint64_t attempt_ = 0;  // most of what follows is of this one
  Instant begun_;
  CheckpointHeader header_;  // sequence zero: no chunk yet
  std::string after_;        // the last key that came
  std::uint64_t bytes_ = 0;
  bool all_came_ = false;
  bool asked_ = false;  // for the chunk after `after_`
  Instant asked_at_;
  Instant patient_until_;
  unsigned unstored_ = 0;
  unsigned restarts_ = 0;     // of the donor, as far as they cost an attempt
  bool is_unloaded_ = false;  // it is complete, and to be loaded now
  Output output_;
};

}  // namespace tally
