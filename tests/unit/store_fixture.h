// SPDX-License-Identifier: Apache-2.0
// What the tests of checkpoint stores share: a state whose checkpoints are stored, and where they are loaded.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "replica/checkpoint_pair.h"
#include "replica/state.h"
#include "replica/stores/rocksdb_store.h"
#include "replica_fixture.h"
#include "temporary_directory.h"

namespace tally::testing {

// A state in the making, and what is captured of it.
struct StateInTheMaking {
  std::unique_ptr<State> state = std::make_unique<State>(StateLimits{}, 1);
  OrderChain chain;
  std::uint64_t number = 0;

  StateInTheMaking() { run({}); }

  // The first order opens the session that all others are of.
  void run(std::vector<OwnedOperation> operations) {
    std::string results;
    const Request next = number == 0 ? open_session() : request(session_named(1), number, operations, number - 1);
    state->apply(chain.next({next}), results);
    ++number;
  }
  CheckpointDelta capture() {
    CheckpointHeader header;
    header.group = GroupId(77);
    header.applied = chain.last;
    header.calendar = CalendarTime{123};
    return state->capture(header);
  }
  std::shared_ptr<const CheckpointDelta> capture_shared() { return std::make_shared<const CheckpointDelta>(capture()); }
};

// Fills a state, as a replica does.
struct Loading {
  std::unique_ptr<State> state;

  CheckpointReceiver receiver() {
    return {[this] { state = std::make_unique<State>(StateLimits{}, 2); },
            [this](std::string_view key, std::string_view value) { return state->restore(key, value); },
            [this](const CheckpointHeader& header) { return state->finish_restore(header); }};
  }
};

inline std::unique_ptr<CheckpointPair> pair_in(const std::filesystem::path& directory) {
  return std::make_unique<CheckpointPair>(std::make_unique<RocksdbStore>(directory / "a"),
                                          std::make_unique<RocksdbStore>(directory / "b"));
}

}  // namespace tally::testing
