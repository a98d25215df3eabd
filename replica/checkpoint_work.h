// SPDX-License-Identifier: Apache-2.0
// Everything that a replica does with its checkpoints, each as one call that blocks: committing,
// loading, importing, reading for other replicas, sealing, and the scrub. replica/store_thread.h
// makes these calls beside the event loop, and the simulator makes them in virtual time.
//
// One thread at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/event.h"
#include "protocol/messages.h"
#include "replica/checkpoint_pair.h"
#include "replica/checkpoint_seal.h"
#include "replica/import.h"
#include "replica/state.h"

namespace tally {

class CheckpointWork {
 public:
  explicit CheckpointWork(std::unique_ptr<CheckpointPair> checkpoints) : checkpoints_(std::move(checkpoints)) {}

  // Neither a header nor an error: there is nothing to load.
  struct Loaded {
    std::optional<CheckpointHeader> header;
    std::unique_ptr<State> state;
    std::optional<StoreError> error;
  };
  Loaded load(const std::function<std::unique_ptr<State>()>& fresh_state, Sequence below);

  // Faults that are injected on purpose.
  struct CommitFaults {
    bool disk_full = false;
    bool damage = false;
  };
  // `delta` comes back when it was not committed. Otherwise its header comes back alone, and the
  // pair keeps the changes.
  struct Committed {
    Stored<void> result;
    CheckpointDelta delta;
  };
  Committed commit(CheckpointDelta delta, CommitFaults faults);
  void damage() { checkpoints_->damage(); }

  ImportOutcome import(const ImportStep& step);

  // The answer to a donor's peer; its checkpoint stays pinned until release().
  StateChunk read(const std::string& peer, const StateRequest& request);
  void release(const std::string& peer) { readers_.erase(peer); }

  // Reads a whole checkpoint, and keeps it for others to read until unseal(), whatever is committed
  // meanwhile. Nothing: it is not there, or damaged.
  std::optional<CheckpointSeal> seal(Sequence checkpoint);
  void unseal() { sealed_.reset(); }

  // Reads a few entries more in a pass over both checkpoints. `newest`: the newest checkpoint that
  // is left after damage was found.
  struct Scrubbed {
    bool pass_ends = false;
    std::optional<Sequence> newest;
  };
  Scrubbed scrub(std::size_t bytes);

  std::vector<Event> take_events();

 private:
  std::unique_ptr<CheckpointPair> checkpoints_;
  std::map<std::string, std::shared_ptr<CheckpointReader>> readers_;  // of peers
  std::shared_ptr<CheckpointReader> sealed_;
  struct Importing {
    std::unique_ptr<CheckpointWriter> writer;
    std::uint64_t attempt = 0;
    SealMaker seal;
  };
  Importing import_;
  std::vector<Event> events_;
};

}  // namespace tally
