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

std::string key_of(std::string_view name) {
  std::string key(1, entry_type::counter);
  key.append(name);
  return key;
}

std::size_t cost_of(std::string_view name) { return limits::counter_overhead_bytes + name.size(); }

// A new counter, of the longest name, has room when so many others are gone.
constexpr std::size_t enough_for_one = 3;
static_assert(enough_for_one * (limits::counter_overhead_bytes + 1) >=
              limits::counter_overhead_bytes + limits::name_bytes);

void append_listed(std::string& bytes, std::string_view name, std::int64_t value) {
  append_number(bytes, static_cast<std::uint16_t>(name.size()));
  bytes.append(name);
  append_number(bytes, value);
}

bool has_any(std::uint32_t conditions, std::uint32_t of) { return (conditions & of) != 0; }

// More counters are never made. A number and the one after it are also cursors, which are signed.
constexpr std::uint64_t most_number = 1ull << 62;

}  // namespace

// One counter's entry as bytes.
class Counters::Entry {
 public:
  explicit Entry(const Counter& counter) {
    const std::string_view name = counter.name();
    put(static_cast<std::uint32_t>(1 + name.size()));
    put(entry_type::counter);
    name.copy(bytes_ + size_, name.size());
    size_ += name.size();
    key_end_ = size_;
    put(counter.content);
  }

  Digest digest() const { return digest_of({bytes_, size_}); }
  std::string_view value() const { return {bytes_ + key_end_, size_ - key_end_}; }

 private:
  template <class Number>
  void put(Number number) {
    std::memcpy(bytes_ + size_, &number, sizeof number);
    size_ += sizeof number;
  }

  char bytes_[sizeof(std::uint32_t) + 1 + limits::name_bytes + sizeof(Content)];
  std::size_t size_ = 0;
  std::size_t key_end_ = 0;
};

// Precondition: the name is valid.
Counters::Counter* Counters::Counter::make(std::string_view name, const Content& content) {
  auto* counter = new (::operator new(sizeof(Counter) + name.size())) Counter;
  counter->content = content;
  static_assert(limits::name_bytes - 1 <= UINT8_MAX);
  counter->name_size_less_one = static_cast<std::uint8_t>(name.size() - 1);
  name.copy(reinterpret_cast<char*>(counter + 1), name.size());
  return counter;
}

void Counters::Counter::destroy(Counter* counter) {
  counter->~Counter();
  ::operator delete(counter);
}

Counters::Counters(const StateLimits& limits, std::uint64_t hash_seed)
    : limits_(limits), hash_seed_(hash_seed), share_digests_(scrub_steps) {}

Counters::~Counters() {
  numbered_.clear();
  ordered_.clear_and_dispose(&Counter::destroy);
}

// ---- time

void Counters::set_clocks(ServedTime served, CalendarTime calendar) {
  constexpr std::int64_t nanoseconds_of_a_millisecond = 1'000'000;
  served_ms_ = served.nanoseconds / nanoseconds_of_a_millisecond;
  calendar_ms_ = calendar.unix_milliseconds;
}

void Counters::advance(ServedTime served, CalendarTime calendar) {
  set_clocks(served, calendar);
  to_pass_ = limits::passed_counters_per_order;
  to_clear_ = limits::cleared_counters_per_order;
  for (auto& [maker, account] : accounts_) remove_expired(account, limits::expired_counters_per_order);
}

void Counters::remove_expired(Account& account, std::size_t most) {
  for (DueTree& due : account.due) {
    for (; most > 0 && !due.empty() && is_over(due.begin()->counter->deadline()); --most) {
      Counter& counter = *due.begin()->counter;
      erase(name_of(counter.name()), counter);
    }
  }
}

// Negative: it is over. Without a deadline it is the longest time that there is, which is longer
// than any other.
std::int64_t Counters::left_of(const Deadline& deadline) const {
  if (deadline.clock == Clock::none) return INT64_MAX;
  std::int64_t left = 0;
  if (__builtin_sub_overflow(deadline.ms, now_of(deadline.clock), &left))
    left = deadline.ms < 0 ? INT64_MIN : INT64_MAX;
  return std::min(left, INT64_MAX - 1);
}

// Nothing: it is too far away to be counted in milliseconds.
std::optional<Counters::Deadline> Counters::deadline_of(const Expiry& expiry) const {
  switch (expiry.kind) {
    case ExpiryKind::after: {
      std::int64_t end = 0;
      if (__builtin_add_overflow(served_ms_, expiry.milliseconds, &end)) return std::nullopt;
      return Deadline{Clock::served, end};
    }
    case ExpiryKind::at: return Deadline{Clock::calendar, expiry.milliseconds};
    default: return Deadline{};
  }
}

void Counters::put_due(Counter& counter) {
  if (counter.content.clock == Clock::none) return;
  accounts_[counter.content.maker]
      .due_by(counter.content.clock)
      .insert({counter.content.deadline_ms, counter.content.number, &counter});
}

void Counters::set_deadline(Counter& counter, const Deadline& deadline) {
  if (counter.content.clock != Clock::none)
    accounts_[counter.content.maker]
        .due_by(counter.content.clock)
        .erase({counter.content.deadline_ms, counter.content.number, &counter});
  counter.content.clock = deadline.clock;
  counter.content.deadline_ms = deadline.ms;
  put_due(counter);
}

// ---- operations
// A counter that exists has a valid name, so a name is checked only when it is not found.

CounterResult Counters::add(const Operation& operation, const Name& name, const Author& author) {
  const bool is_plain = operation.limit <= 1 && operation.expiry.kind == ExpiryKind::none;
  if (Counter* counter = is_plain ? find(name) : nullptr; counter && !is_over(counter->deadline())) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(counter->content.value, operation.value, &sum))
      return {OperationStatus::overflow, counter->content.value};
    note_change(name, *counter, author.change);
    counter->content.value = sum;
    return {OperationStatus::ok, sum};
  }
  const std::optional<Deadline> deadline = deadline_of(operation.expiry);
  const std::uint32_t times = std::max(operation.limit, 1u);
  if (!deadline || times > limits::additions) return {OperationStatus::malformed};
  Counter* counter = find_to_change(name);
  const std::int64_t before = counter ? counter->content.value : 0;
  const std::uint32_t done = additions_with_room(before, operation.value, times);
  const CounterResult overflow{OperationStatus::overflow, before};
  if (done == 0) return overflow;
  const auto sum = static_cast<std::int64_t>(before + __int128{operation.value} * done);
  if (!counter) {
    const CounterResult created = create(name, sum, *deadline, author);
    return done < times && created.status == OperationStatus::ok ? overflow : created;
  }
  note_change(name, *counter, author.change);
  counter->content.value = sum;
  if (deadline->clock != Clock::none && counter->content.clock == Clock::none) set_deadline(*counter, *deadline);
  return done < times ? overflow : CounterResult{OperationStatus::ok, sum};
}

CounterResult Counters::get(const Name& name) const {
  if (const Counter* counter = find_unexpired(name)) return {OperationStatus::ok, counter->content.value};
  return missing(name);
}

CounterResult Counters::set(const Operation& operation, const Name& name, const Author& author) {
  const std::optional<Deadline> deadline = deadline_of(operation.expiry);
  if (!deadline) return {OperationStatus::malformed};
  Counter* counter = find_to_change(name);
  if (!counter && !is_valid_name(name.text)) return {OperationStatus::malformed};
  if (has_any(operation.conditions, counter ? condition::missing : condition::present))
    return {OperationStatus::not_met, counter ? counter->content.value : 0};
  const CounterResult done{OperationStatus::ok, operation.value};
  if (is_over(*deadline)) {
    if (counter) erase(name, *counter);
    return done;
  }
  if (!counter) return create(name, operation.value, *deadline, author);
  note_change(name, *counter, author.change);
  counter->content.value = operation.value;
  if (operation.expiry.kind != ExpiryKind::keep) set_deadline(*counter, *deadline);
  return done;
}

CounterResult Counters::expire(const Operation& operation, const Name& name, const Author& author) {
  const std::optional<Deadline> deadline = deadline_of(operation.expiry);
  if (!deadline) return {OperationStatus::malformed};
  Counter* counter = find_to_change(name);
  if (!counter) return missing(name);
  const std::int64_t value = counter->content.value;
  const bool has_expiry = counter->content.clock != Clock::none;
  const std::int64_t left = left_of(*deadline);
  const std::int64_t left_before = left_of(counter->deadline());
  const std::uint32_t unmet = (has_expiry ? condition::without_expiry : condition::with_expiry) |
                              (left > left_before ? 0 : condition::later) |
                              (left < left_before ? 0 : condition::sooner);
  if (has_any(operation.conditions, unmet)) return {OperationStatus::not_met, value};
  if (!has_expiry && deadline->clock == Clock::none) return {OperationStatus::ok, value};  // no change
  if (is_over(*deadline)) {
    erase(name, *counter);
    return {OperationStatus::ok, value};
  }
  note_change(name, *counter, author.change);
  set_deadline(*counter, *deadline);
  return {OperationStatus::ok, value};
}

CounterResult Counters::remove(const Name& name) {
  Counter* counter = find_to_change(name);
  if (!counter) return missing(name);
  const std::int64_t value = counter->content.value;
  erase(name, *counter);
  return {OperationStatus::ok, value};
}

CounterResult Counters::check(const Operation& operation, const Name& name) const {
  const Counter* counter = find_unexpired(name);
  if (!counter && !is_valid_name(name.text)) return {OperationStatus::malformed};
  const std::uint64_t change = counter ? counter->content.change : 0;
  std::uint32_t unmet = counter ? condition::missing : condition::present;
  if (change != static_cast<std::uint64_t>(operation.value)) unmet |= condition::unchanged;
  if (!counter || counter->content.value != operation.value) unmet |= condition::equal;
  return {has_any(operation.conditions, unmet) ? OperationStatus::not_met : OperationStatus::ok,
          counter ? counter->content.value : 0};
}

CounterDetail Counters::detail_of(const Name& name) const {
  CounterDetail detail;
  const Counter* counter = find_unexpired(name);
  if (!counter) return detail;
  detail.last_change = counter->content.change;
  if (counter->content.clock == Clock::none) return detail;
  detail.expires_in_ms = left_of(counter->deadline());
  if (counter->content.clock == Clock::calendar)
    detail.expires_at_ms = counter->content.deadline_ms;
  else if (__builtin_add_overflow(calendar_ms_, detail.expires_in_ms, &detail.expires_at_ms))
    detail.expires_at_ms = INT64_MAX;
  return detail;
}

std::optional<std::uint32_t> Counters::list(const Range& range, std::string& bytes) {
  auto place = range.after < range.prefix ? ordered_.lower_bound(range.prefix) : ordered_.upper_bound(range.after);
  std::uint32_t entries = 0;
  for (; entries < range.limit && place != ordered_.end() && place->name().starts_with(range.prefix); ++place) {
    if (is_over(place->deadline())) {
      if (to_pass_ == 0) return std::nullopt;
      --to_pass_;
      continue;
    }
    append_listed(bytes, place->name(), place->content.value);
    ++entries;
  }
  return entries;
}

Counters::Numbered::const_iterator Counters::first_below(std::uint64_t cursor) const {
  return below(cursor == 0 ? numbered_.end() : numbered_.lower_bound(cursor));
}

Counters::Numbered::const_iterator Counters::below(Numbered::const_iterator place) const {
  return place == numbered_.begin() ? numbered_.end() : --place;
}

std::uint64_t Counters::cursor_to(Numbered::const_iterator place) const {
  return place == numbered_.end() ? 0 : place->content.number + 1;
}

Counters::Step Counters::scan(std::uint64_t cursor, std::uint32_t most, std::string& bytes) const {
  Step step;
  auto place = first_below(cursor);
  for (std::uint32_t seen = 0; seen < most && place != numbered_.end(); ++seen, place = below(place)) {
    if (is_over(place->deadline())) continue;
    append_listed(bytes, place->name(), place->content.value);
    ++step.entries;
  }
  step.next = cursor_to(place);
  return step;
}

Counters::Step Counters::clear(std::uint64_t cursor, std::uint32_t most) {
  Step step;
  auto place = first_below(cursor);
  for (; step.entries < most && to_clear_ > 0 && place != numbered_.end(); ++step.entries, --to_clear_) {
    Counter& counter = const_cast<Counter&>(*place);
    place = below(place);
    erase(name_of(counter.name()), counter);
  }
  step.next = cursor_to(place);
  return step;
}

std::size_t Counters::count(bool with_expiry) const {
  std::size_t count = with_expiry ? 0 : size();
  for (const auto& [maker, account] : accounts_) {
    if (with_expiry) count += account.due[0].size() + account.due[1].size();
    count -= account.due[0].order_of_key({served_ms_, UINT64_MAX, nullptr});
    count -= account.due[1].order_of_key({calendar_ms_, UINT64_MAX, nullptr});
  }
  return count;
}

// ---- the table

Counters::Counter* Counters::find_unexpired(const Name& name) const {
  Counter* counter = find(name);
  return counter && !is_over(counter->deadline()) ? counter : nullptr;
}

Counters::Counter* Counters::find_to_change(const Name& name) {
  Counter* counter = find(name);
  if (!counter || !is_over(counter->deadline())) return counter;
  erase(name, *counter);
  return nullptr;
}

CounterResult Counters::missing(const Name& name) const {
  return {is_valid_name(name.text) ? OperationStatus::not_found : OperationStatus::malformed};
}

// Laws 18 and 25. Counters whose time has come keep nobody out.
CounterResult Counters::create(const Name& name, std::int64_t value, const Deadline& deadline, const Author& author) {
  if (!is_valid_name(name.text)) return {OperationStatus::malformed};
  Account& account = accounts_[author.maker];
  const auto is_full = [&] { return account.bytes + cost_of(name.text) > limits_.of(author.maker).counter_bytes; };
  if (is_full()) remove_expired(account, enough_for_one);
  if (is_full()) return {OperationStatus::counters_full};
  Content content;
  content.number = numbered_.empty() ? 1 : numbered_.rbegin()->content.number + 1;
  content.value = value;
  content.change = author.change;
  content.deadline_ms = deadline.ms;
  content.maker = author.maker;
  content.clock = deadline.clock;
  Counter& counter = *Counter::make(name.text, content);
  insert(name, counter);
  numbered_.push_back(counter);
  put_due(counter);
  mark_dirty(counter);
  return {OperationStatus::ok, value};
}

// It gets no place yet by number and by deadline.
void Counters::insert(const Name& name, Counter& counter) {
  accounts_[counter.content.maker].bytes += cost_of(name.text);
  const bool in_order = ordered_.empty() || ordered_.rbegin()->name() < name.text;
  if (in_order)
    ordered_.push_back(counter);
  else
    ordered_.insert(counter);
  table_.insert(name.hash, &counter);
  counter.digest = Entry(counter).digest();
  add_to_digest(name.hash, counter.digest);
}

// `name` may be a view of the counter's own.
void Counters::erase(const Name& name, Counter& counter) {
  if (counter.unsettled) settle();
  Digest difference;
  difference -= counter.digest;
  add_to_digest(name.hash, difference);
  accounts_[counter.content.maker].bytes -= cost_of(name.text);
  if (counter.captured) removed_.emplace_back(name.text);
  mark_clean(counter);
  if (last_changed_ == &counter) last_changed_ = nullptr;
  set_deadline(counter, {});
  table_.erase(name.hash, &counter);
  numbered_.erase(numbered_.iterator_to(counter));
  ordered_.erase_and_dispose(ordered_.iterator_to(counter), &Counter::destroy);
}

void Counters::note_change(const Name& name, Counter& counter, std::uint64_t change) {
  counter.content.change = change;
  if (counter.unsettled)
    last_changed_ = &counter;
  else
    note_first_change(name, counter);
}

// Since settle(). Until then no capture makes the counter clean again.
void Counters::note_first_change(const Name& name, Counter& counter) {
  unsettled_.push_back({&counter, name.hash});
  counter.unsettled = true;
  mark_dirty(counter);
}

// ---- digest

void Counters::settle() {
  constexpr std::size_t ahead = 8;  // other counters have pushed this memory out of the cache
  for (std::size_t place = 0; place < unsettled_.size(); ++place) {
    if (place + ahead < unsettled_.size()) {
      const Counter* next = unsettled_[place + ahead].counter;
      __builtin_prefetch(&next->digest);
      __builtin_prefetch(next + 1);
    }
    Counter& counter = *unsettled_[place].counter;
    Digest difference = Entry(counter).digest();
    difference -= std::exchange(counter.digest, difference);
    add_to_digest(unsettled_[place].hash, difference);
    counter.unsettled = false;
  }
  unsettled_.clear();
}

void Counters::add_to_digest(std::uint64_t hash, const Digest& difference) {
  digest_ += difference;
  share_digests_[Table::share_of(hash)] += difference;
}

Digest Counters::recomputed_digest() const {
  Digest sum;
  for (const Counter& counter : ordered_) sum += Entry(counter).digest();
  return sum;
}

Counters::Scrubbed Counters::scrub(std::size_t share) {
  Scrubbed scrubbed;
  Digest sum;
  table_.visit_share(share, [&](Counter& counter) {
    counter.digest = Entry(counter).digest();
    sum += counter.digest;
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
  counter.dirty_place = dirty_.size() & Counter::clean;
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
  changes.push_back({key_of(counter.name()), std::string(Entry(counter).value())});
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
  constexpr std::size_t most_accounts = 1024;
  Content content;
  if (value.size() != sizeof content || !is_valid_name(text)) return false;
  std::memcpy(&content, value.data(), sizeof content);
  const bool expires_rightly =
      content.clock == Clock::none ? content.deadline_ms == 0 : content.clock <= Clock::calendar;
  const bool has_account = accounts_.contains(content.maker) || accounts_.size() < most_accounts;
  const bool makes_sense = content.number > 0 && content.number <= most_number && content.change > 0 &&
                           content.maker != Principal{} && has_account && expires_rightly;
  const Name name = name_of(text);
  if (!makes_sense || find(name)) return false;
  Counter& counter = *Counter::make(text, content);
  counter.captured = true;
  insert(name, counter);
  restored_.push_back(&counter);
  return true;
}

// Entries come in byte order of names. To put the counters into the order of their numbers one by
// one would take much longer than to sort them.
bool Counters::finish_restore(ServedTime served, CalendarTime calendar) {
  set_clocks(served, calendar);
  const auto number_of = [](const Counter* counter) { return NumberOf()(*counter); };
  std::ranges::sort(restored_, {}, number_of);
  if (std::ranges::adjacent_find(restored_, {}, number_of) != restored_.end()) return false;
  for (Counter* counter : std::exchange(restored_, {})) {
    numbered_.push_back(*counter);
    put_due(*counter);
  }
  return true;
}

std::size_t Counters::bytes_of(Principal maker) const {
  const auto account = accounts_.find(maker);
  return account == accounts_.end() ? 0 : account->second.bytes;
}

bool Counters::flip_last_changed() {
  if (!last_changed_) return false;
  last_changed_->content.value ^= 1 << 4;
  return true;
}

}  // namespace tally
