// SPDX-License-Identifier: Apache-2.0
#include "replica/idempotency.h"

#include <algorithm>

#include "protocol/bytes.h"
#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {
namespace {

std::string entry_key(std::string_view key) {
  std::string bytes(1, entry_type::idempotency_key);
  bytes.append(key);
  return bytes;
}

std::string entry_value(const IdempotencyKeys::Record& record) {
  std::string bytes;
  append_number(bytes, record.operation.high);
  append_number(bytes, record.operation.low);
  append_number(bytes, static_cast<std::uint8_t>(record.answer.status));
  append_number(bytes, record.answer.value);
  append_number(bytes, record.first.value);
  append_number(bytes, record.stored.nanoseconds);
  return bytes;
}

Digest digest_of_entry(std::string_view key, const IdempotencyKeys::Record& record) {
  return entry_digest(entry_key(key), entry_value(record));
}

}  // namespace

Digest same_operation_digest(const Operation& operation) {
  std::string head;
  append_number(head, static_cast<std::uint8_t>(operation.kind));
  append_number(head, operation.kind == OperationKind::remove ? std::int64_t{0} : operation.value);
  return digest_of_parts({head, operation.name});
}

void IdempotencyKeys::expire(ServedTime now) {
  while (!by_age_.empty() && now - by_age_.front()->second.stored >= limits_.idempotency_key_lifetime) {
    const auto& [key, record] = *by_age_.front();
    const Digest digest = digest_of_entry(key, record);
    digest_ -= digest;
    block_digest(expired_) -= digest;
    if (++expired_ % block_keys == 0) block_digests_.pop_front();
    if (by_age_.size() > uncaptured_)
      removed_.push_back(key);
    else
      --uncaptured_;
    by_age_.pop_front();
    keys_.erase(keys_.find(key));
  }
}

const IdempotencyKeys::Record* IdempotencyKeys::find(std::string_view key) const {
  const auto place = keys_.find(key);
  return place == keys_.end() ? nullptr : &place->second;
}

void IdempotencyKeys::store(std::string_view key, const Record& record) {
  const auto [place, is_new] = keys_.emplace(key, record);
  CHECK(is_new);
  const Digest digest = digest_of_entry(key, record);
  digest_ += digest;
  block_digest(expired_ + by_age_.size()) += digest;
  by_age_.push_back(&*place);
  ++uncaptured_;
}

// Of the block that the key of this number is in.
Digest& IdempotencyKeys::block_digest(std::uint64_t number) {
  const std::size_t place = number / block_keys - expired_ / block_keys;
  if (place >= block_digests_.size()) block_digests_.resize(place + 1);
  return block_digests_[place];
}

IdempotencyKeys::Scrubbed IdempotencyKeys::scrub(std::uint64_t& block) {
  block = std::max(block, expired_ / block_keys);
  const std::uint64_t first = std::max(block * block_keys, expired_);
  const std::uint64_t end = std::min((block + 1) * block_keys, expired_ + by_age_.size());
  if (first >= end) return {.end = true};
  Digest sum;
  for (std::uint64_t number = first; number < end; ++number) {
    const auto* entry = by_age_[number - expired_];
    sum += digest_of_entry(entry->first, entry->second);
  }
  ++block;
  Digest& kept = block_digest(first);
  const bool right = sum == kept;
  digest_ -= kept;
  digest_ += sum;
  kept = sum;
  return {.keys = end - first, .right = right};
}

Digest IdempotencyKeys::recomputed_digest() const {
  Digest sum;
  for (const auto* entry : by_age_) sum += digest_of_entry(entry->first, entry->second);
  return sum;
}

void IdempotencyKeys::begin_capture(bool full) {
  if (!full) return;
  uncaptured_ = by_age_.size();
  removed_.clear();
}

std::size_t IdempotencyKeys::capture_some(std::size_t most, EntryChanges& changes) {
  for (; most > 0 && uncaptured_ > 0; --most, --uncaptured_) {
    const auto& [key, record] = *by_age_[by_age_.size() - uncaptured_];
    changes.push_back({entry_key(key), entry_value(record)});
  }
  return uncaptured_;
}

void IdempotencyKeys::end_capture(EntryChanges& changes) {
  capture_some(SIZE_MAX, changes);
  for (const std::string& key : removed_)
    if (!find(key)) changes.push_back({entry_key(key), std::nullopt});
  removed_.clear();
}

bool IdempotencyKeys::restore(std::string_view key, std::string_view value) {
  ByteReader reader(value);
  Record record;
  record.operation.high = reader.number<std::uint64_t>();
  record.operation.low = reader.number<std::uint64_t>();
  record.answer.status = static_cast<OperationStatus>(reader.number<std::uint8_t>());
  record.answer.value = reader.number<std::int64_t>();
  record.first = Sequence(reader.number<std::uint64_t>());
  record.stored = ServedTime{reader.number<std::int64_t>()};
  const bool sensible =
      reader.at_end() && record.stored >= ServedTime() && !key.empty() && key.size() <= limits::idempotency_key_bytes;
  if (!sensible || full() || find(key)) return false;
  store(key, record);
  return true;
}

// Which of two of the same age stands first does not matter: they expire together.
void IdempotencyKeys::finish_restore() {
  std::ranges::sort(by_age_, {}, [](const auto* entry) { return entry->second.stored; });
  uncaptured_ = 0;
  expired_ = 0;
  block_digests_.clear();
  for (std::size_t number = 0; number < by_age_.size(); ++number)
    block_digest(number) += digest_of_entry(by_age_[number]->first, by_age_[number]->second);
}

}  // namespace tally
