// SPDX-License-Identifier: Apache-2.0
// Makes a checkpoint's seal (CheckpointSeal): SHA-256 over its header
// (replica/checkpoint_header.h), written as that of a checkpoint that was made here, and then over
// its entries in byte order of keys (replica/state_entries.h).
//
// The digest of a state is a sum that is kept while orders are executed, and it tells of faults. It
// does not tell a state from another one that somebody made up so that the sums are equal, for
// which a computer takes seconds. A seal does.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "protocol/messages.h"

namespace tally {

class SealMaker {
 public:
  SealMaker() = default;  // of nothing; it can only be assigned to
  explicit SealMaker(CheckpointHeader header);

  void add(std::string_view key, std::string_view value);
  // To be called once, at the end.
  CheckpointSeal finish();

 private:
  std::unique_ptr<Sha256> hash_;
  CheckpointSeal seal_;
  std::string entry_;
};

}  // namespace tally
