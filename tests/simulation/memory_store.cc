// SPDX-License-Identifier: Apache-2.0
#include "simulation/memory_store.h"

#include <iterator>
#include <utility>

namespace tally::simulation {
namespace {

using Kind = StoreError::Kind;

tl::unexpected<StoreError> disk_full() { return store_error(Kind::not_written, "no space left"); }

}  // namespace

// ---- the disk

bool CheckpointDisk::flip_bit(std::uint64_t choice) {
  if (!checkpoint || checkpoint->entries.empty()) return false;
  auto damaged = std::make_shared<Checkpoint>(*checkpoint);
  const auto place = std::next(damaged->entries.begin(), static_cast<std::ptrdiff_t>(choice % damaged->entries.size()));
  if (place->second.empty()) return false;
  place->second[choice % place->second.size()] ^= 1;
  checkpoint = std::move(damaged);
  return true;
}

void CheckpointDisk::lose() {
  checkpoint.reset();
  ++generation;
}

bool CheckpointDisk::takes_write() {
  if (full || writes_left == 0) return false;
  if (writes_left) --*writes_left;
  return true;
}

// ---- reading

class MemoryStore::Reader final : public CheckpointReader {
 public:
  explicit Reader(CheckpointDisk& disk) : disk_(disk), checkpoint_(disk.checkpoint), generation_(disk.generation) {}

  const CheckpointHeader& header() const override { return checkpoint_->header; }

  Stored<bool> read(std::string_view after, const EntryVisitor& entry) override {
    if (disk_.generation != generation_) return store_error(Kind::gone, "the checkpoint was replaced");
    for (auto place = checkpoint_->entries.upper_bound(after); place != checkpoint_->entries.end(); ++place)
      if (!entry(place->first, place->second)) return false;
    return true;
  }

 private:
  CheckpointDisk& disk_;
  std::shared_ptr<const CheckpointDisk::Checkpoint> checkpoint_;
  std::uint64_t generation_;
};

Stored<std::optional<CheckpointHeader>> MemoryStore::header() {
  if (!disk_.checkpoint) return std::nullopt;
  return disk_.checkpoint->header;
}

Stored<std::unique_ptr<CheckpointReader>> MemoryStore::reader() {
  if (!disk_.checkpoint) return nullptr;
  return std::make_unique<Reader>(disk_);
}

// ---- writing

// The digest of what the store will hold is computed from what it holds and from what changes (law
// 10).
Stored<void> MemoryStore::commit(const DeltaList& deltas) {
  if (!disk_.checkpoint) return store_error(Kind::lacks_base, "the store is empty");
  auto next = std::make_shared<CheckpointDisk::Checkpoint>(*disk_.checkpoint);
  Digest sum = next->header.state;
  for (const EntryChange* change : newest_changes(deltas)) {
    if (const auto before = next->entries.find(change->key); before != next->entries.end())
      sum -= entry_digest(before->first, before->second);
    if (change->value) {
      sum += entry_digest(change->key, *change->value);
      next->entries.insert_or_assign(change->key, *change->value);
    } else {
      next->entries.erase(change->key);
    }
  }
  next->header = deltas.back()->header;
  if (sum != next->header.state) return store_error(Kind::digest_mismatch, "the changes do not make the digest");
  if (!disk_.takes_write()) return disk_full();
  disk_.checkpoint = std::move(next);
  return {};
}

class MemoryStore::Writer final : public CheckpointWriter {
 public:
  explicit Writer(CheckpointDisk& disk) : disk_(disk) {}

  Stored<void> put(std::string_view key, std::string_view value) override {
    if (!disk_.takes_write()) return disk_full();
    sum_ += entry_digest(key, value);
    next_->entries.emplace(key, value);
    return {};
  }

  Stored<void> finish(const CheckpointHeader& header) override {
    if (sum_ != header.state) return store_error(Kind::digest_mismatch, "the entries do not make the digest");
    if (!disk_.takes_write()) return disk_full();
    next_->header = header;
    disk_.checkpoint = std::move(next_);
    return {};
  }

 private:
  CheckpointDisk& disk_;
  std::shared_ptr<CheckpointDisk::Checkpoint> next_ = std::make_shared<CheckpointDisk::Checkpoint>();
  Digest sum_;
};

Stored<std::unique_ptr<CheckpointWriter>> MemoryStore::rewrite() {
  if (disk_.writes_left == 0) return disk_full();
  disk_.lose();
  if (!disk_.takes_write()) return disk_full();
  return std::make_unique<Writer>(disk_);
}

Stored<void> MemoryStore::discard() {
  if (disk_.writes_left == 0) return disk_full();
  disk_.lose();
  return {};
}

}  // namespace tally::simulation
