// SPDX-License-Identifier: Apache-2.0
#include "replica/checkpoint_seal.h"

#include "protocol/bytes.h"
#include "replica/checkpoint_header.h"

namespace tally {

SealMaker::SealMaker(CheckpointHeader header) : hash_(std::make_unique<Sha256>()) {
  seal_.checkpoint = header.applied.sequence;
  header.imported = false;
  hash_->update(encode_header(header));
}

void SealMaker::add(std::string_view key, std::string_view value) {
  entry_.clear();
  append_sized(entry_, key);
  append_sized(entry_, value);
  hash_->update(entry_);
  seal_.bytes += entry_.size();
}

CheckpointSeal SealMaker::finish() {
  seal_.digest = hash_->finish();
  return seal_;
}

}  // namespace tally
