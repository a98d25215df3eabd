// SPDX-License-Identifier: Apache-2.0
// A replica's state as bytes: a set of entries, each a key and a value. They are the same bytes
// that the state digest sums over.
//
// The first byte of a key is its type (little-endian numbers, protocol/bytes.h):
//
//   'C' name                          → number u64, value i64, last change u64, when it expires
//                                       i64, maker's principal u16, by which clock u8
//   'I'                               → the secret under which keys are digested, 16 bytes
//   'K' principal u16, and of the order that a key came with first: sequence u64 and place u32,
//       both big-endian               → keyed digest of the key, operation digest u64, status u8,
//                                       value i64, stored u32 (seconds of served time)
//   'L'                               → semantics u32 and the limits (replica/state_limits.h)
//   'R' session's name, number u64    → content_digest of the request, result bytes
//   'S' session's name                → acknowledged u64, last activity i64, principal u16, used u8
//
// Served and calendar time are not entries. They stand in the header, and the digest does not cover
// them, because every order brings them again.
#pragma once

#include <boost/container/deque.hpp>
#include <boost/container/options.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/digest.h"
#include "protocol/ids.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

namespace entry_type {
inline constexpr char counter = 'C';
inline constexpr char key_secret = 'I';
inline constexpr char idempotency_key = 'K';
inline constexpr char limits = 'L';
inline constexpr char stored_result = 'R';
inline constexpr char session = 'S';
}  // namespace entry_type

struct EntryChange {
  std::string key;                   // first byte: the entry's type
  std::optional<std::string> value;  // none: the entry is gone
  auto operator<=>(const EntryChange&) const = default;
};

// There may be millions of changes. The list grows without moving those that it has, because orders
// would wait for that. Its blocks are so large that malloc maps each of them by itself, whether it
// is touched or not, and gives it back as a whole: they are larger than M_MMAP_THRESHOLD ever
// becomes (mallopt(3)).
inline constexpr std::size_t changes_block_bytes = 40u << 20;
using EntryChanges =
    boost::container::deque<EntryChange, void,
                            boost::container::deque_options<boost::container::block_bytes<changes_block_bytes>>::type>;

// What changed since the previous checkpoint, or, if it is `full`, since the empty state. Where a
// key stands twice, the later change counts.
struct CheckpointDelta {
  CheckpointHeader header;
  bool full = false;
  EntryChanges changes;
};

// Deltas one after the other. The header of the last one is that of all of them together.
using DeltaList = std::vector<const CheckpointDelta*>;

// The last change of each key, in byte order of keys.
std::vector<const EntryChange*> newest_changes(const DeltaList& deltas);

// Why a checkpoint was not committed.
enum class CommitFailure {
  not_written,      // the store could not; it holds the previous checkpoint
  digest_mismatch,  // what would be stored has another digest: memory or store is wrong (law 10)
  lacks_base,       // what these changes build on is not in the store any more
};

std::string_view to_string(CommitFailure failure);

// The digest of one entry: of the key with its size before it (u32), and then the value.
Digest entry_digest(std::string_view key, std::string_view value);

}  // namespace tally
