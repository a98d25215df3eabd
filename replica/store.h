// SPDX-License-Identifier: Apache-2.0
// Where a replica keeps one checkpoint. Each replica may use another engine (design diversity):
// replica/stores/ has the engines. A replica has two stores (replica/checkpoint_pair.h).
//
// Invariants
// - A commit happens as a whole or not at all. Once it has returned, it survives a power cut. A
//   rewrite empties the store first, and the store holds nothing until the rewrite is finished.
// - Only consistent checkpoints are committed: entry digests are summed up again on the way in, and
//   must make the state digest of the header (law 10). Whoever reads sums them up again.
// - A directory that was deleted under the process is an empty store, and is made anew by the next
//   call.
//
// Calls block. One thread at a time, which may be any; calls of readers and writers count as well.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "replica/checkpoint.h"

namespace tally {

struct StoreError {
  enum class Kind {
    // What is there is damaged, or no checkpoint: discard() it.
    unusable,
    // It cannot be read now (files/trouble.h), which says nothing about what is there.
    inaccessible,
    // The entries do not make the digest. After reading: discard() it. After writing: nothing was
    // committed.
    digest_mismatch,
    // Whoever reads refused an entry of a checkpoint that is whole.
    rejected,
    // The disk would not write. After a commit the previous checkpoint is there, after a rewrite
    // nothing.
    not_written,
    // What the changes of a commit build on is not there, or not any more. Everything is needed
    // anew.
    lacks_base,
    // The store was rewritten or discarded while it was read.
    gone,
    // Another process uses the directory.
    locked,
  };
  Kind kind{};
  std::string detail;
};

inline CommitFailure commit_failure(const StoreError& error) {
  switch (error.kind) {
    case StoreError::Kind::digest_mismatch: return CommitFailure::digest_mismatch;
    case StoreError::Kind::lacks_base: return CommitFailure::lacks_base;
    default: return CommitFailure::not_written;
  }
}

template <class Value>
using Stored = tl::expected<Value, StoreError>;

inline tl::unexpected<StoreError> store_error(StoreError::Kind kind, std::string detail) {
  return tl::unexpected(StoreError{kind, std::move(detail)});
}

using EntryVisitor = std::function<bool(std::string_view key, std::string_view value)>;

// One checkpoint as it was when the reader was made, whatever is committed afterwards.
class CheckpointReader {
 public:
  virtual ~CheckpointReader() = default;
  virtual const CheckpointHeader& header() const = 0;
  // Calls `entry` for each entry after the key `after`, in byte order of keys, until it returns
  // false. True: it never did, so these were all.
  virtual Stored<bool> read(std::string_view after, const EntryVisitor& entry) = 0;
};

// Writes a whole new checkpoint entry by entry: each key once, in any order. The writer must be
// gone before the store is used again.
class CheckpointWriter {
 public:
  virtual ~CheckpointWriter() = default;
  virtual Stored<void> put(std::string_view key, std::string_view value) = 0;
  // The error digest_mismatch: what was put does not make the digest of the header.
  virtual Stored<void> finish(const CheckpointHeader& header) = 0;
};

class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;

  virtual std::string_view name() const = 0;

  // The header of the checkpoint that is there; nothing when the store is empty.
  virtual Stored<std::optional<CheckpointHeader>> header() = 0;
  // Null when the store is empty. A reader goes on after commits. A rewrite, discard() or close()
  // ends it.
  virtual Stored<std::unique_ptr<CheckpointReader>> reader() = 0;

  // The error lacks_base: the store is empty.
  virtual Stored<void> commit(const DeltaList& deltas) = 0;
  virtual Stored<std::unique_ptr<CheckpointWriter>> rewrite() = 0;

  // Puts a checkpoint that does not load aside, for people to look at. The store is empty then.
  virtual Stored<void> discard() = 0;
  // Gives up what is held in memory. The next call finds what is on the disk.
  virtual void close() = 0;

  // Fault injection: flips a bit in a stored counter, so that whoever reads finds a mismatch.
  // False: there is none.
  virtual bool damage() = 0;
};

}  // namespace tally
