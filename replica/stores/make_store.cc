// SPDX-License-Identifier: Apache-2.0
#include "replica/stores/make_store.h"

#include "protocol/check.h"
#include "replica/stores/rocksdb_store.h"

namespace tally {

std::unique_ptr<CheckpointStore> make_store(std::string_view engine, const std::filesystem::path& directory) {
  if (engine == "rocksdb") return std::make_unique<RocksdbStore>(directory);
  check_failed("an engine of this name", __FILE__, __LINE__);
}

}  // namespace tally
