// SPDX-License-Identifier: Apache-2.0
// The journal on RocksDB: one value an order; writes go to its write-ahead log at once, SyncWAL makes them stable.
//
// Orders have a column family of their own, by sequence (big-endian). They only ever grow at its end, so its files do
// not overlap: they are never merged, and those before the cut are deleted as they are. The default family has the
// rest: 'G' group id, 'T' term, 'V' newest view, 'A' newest agreed state.
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "distributor/journal.h"

namespace tally {

// Opens or creates the journal in `directory`. `replicas` must be what its view was made for. The error is a sentence
// for the operator.
tl::expected<std::unique_ptr<Journal>, std::string> open_rocksdb_journal(const std::string& directory,
                                                                         std::uint32_t replicas, GroupId new_group);

}  // namespace tally
