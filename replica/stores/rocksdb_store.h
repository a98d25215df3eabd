// SPDX-License-Identifier: Apache-2.0
// A checkpoint in RocksDB: one key for each entry, and the header under a key before all of them. A
// commit is one synced batch. A rewrite deletes the directory, writes the entries, and last the
// header.
//
// The directory is opened by the first call that needs it, so a damaged one is an ordinary error of
// that call. A database is made in an empty directory only. discard() renames DIRECTORY to
// DIRECTORY.damaged-1, -2 and so on, up to `most_aside`. When there are so many, what is damaged
// stays where it is until an operator has removed them. While the disk is full, the store is read
// and not written.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "replica/store.h"

namespace rocksdb {
class DB;
class Env;
}  // namespace rocksdb

namespace tally {

class RocksdbStore final : public CheckpointStore {
 public:
  // `environment`: the file system below it, for tests; null: the real one. It outlives this store.
  explicit RocksdbStore(std::filesystem::path directory, rocksdb::Env* environment = nullptr);
  ~RocksdbStore() override;

  std::string_view name() const override { return "rocksdb"; }
  Stored<std::optional<CheckpointHeader>> header() override;
  Stored<std::unique_ptr<CheckpointReader>> reader() override;
  Stored<void> commit(const DeltaList& deltas) override;
  Stored<std::unique_ptr<CheckpointWriter>> rewrite() override;
  Stored<void> discard() override;
  void close() override;
  bool damage() override;

 private:
  static constexpr unsigned most_aside = 4;

  struct Pinned;
  class Reader;
  class Writer;
  // What distinguishes a directory from another one of the same name.
  struct Place {
    std::uint64_t device = 0;
    std::uint64_t number = 0;
    bool operator==(const Place&) const = default;
  };

  std::optional<Place> place() const;
  bool is_empty() const;
  bool is_in_use() const;
  Stored<void> open();
  Stored<void> open_database(bool is_new, bool room);
  Stored<Digest> digest_after(const DeltaList& deltas);

  std::filesystem::path directory_;
  rocksdb::Env* environment_;
  std::unique_ptr<rocksdb::DB> database_;
  std::optional<Place> opened_;
  bool read_only_ = false;                     // there was no room when the database was opened
  std::vector<std::weak_ptr<Pinned>> pinned_;  // what readers hold of the database
};

}  // namespace tally
