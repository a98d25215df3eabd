// SPDX-License-Identifier: Apache-2.0
// Where a replica keeps its newest checkpoint. Which engine it is, is each replica's own choice (design diversity).
//
// Invariants
// - A commit happens as a whole or not at all; once it returned, it survives a power cut.
// - Only consistent checkpoints are committed: entry digests are summed up again on the way in and on the way out, and
//   must make the header's state digest (law 10). So a checkpoint that loads is what was captured.
//
// Calls block. One thread at a time, any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "replica/checkpoint.h"

namespace tally {

struct StoreError {
  enum class Kind {
    unusable,         // cannot be opened or read, or what is there is no checkpoint: discard() it
    digest_mismatch,  // load: the entries are not what was committed, discard() it. commit: nothing
                      // was written, since the delta or what is stored is wrong; a full delta may do
    rejected,         // load: the visitor refused an entry
    not_written,      // commit: the previous checkpoint stands
  };
  Kind kind{};
  std::string detail;
};

inline CommitFailure commit_failure(const StoreError& error) {
  return error.kind == StoreError::Kind::digest_mismatch ? CommitFailure::digest_mismatch : CommitFailure::not_written;
}

class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;

  virtual std::string_view name() const = 0;

  // Calls `entry` for each entry in byte order of keys, then returns the header; nothing when the store is empty. What
  // `entry` was given counts only if a header is returned. `entry` returns false to refuse.
  using EntryVisitor = std::function<bool(std::string_view key, std::string_view value)>;
  virtual tl::expected<std::optional<CheckpointHeader>, StoreError> load(const EntryVisitor& entry) = 0;

  // Precondition: `delta` is full, or begins where the committed checkpoint ends.
  virtual tl::expected<void, StoreError> commit(const CheckpointDelta& delta) = 0;

  // Puts a checkpoint that does not load aside, for people to look at; the store is empty then.
  virtual tl::expected<void, StoreError> discard() = 0;

  // Fault injection: flips a bit in a stored counter, so that the next load finds a mismatch. False: there is none.
  virtual bool damage() = 0;
};

}  // namespace tally
