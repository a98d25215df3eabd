// SPDX-License-Identifier: Apache-2.0
// What a replica needs so that it can import a state from others, one of which may lie: a seal that
// f+1 replicas made.
//
//   a replica wants a state → replicas get ready → an order that they seal after → f+1 equal seals → it imports
//
// Without f+1 replicas that have a state, such as after the loss of two disks of three, there are
// no f+1 seals. Then those who are left may be asked for their states as they are; the agreed state
// has to prove them. A replica that is not there, or wants a state itself, may not be asked:
// otherwise a liar could leave, bring about that shortage, and be asked for its unsealed state.
//
// Part of the distributor's core: pure, one thread, instants never go back.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/event.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class Sealing {
 public:
  // A replica, as far as it matters here; in the order of their ids.
  struct Replica {
    bool is_present = false;
    bool is_voter = false;
    Sequence wanted;  // a state of this order or a later one; zero: it has its own
    bool imported = false;
    bool is_ready = false;
    CheckpointSeal seal;  // the newest that it made

    bool could_seal() const { return is_voter && wanted.value == 0; }
  };

  // What is to be done now.
  struct Step {
    bool make_order = false;  // soon, though nobody asks for one
    bool tell = false;        // everybody, what is said below
  };

  explicit Sealing(std::uint32_t majority) : majority_(majority) {}

  // Nobody wants a state.
  void rest();
  // Somebody that is present may want one. `last`: the newest order.
  Step consider(const std::vector<Replica>& replicas, Sequence last, Instant now, std::vector<Event>& events);
  // Each order that is made: whether replicas are to seal after it.
  void mark(Order& order, Instant now);

  bool asks_to_get_ready() const { return stage_ == Stage::preparing; }
  const CheckpointSeal& seal() const { return seal_; }  // its order alone until it is agreed
  // A bit for each that may be asked for its state as it is.
  std::uint64_t donors() const { return donors_; }
  // What was agreed on this order is worth a sync of its own: an import may wait for it.
  bool awaits_agreement_after(Sequence journaled, Sequence agreed) const;
  // It is under way, and has not taken long: who wants to import may as well wait for it.
  bool is_worth_waiting_for(Instant now) const;

 private:
  enum class Stage : std::uint8_t {
    none,
    preparing,   // replicas get ready
    collecting,  // they write and read what they are to seal
    agreed,
  };

  void consider_donors(const std::vector<Replica>& replicas, Instant now);
  bool may_begin(const std::vector<Replica>& replicas, Sequence wanted, Instant now) const;
  Step consider_readiness(const std::vector<Replica>& replicas, Instant now, std::vector<Event>& events);
  Step consider_seals(const std::vector<Replica>& replicas, Instant now, std::vector<Event>& events);

  std::uint32_t majority_;
  Stage stage_ = Stage::none;
  CheckpointSeal seal_;
  Instant since_;       // of the stage
  Instant not_before_;  // the next one begins
  bool is_order_due_ = false;
  std::optional<Instant> few_since_;  // too few replicas have had a state for f+1 seals
  std::uint64_t donors_ = 0;
};

}  // namespace tally
