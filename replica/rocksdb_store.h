// SPDX-License-Identifier: Apache-2.0
// A checkpoint in RocksDB: one key an entry, the header under a key before all of them, one synced batch a commit.
//
// The directory is opened by the first call that needs it, so a damaged one is an ordinary error of that call.
// discard() renames DIRECTORY to DIRECTORY.damaged (one is kept).
#pragma once

#include <filesystem>
#include <memory>

#include "replica/store.h"

namespace rocksdb {
class DB;
}

namespace tally {

class RocksdbStore final : public CheckpointStore {
 public:
  explicit RocksdbStore(std::filesystem::path directory);
  ~RocksdbStore() override;

  std::string_view name() const override { return "rocksdb"; }
  tl::expected<std::optional<CheckpointHeader>, StoreError> load(const EntryVisitor& entry) override;
  tl::expected<void, StoreError> commit(const CheckpointDelta& delta) override;
  tl::expected<void, StoreError> discard() override;
  bool damage() override;

 private:
  tl::expected<void, StoreError> open();
  tl::expected<std::optional<CheckpointHeader>, StoreError> read_header();
  tl::expected<Digest, StoreError> digest_after(const CheckpointDelta& delta);

  std::filesystem::path directory_;
  std::unique_ptr<rocksdb::DB> database_;
};

}  // namespace tally
