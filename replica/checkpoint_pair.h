// SPDX-License-Identifier: Apache-2.0
// A replica's two newest checkpoints, in two stores that share no bytes, so that no damage to one
// reaches the other.
//
// Commits alternate. A commit goes to the store that does not hold the newest checkpoint, and
// brings what changed since that store's own checkpoint: the changes of the previous commit, which
// are kept here, and the new ones. A store that was damaged, or whose changes are not known, as
// after a start, is written in full: with the entries of the other store and the new changes.
//
// Invariants
// - While one store is written, the other one holds a checkpoint, unless there never was one.
// - What turns out to be damaged is reported (take_events), put aside, and written anew by the next
//   commit.
//
// Calls block, like those of the stores. One thread at a time.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/event.h"
#include "replica/store.h"

namespace tally {

// Whoever loads a checkpoint.
struct CheckpointReceiver {
  // The entries of a checkpoint follow. What came before, if anything did, was of a damaged one.
  std::function<void()> begin;
  EntryVisitor entry;  // false: this entry makes no sense
  // All entries came. False: they make no sense together.
  std::function<bool(const CheckpointHeader&)> finish;
};

class CheckpointPair {
 public:
  CheckpointPair(std::unique_ptr<CheckpointStore> first, std::unique_ptr<CheckpointStore> second);

  std::string_view name() const { return slots_[0].store->name(); }

  // Gives the newest checkpoint that is whole to the receiver; nothing when there is none. `below`:
  // it must be older than that one, because the newer ones, whole or not, turned out to be wrong;
  // zero: any will do. Commits go on from what was loaded. The errors `rejected` (of a checkpoint
  // that was made here; an imported one counts as damaged) and `locked` are an operator's, and
  // nothing was put aside.
  Stored<std::optional<CheckpointHeader>> load(const CheckpointReceiver& receiver, Sequence below = {});

  // `delta` is full, or begins where the last commit, or what was loaded, ends. It is kept until
  // the next commit. The error lacks_base: only a full one will do.
  Stored<void> commit(std::shared_ptr<const CheckpointDelta> delta);

  // Writes a checkpoint from elsewhere into the store that does not hold the newest one. It is to
  // be loaded when it is finished.
  Stored<std::unique_ptr<CheckpointWriter>> rewrite_older();

  // The newest checkpoint, or the one of this sequence number. Null: there is none.
  Stored<std::unique_ptr<CheckpointReader>> reader(Sequence checkpoint = {});

  // Reads about so many bytes more from the disk, in a pass over both stores. True: the pass is
  // over. Precondition: no reader of anybody else is in use when the turn of a store begins,
  // because it would end.
  bool scrub(std::size_t bytes);

  // Of the newest checkpoint; zero: there is none.
  Sequence newest() const;
  std::vector<Event> take_events() { return std::exchange(events_, {}); }
  // Fault injection: see CheckpointStore.
  bool damage();

 private:
  struct Slot {
    std::unique_ptr<CheckpointStore> store;
    char letter = 0;                         // its name, for people
    std::optional<CheckpointHeader> header;  // none: it is empty, or to be written anew
  };
  struct Pass {
    std::unique_ptr<CheckpointReader> reader;
    std::string after;
    Digest sum;
  };

  Slot& other(const Slot& slot) { return &slot == &slots_[0] ? slots_[1] : slots_[0]; }
  Slot& older();
  Slot* newest_slot();
  Stored<void> find_header(Slot& slot);
  void expect_header(Slot& slot);
  void put_aside(Slot& slot, const StoreError& error);
  void empty(Slot& slot);

  Stored<void> load_slot(Slot& slot, const CheckpointReceiver& receiver);
  std::optional<DeltaList> deltas_on(const Slot& slot, const CheckpointDelta& delta) const;
  Stored<void> commit_changes(Slot& slot, const CheckpointDelta& delta);
  Stored<void> copy(Slot& source, Slot& slot, const DeltaList& deltas);
  Stored<void> copy_entries(CheckpointReader& reader, CheckpointWriter& writer, const DeltaList& deltas);
  Stored<void> write_full(Slot& slot, const CheckpointDelta& delta);
  Stored<void> verify(Slot& slot);

  bool begin_scrub(Slot& slot);
  bool next_scrub();

  std::array<Slot, 2> slots_;
  std::optional<CheckpointHeader> base_;         // where the next delta begins
  std::shared_ptr<const CheckpointDelta> last_;  // from `before_last_` to `base_`, if that is known
  std::optional<CheckpointHeader> before_last_;
  std::optional<Pass> pass_;
  std::size_t scrubbed_slot_ = 0;
  std::vector<Event> events_;
};

}  // namespace tally
