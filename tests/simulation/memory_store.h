// SPDX-License-Identifier: Apache-2.0
// A checkpoint store on a simulated disk. It keeps the promises of replica/store.h, and suffers
// what can happen to a disk.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "replica/store.h"

namespace tally::simulation {

// What is on the disk. It outlives the processes that use it.
struct CheckpointDisk {
  struct Checkpoint {
    CheckpointHeader header;
    std::map<std::string, std::string, std::less<>> entries;
  };
  std::shared_ptr<const Checkpoint> checkpoint;  // always a whole one; null: the store is empty
  std::uint64_t generation = 0;                  // a rewrite makes the next one
  bool full = false;                             // nothing can be written
  // How many writes are left before the power goes; nothing: it does not go.
  std::optional<std::uint64_t> writes_left;

  bool flip_bit(std::uint64_t choice);
  void lose();
  // Whether one more write reaches the disk.
  bool takes_write();
};

class MemoryStore : public CheckpointStore {
 public:
  explicit MemoryStore(CheckpointDisk& disk) : disk_(disk) {}

  std::string_view name() const override { return "memory"; }
  Stored<std::optional<CheckpointHeader>> header() override;
  Stored<std::unique_ptr<CheckpointReader>> reader() override;
  Stored<void> commit(const DeltaList& deltas) override;
  Stored<std::unique_ptr<CheckpointWriter>> rewrite() override;
  Stored<void> discard() override;
  void close() override { ++disk_.generation; }
  bool damage() override { return disk_.flip_bit(0); }

 private:
  class Reader;
  class Writer;
  CheckpointDisk& disk_;
};

}  // namespace tally::simulation
