// SPDX-License-Identifier: Apache-2.0
#include "replica/counters.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "protocol/bytes.h"
#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {
namespace {

// Computes entry_digest of one counter for several values: its bytes are laid out once.
class CounterEntry {
 public:
  CounterEntry(std::string_view name, Principal maker) {
    const auto key_size = static_cast<std::uint32_t>(1 + name.size());
    std::memcpy(bytes_, &key_size, sizeof key_size);
    bytes_[sizeof key_size] = entry_type::counter;
    name.copy(bytes_ + sizeof key_size + 1, name.size());
    size_ = sizeof key_size + 1 + name.size();
    std::memcpy(bytes_ + size_ + sizeof(std::int64_t), &maker, sizeof maker);
  }

  Digest digest_with(std::int64_t value) {
    std::memcpy(bytes_ + size_, &value, sizeof value);
    return digest_of({bytes_, size_ + sizeof value + sizeof(Principal)});
  }

 private:
  char bytes_[sizeof(std::uint32_t) + 1 + limits::name_bytes + sizeof(std::int64_t) + sizeof(Principal)];
  std::size_t size_;
};

std::string key_of(std::string_view name) {
  std::string key(1, entry_type::counter);
  key.append(name);
  return key;
}

std::string value_bytes(std::int64_t value, Principal maker) {
  std::string bytes;
  append_number(bytes, value);
  append_number(bytes, static_cast<std::uint16_t>(maker));
  return bytes;
}

std::size_t cost_of(std::string_view name) { return limits::counter_overhead_bytes + name.size(); }

}  // namespace

Counters::Counter* Counters::Counter::make(std::string_view name, std::int64_t value, Principal maker) {
  auto* counter = new (::operator new(sizeof(Counter) + name.size())) Counter;
  counter->value = value;
  counter->maker = maker;
  counter->name_size = name.size() & 0x3FFF;
  name.copy(reinterpret_cast<char*>(counter + 1), name.size());
  return counter;
}

void Counters::Counter::destroy(Counter* counter) {
  counter->~Counter();
  ::operator delete(counter);
}

Counters::Counters(const StateLimits& limits, std::uint64_t hash_seed)
    : limits_(limits), hash_seed_(hash_seed), share_digests_(scrub_steps) {}

Counters::~Counters() { ordered_.clear_and_dispose(&Counter::destroy); }

// ---- operations
// A counter that exists has a valid name, so a name is checked only when it is not found.

CounterResult Counters::add(const Name& name, std::int64_t increment, Principal maker) {
  Counter* counter = find(name);
  if (!counter) return create(name, increment, maker);
  std::int64_t sum;
  if (__builtin_add_overflow(counter->value, increment, &sum)) return {OperationStatus::overflow, counter->value};
  change(name, *counter, sum);
  return {OperationStatus::ok, sum};
}

CounterResult Counters::get(const Name& name) const {
  if (const Counter* counter = find(name)) return {OperationStatus::ok, counter->value};
  return {is_valid_name(name.text) ? OperationStatus::not_found : OperationStatus::malformed};
}

CounterResult Counters::set(const Name& name, std::int64_t value, Principal maker) {
  Counter* counter = find(name);
  if (!counter) return create(name, value, maker);
  change(name, *counter, value);
  return {OperationStatus::ok, value};
}

CounterResult Counters::remove(const Name& name) {
  Counter* counter = find(name);
  if (!counter) return {is_valid_name(name.text) ? OperationStatus::not_found : OperationStatus::malformed};
  if (counter->unsettled) settle();
  const std::int64_t value = counter->value;
  Digest difference;
  difference -= CounterEntry(name.text, counter->maker).digest_with(value);
  bytes_[counter->maker] -= cost_of(name.text);
  add_to_digest(name.hash, difference);
  if (counter->captured) removed_.emplace_back(name.text);
  mark_clean(*counter);
  if (last_changed_ == counter) last_changed_ = nullptr;
  table_.erase(name.hash, counter);
  ordered_.erase_and_dispose(ordered_.iterator_to(*counter), &Counter::destroy);
  return {OperationStatus::ok, value};
}

std::uint32_t Counters::list(const Range& range, std::string& bytes) const {
  auto place = range.after < range.prefix ? ordered_.lower_bound(range.prefix) : ordered_.upper_bound(range.after);
  std::uint32_t entries = 0;
  for (; entries < range.limit && place != ordered_.end() && place->name().starts_with(range.prefix); ++place) {
    append_number(bytes, static_cast<std::uint16_t>(place->name_size));
    bytes.append(place->name());
    append_number(bytes, place->value);
    ++entries;
  }
  return entries;
}

// ---- the table

CounterResult Counters::create(const Name& name, std::int64_t value, Principal maker) {
  if (!is_valid_name(name.text)) return {OperationStatus::malformed};
  if (bytes_[maker] + cost_of(name.text) > limits_.of(maker).counter_bytes)
    return {OperationStatus::counters_full};  // laws 18 and 25
  mark_dirty(*insert(name, value, maker));
  return {OperationStatus::ok, value};
}

Counters::Counter* Counters::insert(const Name& name, std::int64_t value, Principal maker) {
  Counter* counter = Counter::make(name.text, value, maker);
  bytes_[maker] += cost_of(name.text);
  const bool in_order = ordered_.empty() || ordered_.rbegin()->name() < name.text;
  if (in_order)
    ordered_.push_back(*counter);
  else
    ordered_.insert(*counter);
  table_.insert(name.hash, counter);
  add_to_digest(name.hash, CounterEntry(name.text, maker).digest_with(value));
  return counter;
}

void Counters::change(const Name& name, Counter& counter, std::int64_t value) {
  if (!counter.unsettled) unsettled_.push_back({&counter, counter.value, name.hash});
  counter.unsettled = true;
  counter.value = value;
  mark_dirty(counter);
}

// ---- digest

void Counters::settle() {
  constexpr std::size_t ahead = 8;  // other counters have pushed this memory out of the cache
  for (std::size_t place = 0; place < unsettled_.size(); ++place) {
    if (place + ahead < unsettled_.size()) {
      const char* next = reinterpret_cast<const char*>(unsettled_[place + ahead].counter);
      __builtin_prefetch(next);
      __builtin_prefetch(next + sizeof(Counter));
    }
    const Unsettled& change = unsettled_[place];
    CounterEntry entry(change.counter->name(), change.counter->maker);
    Digest difference = entry.digest_with(change.counter->value);
    difference -= entry.digest_with(change.value_before);
    add_to_digest(change.hash, difference);
    change.counter->unsettled = false;
  }
  unsettled_.clear();
}

void Counters::add_to_digest(std::uint64_t hash, const Digest& difference) {
  digest_ += difference;
  share_digests_[NameTable<Counter>::share_of(hash)] += difference;
}

Digest Counters::recomputed_digest() const {
  Digest sum;
  for (const Counter& counter : ordered_) sum += CounterEntry(counter.name(), counter.maker).digest_with(counter.value);
  return sum;
}

Counters::Scrubbed Counters::scrub(std::size_t share) {
  Scrubbed scrubbed;
  Digest sum;
  table_.visit_share(share, [&](const Counter& counter) {
    sum += CounterEntry(counter.name(), counter.maker).digest_with(counter.value);
    ++scrubbed.counters;
  });
  scrubbed.right = sum == share_digests_[share];
  digest_ += sum;
  digest_ -= share_digests_[share];
  share_digests_[share] = sum;
  return scrubbed;
}

// ---- capture and restore

void Counters::mark_dirty(Counter& counter) {
  last_changed_ = &counter;
  if (counter.dirty_place != Counter::clean) return;
  counter.dirty_place = static_cast<std::uint32_t>(dirty_.size());
  dirty_.push_back(&counter);
}

std::vector<Counters::Counter*>& Counters::list_of(const Counter& counter) {
  const std::size_t place = counter.dirty_place;
  return place < captured_next_.size() && captured_next_[place] == &counter ? captured_next_ : dirty_;
}

// The last one of its list takes its place in the list.
void Counters::mark_clean(Counter& counter) {
  if (counter.dirty_place == Counter::clean) return;
  std::vector<Counter*>& list = list_of(counter);
  list[counter.dirty_place] = list.back();
  list[counter.dirty_place]->dirty_place = counter.dirty_place;
  list.pop_back();
  counter.dirty_place = Counter::clean;
}

void Counters::capture(Counter& counter, EntryChanges& changes) {
  changes.push_back({key_of(counter.name()), value_bytes(counter.value, counter.maker)});
  mark_clean(counter);
  counter.captured = true;
}

void Counters::begin_capture(bool full) {
  CHECK(captured_next_.empty());
  capturing_all_ = full;
  captured_through_.clear();
  if (full)
    removed_.clear();
  else
    captured_next_.swap(dirty_);
}

std::size_t Counters::capture_some(std::size_t most, EntryChanges& changes) {
  if (capturing_all_) {
    auto place = ordered_.upper_bound(std::string_view(captured_through_));
    std::size_t count = 0;
    const Counter* last = nullptr;
    for (; count < most && place != ordered_.end(); ++count) {
      last = &*place;
      capture(*place++, changes);
    }
    if (last) captured_through_.assign(last->name());
    capturing_all_ = place != ordered_.end();
    if (capturing_all_) return ordered_.size();  // at most
    captured_next_.swap(dirty_);
  }
  for (; most > 0 && !captured_next_.empty(); --most) capture(*captured_next_.back(), changes);
  if (captured_next_.empty()) captured_next_.swap(dirty_);
  return captured_next_.size() + dirty_.size();
}

void Counters::end_capture(EntryChanges& changes) {
  while (capture_some(SIZE_MAX, changes) > 0) continue;
  for (const std::string& name : removed_)
    if (!find(name_of(name))) changes.push_back({key_of(name), std::nullopt});
  removed_.clear();
}

bool Counters::restore(std::string_view text, std::string_view value) {
  ByteReader reader(value);
  const auto number = reader.number<std::int64_t>();
  const auto maker = static_cast<Principal>(reader.number<std::uint16_t>());
  const Name name = name_of(text);
  if (!reader.at_end() || maker == Principal{} || !is_valid_name(text) || find(name)) return false;
  insert(name, number, maker)->captured = true;
  return true;
}

std::size_t Counters::bytes_of(Principal maker) const {
  const auto account = bytes_.find(maker);
  return account == bytes_.end() ? 0 : account->second;
}

bool Counters::flip_last_changed() {
  if (!last_changed_) return false;
  last_changed_->value ^= 1 << 4;
  return true;
}

}  // namespace tally
