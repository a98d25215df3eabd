// SPDX-License-Identifier: Apache-2.0
// A replica's shell in the simulation: its core, its checkpoints and its sockets
// (replica/shell.cc, replica/transfers.cc), and its faults.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "replica/checkpoint_work.h"
#include "replica/core.h"
#include "replica/donor.h"
#include "simulation/forged_state.h"
#include "simulation/liar.h"
#include "simulation/memory_store.h"
#include "simulation/node.h"

namespace tally::simulation {

class ReplicaNode : public Node {
 public:
  ReplicaNode(World& world, ReplicaId id);

  static constexpr std::size_t distributor_channel = 0;
  static constexpr std::size_t comparator_channel = 1;
  static constexpr std::size_t peers_channel = 2;   // those that ask it for a state
  static constexpr std::size_t donors_channel = 3;  // those that it asks for a state
  static constexpr std::size_t channels = 4;
  void set_distributor(Link& link) { distributor_ = &link; }
  void set_comparator(Link& link) { comparator_ = &link; }
  void add_donor(ReplicaId donor, Link& link) { donors_.emplace(donor, &link); }

  ReplicaId id() const { return id_; }
  const ReplicaCore* core() const { return core_.get(); }
  Sequence stored() const;  // the newest checkpoint on its disks

  // ---- faults
  void lie(FaultName fault, double share, Duration duration);
  void flip_memory() { flip_wanted_ = true; }
  void damage_checkpoint();
  void lose_checkpoints();
  void lose_disk();  // both disks
  void fill_disk(bool full);
  void end_faults();
  // Whether no fault is on, its state is proven and leads on to the journal, and its checkpoints
  // are whole again.
  bool is_whole() const;

 private:
  // What the simulation, which sees everything, knows of the state in memory.
  enum class Trust { right, unproven, wrong };
  struct Job {
    bool writes = false;
    std::function<void()> work;
  };
  struct DelayedVote {
    Instant due;
    Vote vote;
  };

  void begin() override;
  void end() override;
  Instant turn() override;
  void receive_all(Instant now);
  void receive_from_distributor(const Message& message, Instant now);
  void receive_requests(Instant now);
  void carry_out(ReplicaOutput output);
  Link& any_donor();
  std::vector<Vote> say(const Vote& honest);
  void check(const Vote& vote);
  void look_for_the_flip(const Vote& newest);
  void cast(const Vote& vote);
  void cast_delayed();
  void do_job(bool writes, std::function<void()> work, std::function<void()> done);
  void finish_torn_job();
  void load(const LoadWish& wish);
  void loaded(CheckpointWork::Loaded loaded);
  void judge_loaded(const CheckpointHeader& header);
  void commit(CheckpointDelta delta);
  void import(ImportStep step);
  void seal(Sequence checkpoint);
  void shorten(StateChunk& chunk) const;
  void answer(const Arrival& arrival, const StateRequest& request, Instant now);
  void scrub_checkpoints(Instant now);

  ReplicaId id_;
  Link* distributor_ = nullptr;
  Link* comparator_ = nullptr;
  std::map<ReplicaId, Link*> donors_;
  std::array<CheckpointDisk, 2> disks_;
  Witness witness_;  // on a disk as well
  Liar liar_;
  ForgedState forged_;
  unsigned commits_wanted_ = 0;  // so many until the checkpoints are whole again
  bool flip_wanted_ = false;

  // These belong to the present process.
  std::unique_ptr<CheckpointWork> work_;
  std::unique_ptr<ReplicaCore> core_;
  Donor donor_;
  std::deque<Job> jobs_;
  Instant store_free_;
  std::deque<DelayedVote> delayed_;  // in the world's time
  Instant next_scrub_;
  bool scrubbing_ = false;
  Trust trust_ = Trust::right;
  bool on_import_ = false;
  // Captures of earlier orders are of a state that was not right.
  Sequence right_from_;
  std::string standing_reason_;
  std::optional<CheckpointHeader> wrong_;  // the newest that was loaded, if its state was wrong
};

}  // namespace tally::simulation
