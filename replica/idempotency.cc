// SPDX-License-Identifier: Apache-2.0
#include "replica/idempotency.h"

#include <algorithm>

#include "protocol/bytes.h"
#include "protocol/limits.h"
#include "replica/probing.h"

namespace tally {
namespace {

std::uint32_t seconds_of(ServedTime time) { return static_cast<std::uint32_t>(time.nanoseconds / 1'000'000'000); }

// Whole seconds are kept, so that a key may be up to a second younger than it seems.
bool is_older(const IdempotencyKeys::Record& record, ServedTime now, Duration age) {
  return seconds(seconds_of(now) - std::int64_t{record.stored_seconds}) > age;
}

std::string entry_value(const IdempotencyKeys::Record& record) {
  std::string bytes;
  append_digest(bytes, record.key);
  append_number(bytes, record.operation);
  append_number(bytes, static_cast<std::uint8_t>(record.status));
  append_number(bytes, record.value);
  append_number(bytes, record.stored_seconds);
  return bytes;
}

}  // namespace

std::uint64_t same_operation_digest(const Operation& operation) {
  std::string head;
  append_number(head, static_cast<std::uint8_t>(operation.kind));
  append_number(head, operation.kind == OperationKind::remove ? std::int64_t{0} : operation.value);
  append_number(head, static_cast<std::uint8_t>(operation.expiry.kind));
  append_number(head, operation.expiry.milliseconds);
  append_number(head, operation.conditions);
  append_number(head, operation.kind == OperationKind::add ? std::max(operation.limit, 1u) : 0);
  return digest_of_parts({head, operation.name}).low;
}

// Places are big-endian, so that entries lie in their order.
std::string IdempotencyKeys::entry_key(const Record& record) const {
  std::string bytes(1, entry_type::idempotency_key);
  append_number(bytes, static_cast<std::uint16_t>(principal_));
  append_number(bytes, __builtin_bswap64(record.first.value));
  append_number(bytes, __builtin_bswap32(record.place));
  return bytes;
}

Digest IdempotencyKeys::digest_of_entry(const Record& record) const {
  return entry_digest(entry_key(record), entry_value(record));
}

// ---- what there is, and what goes

void IdempotencyKeys::expire(ServedTime now) {
  constexpr int most = 4096;  // in one order
  for (int dropped = 0; dropped < most && size() > 0; ++dropped) {
    // More than the limit are there only after it was made smaller.
    const bool too_many = size() > limits_.of(principal_).idempotency_keys;
    const Duration kept = too_many ? limits_.idempotency_least : limits_.idempotency_key_lifetime;
    if (!is_older(at(first_), now, kept)) return;
    drop_oldest();
  }
}

bool IdempotencyKeys::make_room(ServedTime now) {
  const std::size_t most = limits_.of(principal_).idempotency_keys;
  if (size() == most && most > 0 && is_older(at(first_), now, limits_.idempotency_least)) drop_oldest();
  return size() < most;
}

void IdempotencyKeys::store(const Digest& key, std::uint64_t operation, const CounterResult& answer, Sequence first,
                            ServedTime now) {
  Record record;
  record.key = key;
  record.operation = operation;
  record.value = answer.value;
  record.first = first;
  record.stored_seconds = seconds_of(now);
  const bool is_first_of_order = size() == 0 || at(end_ - 1).first != first;
  // An order has fewer keys than that.
  record.place = is_first_of_order ? 0 : (at(end_ - 1).place + 1) & 0xFFFFFF;
  record.status = static_cast<std::uint8_t>(answer.status);
  append(record);
}

void IdempotencyKeys::append(const Record& record) {
  if (blocks_.empty() || end_ % block_records == 0) blocks_.push_back(std::make_unique<Block>());
  const std::uint64_t number = end_++;
  Block& block = block_of(number);
  block.records[number % block_records] = record;
  const Digest digest = digest_of_entry(record);
  block.digest += digest;
  digest_ += digest;
  index(number);
}

void IdempotencyKeys::drop_oldest() {
  const Record& oldest = at(first_);
  const Digest digest = digest_of_entry(oldest);
  digest_ -= digest;
  block_of(first_).digest -= digest;
  if (first_ < captured_)
    removed_.push_back(entry_key(oldest));
  else
    ++captured_;
  forget(first_);
  if (++first_ % block_records == 0) blocks_.pop_front();
}

// ---- the lookup table

const IdempotencyKeys::Record* IdempotencyKeys::find(const Digest& key) const {
  const Part& part = part_of(key);
  if (part.slots.empty()) return nullptr;
  const std::size_t mask = part.slots.size() - 1;
  for (std::size_t place = key.low & mask; part.slots[place] != 0; place = (place + 1) & mask) {
    const Record& record = at(number_in(part.slots[place]));
    if (record.key == key) return &record;
  }
  return nullptr;
}

// Numbers grow for ever, and slots have 32 bits. There are never so many records at a time that two
// share a slot's number.
std::uint32_t IdempotencyKeys::slot_of(std::uint64_t number) {
  return static_cast<std::uint32_t>(number % UINT32_MAX + 1);
}

std::uint64_t IdempotencyKeys::number_in(std::uint32_t slot) const {
  const std::uint64_t from_first = (slot + std::uint64_t{UINT32_MAX} - slot_of(first_)) % UINT32_MAX;
  return first_ + from_first;
}

void IdempotencyKeys::index(std::uint64_t number) {
  const auto home = [this](std::uint32_t slot) { return at(number_in(slot)).key.low; };
  Part& part = part_of(at(number).key);
  if (part.used + 1 > part.slots.size() / 4 * 3) grow_slots(part.slots, home);
  put_slot(part.slots, slot_of(number), home);
  ++part.used;
}

void IdempotencyKeys::forget(std::uint64_t number) {
  Part& part = part_of(at(number).key);
  erase_slot(part.slots, slot_of(number), [this](std::uint32_t slot) { return at(number_in(slot)).key.low; });
  --part.used;
}

// ---- digests

IdempotencyKeys::Scrubbed IdempotencyKeys::scrub(std::uint64_t& block) {
  block = std::max(block, first_ / block_records);
  const std::uint64_t first = std::max(block * block_records, first_);
  const std::uint64_t end = std::min((block + 1) * block_records, end_);
  if (first >= end) return {.end = true};
  Digest sum;
  for (std::uint64_t number = first; number < end; ++number) sum += digest_of_entry(at(number));
  ++block;
  Digest& kept = block_of(first).digest;
  const bool right = sum == kept;
  digest_ -= kept;
  digest_ += sum;
  kept = sum;
  return {.keys = end - first, .right = right};
}

Digest IdempotencyKeys::recomputed_digest() const {
  Digest sum;
  for (std::uint64_t number = first_; number < end_; ++number) sum += digest_of_entry(at(number));
  return sum;
}

// ---- capture and restore. A place never comes again, so no entry key is both removed and changed.

void IdempotencyKeys::begin_capture(bool full) {
  if (!full) return;
  captured_ = first_;
  removed_.clear();
}

std::size_t IdempotencyKeys::capture_some(std::size_t most, EntryChanges& changes) {
  for (; most > 0 && captured_ < end_; --most, ++captured_)
    changes.push_back({entry_key(at(captured_)), entry_value(at(captured_))});
  return end_ - captured_;
}

void IdempotencyKeys::end_capture(EntryChanges& changes) {
  capture_some(SIZE_MAX, changes);
  for (std::string& key : removed_) changes.push_back({std::move(key), std::nullopt});
  removed_.clear();
}

bool IdempotencyKeys::restore(std::string_view key, std::string_view value) {
  Record record;
  ByteReader place_reader(key);
  record.first = Sequence(__builtin_bswap64(place_reader.number<std::uint64_t>()));
  const std::uint32_t place = __builtin_bswap32(place_reader.number<std::uint32_t>());
  record.place = place & 0xFFFFFF;
  ByteReader reader(value);
  record.key = read_digest(reader);
  record.operation = reader.number<std::uint64_t>();
  record.status = reader.number<std::uint8_t>();
  record.value = reader.number<std::int64_t>();
  record.stored_seconds = reader.number<std::uint32_t>();
  if (!place_reader.at_end() || !reader.at_end() || record.place != place || find(record.key)) return false;
  const auto place_of = [](const Record& of) { return std::pair(of.first, std::uint32_t{of.place}); };
  if (size() > 0) {
    const Record& before = at(end_ - 1);
    if (place_of(before) >= place_of(record) || before.stored_seconds > record.stored_seconds) return false;
  }
  append(record);
  captured_ = end_;
  return true;
}

}  // namespace tally
