// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/replica_files.h"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "protocol/quorum.h"
#include "replica/replica_directory.h"
#include "replica/stores/make_store.h"

namespace tally::cli {
namespace {

ReplicaFiles read_files(const std::string& path, ReplicaId id, const std::string& engine) {
  ReplicaFiles files;
  files.id = id;
  std::error_code none;
  if (!std::filesystem::exists(path, none)) {
    files.complaint = path + " is not there";
    return files;
  }
  const auto directory = ReplicaDirectory::look_at(path, id);
  if (!directory) {
    files.complaint = directory.error();
    return files;
  }
  files.group = directory->group();
  files.witness = directory->witness();
  for (const char* slot : {"/a", "/b"}) {
    if (!std::filesystem::exists(path + slot, none)) continue;
    const auto header = make_store(engine, path + slot)->header();
    if (!header)
      files.complaint = header.error().detail;
    else if (*header)
      files.checkpoints.push_back({path + slot, engine, **header});
  }
  return files;
}

bool vouches(const ReplicaFiles& replica, const OrderState& state) {
  const auto is_same = [&](const StoredCheckpoint& one) {
    return !one.header.imported && one.header.applied == state.order && one.header.state == state.state;
  };
  return std::ranges::count(replica.witness.states, state) > 0 || std::ranges::any_of(replica.checkpoints, is_same);
}

}  // namespace

std::vector<ReplicaFiles> read_replica_files(const Config& config) {
  std::vector<ReplicaFiles> replicas;
  for (const ReplicaId replica : config.replica_ids())
    replicas.push_back(read_files(config.replica_directory(replica), replica, config.store));
  return replicas;
}

std::optional<std::string> verify_checkpoint(const StoredCheckpoint& checkpoint) {
  const auto store = make_store(checkpoint.engine, checkpoint.path);
  const auto reader = store->reader();
  if (!reader) return reader.error().detail;
  if (!*reader || (*reader)->header() != checkpoint.header) return checkpoint.path + " changed meanwhile";
  Digest sum;
  const auto read = (*reader)->read({}, [&](std::string_view key, std::string_view value) {
    sum += entry_digest(key, value);
    return true;
  });
  if (!read) return read.error().detail;
  if (sum != checkpoint.header.state) return checkpoint.path + " does not make the digest that it is said to have";
  return std::nullopt;
}

std::vector<VouchedState> vouched_states(const std::vector<ReplicaFiles>& replicas, std::size_t needed) {
  std::vector<VouchedState> states;
  for (const ReplicaFiles& holder : replicas) {
    for (const StoredCheckpoint& checkpoint : holder.checkpoints) {
      VouchedState state{checkpoint, holder.id, {}};
      for (const ReplicaFiles& replica : replicas)
        if (vouches(replica, {checkpoint.header.applied, checkpoint.header.state}))
          state.vouchers.push_back(replica.id);
      if (state.vouchers.size() >= needed) states.push_back(std::move(state));
    }
  }
  std::ranges::stable_sort(states, std::greater<>(),
                           [](const VouchedState& state) { return state.checkpoint.header.applied; });
  return states;
}

OrderIdentity known_decided(const std::vector<ReplicaFiles>& replicas, std::size_t needed) {
  std::vector<OrderIdentity> values;
  for (const ReplicaFiles& replica : replicas) {
    values.push_back(replica.witness.decided);
    for (const StoredCheckpoint& checkpoint : replica.checkpoints)
      values.back() = std::max(values.back(), checkpoint.header.applied);
  }
  return claimed_by(needed, std::move(values));
}

Term known_term(const std::vector<ReplicaFiles>& replicas, std::size_t needed) {
  std::vector<Term> values;
  for (const ReplicaFiles& replica : replicas) values.push_back(replica.witness.newest_term);
  return claimed_by(needed, std::move(values));
}

}  // namespace tally::cli
