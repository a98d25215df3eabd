// SPDX-License-Identifier: Apache-2.0
// The engines that can keep a replica's checkpoints, by the names that the configuration key
// `store` gives them.
//
// An engine is a CheckpointStore (replica/store.h). A new one is a file beside this one, a line in
// make_store.cc and in replica/CMakeLists.txt, and its name among the values of the key in
// runtime/config_table.cc and docs/configuration.md.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "replica/store.h"

namespace tally {

// A store for one checkpoint in this directory; nothing is read or written before its first call.
// Precondition: there is an engine of this name, which reading the configuration has made sure of.
std::unique_ptr<CheckpointStore> make_store(std::string_view engine, const std::filesystem::path& directory);

}  // namespace tally
