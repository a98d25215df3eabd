// SPDX-License-Identifier: Apache-2.0
// The journal on RocksDB: one value an order; writes go to its write-ahead log at once, SyncWAL makes them stable.
//
// Keys: 'G' group id, 'T' term, 'V' newest view, 'O' + sequence (big-endian) an order.
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
