// SPDX-License-Identifier: Apache-2.0
// What the files of a group's replicas say while no daemon runs: what each remembers, and its
// checkpoints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "replica/store.h"
#include "replica/witness.h"
#include "runtime/config.h"

namespace tally::cli {

struct StoredCheckpoint {
  std::string path;
  std::string engine;  // of its store: replica/stores/make_store.h
  CheckpointHeader header;
};

struct ReplicaFiles {
  ReplicaId id;
  std::string complaint;  // why nothing of it could be read, or not all; empty if all was
  GroupId group;          // zero: not known
  Witness witness;
  std::vector<StoredCheckpoint> checkpoints;
};

// One for each configured replica, by id.
std::vector<ReplicaFiles> read_replica_files(const Config& config);

// Reads the checkpoint from its beginning to its end. Returns why its entries do not make its
// digest, or nothing if they do.
std::optional<std::string> verify_checkpoint(const StoredCheckpoint& checkpoint);

// A state that enough replicas vouch for, each by what it remembers or by a checkpoint of its own.
struct VouchedState {
  StoredCheckpoint checkpoint;  // one that holds the state
  ReplicaId holder;
  std::vector<ReplicaId> vouchers;
};
// Newest first. `needed`: f+1.
std::vector<VouchedState> vouched_states(const std::vector<ReplicaFiles>& replicas, std::size_t needed);

// The newest order that at least `needed` replicas know to be decided; zero if there is none.
OrderIdentity known_decided(const std::vector<ReplicaFiles>& replicas, std::size_t needed);
Term known_term(const std::vector<ReplicaFiles>& replicas, std::size_t needed);

}  // namespace tally::cli
