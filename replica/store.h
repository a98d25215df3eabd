// SPDX-License-Identifier: Apache-2.0
// Where a replica keeps one checkpoint. Which engine it is, is each replica's own choice (design diversity). A replica
// has two of these: replica/checkpoint_pair.h.
//
// Invariants
// - A commit happens as a whole or not at all; once it returned, it survives a power cut. A rewrite empties the store
//   first, and holds nothing until it is finished.
// - Only consistent checkpoints are committed: entry digests are summed up again on the way in, and must make the
//   header's state digest (law 10). Whoever reads sums them up again.
// - A directory that was deleted under the process is an empty store, made anew by the next call.
//
// Calls block. One thread at a time, any thread; readers and writers count as calls.
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
    unusable,         // what is there is damaged or no checkpoint: discard() it
    inaccessible,     // it cannot be read now (files/trouble.h), which says nothing about what is there
    digest_mismatch,  // the entries do not make the digest. Reading: discard() it. Writing: nothing was committed
    rejected,         // reading: whoever reads refused an entry of a checkpoint that is whole
    not_written,      // writing: the disk would not. A commit leaves the previous checkpoint, a rewrite nothing
    lacks_base,       // commit: what the changes belong to is not there (any more); everything is needed anew
    gone,             // a reader: the store was rewritten or discarded meanwhile
    locked,           // another process uses the directory
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

// One checkpoint as it stood when the reader was made, whatever is committed afterwards.
class CheckpointReader {
 public:
  virtual ~CheckpointReader() = default;
  virtual const CheckpointHeader& header() const = 0;
  // Calls `entry` for each entry after the key `after`, in byte order of keys, until it returns false. True: it never
  // did, so that was all.
  virtual Stored<bool> read(std::string_view after, const EntryVisitor& entry) = 0;
};

// A whole new checkpoint, entry by entry; each key once, in any order. Must be gone before the store is used again.
class CheckpointWriter {
 public:
  virtual ~CheckpointWriter() = default;
  virtual Stored<void> put(std::string_view key, std::string_view value) = 0;
  // digest_mismatch: what was put does not make the header's digest.
  virtual Stored<void> finish(const CheckpointHeader& header) = 0;
};

class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;

  virtual std::string_view name() const = 0;

  // Of the checkpoint that is there; nothing when the store is empty.
  virtual Stored<std::optional<CheckpointHeader>> header() = 0;
  // Null when the store is empty. A reader reads on after commits; a rewrite, discard() or close() ends it.
  virtual Stored<std::unique_ptr<CheckpointReader>> reader() = 0;

  // lacks_base: the store is empty.
  virtual Stored<void> commit(const DeltaList& deltas) = 0;
  virtual Stored<std::unique_ptr<CheckpointWriter>> rewrite() = 0;

  // Puts a checkpoint that does not load aside, for people to look at; the store is empty then.
  virtual Stored<void> discard() = 0;
  // Gives up what is held in memory: the next call finds what is on the disk.
  virtual void close() = 0;

  // Fault injection: flips a bit in a stored counter, so that whoever reads finds a mismatch. False: there is none.
  virtual bool damage() = 0;
};

}  // namespace tally
