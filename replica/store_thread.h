// SPDX-License-Identifier: Apache-2.0
// CheckpointWork on a thread beside the event loop. It also destroys states, which takes as long as
// loading one.
//
// Each call returns at once, and its answer is delivered on the thread of the loop, by
// run_completions(). Jobs run one at a time, in the order of the calls. The caller bounds how many
// wait: one commit, load or scrub at a time, and the chunks that replica/import.h and
// replica/donor.h allow.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "protocol/messages.h"
#include "replica/checkpoint_work.h"
#include "replica/import.h"
#include "replica/replica_directory.h"
#include "replica/state.h"
#include "runtime/background.h"

namespace tally {

class StoreThread {
 public:
  StoreThread(std::unique_ptr<CheckpointPair> checkpoints, ReplicaDirectory directory);
  // Waits for what is being done. What is to be kept is kept.
  ~StoreThread();

  int completion_fd() const { return background_->completion_fd(); }
  void run_completions() { background_->run_completions(); }

  using Loaded = CheckpointWork::Loaded;
  void load(std::function<std::unique_ptr<State>()> fresh_state, Sequence below, std::function<void(Loaded)> done);
  void destroy(std::unique_ptr<State> state);

  using CommitFaults = CheckpointWork::CommitFaults;
  using Committed = std::function<void(Stored<void> result, CheckpointDelta delta)>;
  void commit(CheckpointDelta delta, CommitFaults faults, Committed done);
  void damage();

  void import(ImportStep step, std::function<void(ImportOutcome)> done);

  // The answer to a donor's peer; its checkpoint stays pinned until release().
  void read(const std::string& peer, StateRequest request, std::function<void(StateChunk)> done);
  void release(const std::string& peer);
  void seal(Sequence checkpoint, std::function<void(const std::optional<CheckpointSeal>&)> done);
  void unseal();

  // Writes this to the directory, unless a newer call comes before. In the end the directory has
  // the newest.
  void keep(GroupId group, const Witness& witness);

  using Scrubbed = CheckpointWork::Scrubbed;
  void scrub(std::size_t bytes, std::function<void(Scrubbed)> done);

 private:
  struct Kept {
    GroupId group;
    Witness witness;
  };
  Background::Completion then(std::function<void()> done);
  void keep_newest();
  void tell(const std::optional<std::string>& complaint);

  CheckpointWork work_;         // the background thread's
  ReplicaDirectory directory_;  // likewise
  std::optional<Kept> newest_;  // to be kept
  bool keeping_ = false;
  bool complained_ = false;
  std::optional<Background> background_;  // last: its thread uses these
};

}  // namespace tally
