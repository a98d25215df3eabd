// SPDX-License-Identifier: Apache-2.0
#include "replica/replica_directory.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "files/directory.h"
#include "files/identity.h"
#include "runtime/clock.h"
#include "runtime/process.h"

namespace tally {
namespace {

constexpr char kind[] = "checkpoints";
constexpr char witness_file[] = "witness";
constexpr char helps[] =
    "; put the newest copy of it back, or move the directory elsewhere: an empty one is filled from the order and the "
    "other replicas";

bool is_empty(const Directory& directory) {
  for (const std::string& name : directory.names())
    if (name != unfinished_identity_file && name != lost_and_found) return false;
  return true;
}

// Reads the newer of two slots, which stand one behind the other. Nothing: neither is whole.
std::optional<WitnessSlot> read_witness(const Directory& directory) {
  std::optional<WitnessSlot> newest;
  if (!directory.has(witness_file)) return newest;
  const auto file = directory.open_to_read(witness_file);
  for (std::uint64_t place = 0; place < 2; ++place) {
    auto slot = decode_witness(file->read(place * witness_slot_bytes, witness_slot_bytes));
    if (slot && (!newest || slot->writing > newest->writing)) newest = std::move(slot);
  }
  return newest;
}

}  // namespace

std::string ReplicaDirectory::role() const { return "replica-" + std::to_string(slot_.replica.value); }

tl::expected<ReplicaDirectory, std::string> ReplicaDirectory::open(std::string path, ReplicaId id) {
  if (const auto complaint = keep_private(path)) return tl::unexpected(*complaint);
  ReplicaDirectory made(std::move(path), id);
  try {
    const auto directory = open_posix_directory(made.path_);
    if (is_empty(*directory)) {
      write_identity(*directory, {kind, 1, made.role(), {}, rfc3339(calendar_now())});
      return made;
    }
  } catch (const std::system_error& error) {
    return tl::unexpected(std::string("the directory of this replica cannot be used: ") + error.what());
  }
  if (const auto complaint = made.read()) return tl::unexpected(*complaint);
  return made;
}

tl::expected<ReplicaDirectory, std::string> ReplicaDirectory::look_at(std::string path, ReplicaId id) {
  ReplicaDirectory made(std::move(path), id);
  if (const auto complaint = made.read()) return tl::unexpected(*complaint);
  return made;
}

std::optional<std::string> ReplicaDirectory::read() {
  try {
    const auto directory = open_posix_directory(path_);
    if (!directory->has(identity_file)) return path_ + " holds something, and no file identity" + helps;
    const auto identity = find_identity(*directory);
    if (!identity) return path_ + "/identity is damaged" + helps;
    if (identity->kind != kind || identity->role != role())
      return path_ + " belongs to " + identity->role + ", and this is " + role() + helps;
    group_ = identity->group;
    auto slot = read_witness(*directory);
    if (!slot) return std::nullopt;  // then nothing is remembered
    if (slot->replica != slot_.replica || (group_.value != 0 && slot->group != group_))
      return path_ + "/witness is of another replica or group" + helps;
    slot_ = std::move(*slot);
    return std::nullopt;
  } catch (const std::system_error& error) {
    return std::string("the directory of this replica cannot be read: ") + error.what();
  }
}

std::optional<std::string> ReplicaDirectory::keep(GroupId group, const Witness& witness) {
  try {
    std::filesystem::create_directories(path_);
    const auto directory = open_posix_directory(path_);
    if (group != group_ || !directory->has(identity_file))
      write_identity(*directory, {kind, 1, role(), group, rfc3339(calendar_now())});
    const bool is_new = !directory->has(witness_file);
    const auto file = is_new ? directory->create(witness_file) : directory->open(witness_file);
    const bool has_more = is_new || group != group_ || witness.states != slot_.witness.states;
    group_ = slot_.group = group;
    slot_.witness = witness;
    slot_.writing += 1;
    file->write(slot_.writing % 2 * witness_slot_bytes, encode_witness(slot_));
    if (has_more) file->sync();
    if (is_new) directory->sync();
    return std::nullopt;
  } catch (const std::system_error& error) {
    return std::string("what this replica remembers cannot be written: ") + error.what();
  }
}

}  // namespace tally
