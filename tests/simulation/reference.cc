// SPDX-License-Identifier: Apache-2.0
#include "simulation/reference.h"

#include <algorithm>
#include <limits>

#include "protocol/limits.h"
#include "protocol/operation_codec.h"

namespace tally::simulation {
namespace {

constexpr std::int64_t edge = std::numeric_limits<std::int64_t>::max();

template <class... Numbers>
std::string packed(Numbers... numbers) {
  std::string bytes;
  (append_number(bytes, numbers), ...);
  return bytes;
}

Digest digest_of_entry(char type, const std::string& key, const std::string& value) {
  const auto size = static_cast<std::uint32_t>(1 + key.size());
  return digest_of(packed(size) + type + key + value);
}

// `operations` are those that the results belong to.
std::string encode(const RequestResult& result, const std::vector<Operation>& operations = {}) {
  std::string bytes;
  append_number(bytes, static_cast<std::uint8_t>(result.outcome));
  append_number(bytes, result.sequence.value);
  append_number(bytes, static_cast<std::uint32_t>(result.operations.size()));
  for (std::size_t place = 0; place < result.operations.size(); ++place) {
    const OperationResult& operation = result.operations[place];
    const bool lists = operations[place].kind == OperationKind::list || operations[place].kind == OperationKind::scan;
    const bool has_list = lists && operation.status == OperationStatus::ok;
    unsigned status = static_cast<unsigned>(operation.status);
    if (operation.first_sequence) status |= 0x80;
    if (has_list) status |= 0x40;
    if (operation.detail) status |= 0x20;
    append_number(bytes, static_cast<std::uint8_t>(status));
    append_number(bytes, operation.value);
    if (operation.first_sequence) append_number(bytes, operation.first_sequence->value);
    if (operation.detail)
      bytes += packed(operation.detail->expires_in_ms, operation.detail->expires_at_ms, operation.detail->last_change);
    if (!has_list) continue;
    append_number(bytes, static_cast<std::uint32_t>(operation.listed.size()));
    for (const ListedCounter& counter : operation.listed) {
      append_number(bytes, static_cast<std::uint16_t>(counter.name.size()));
      bytes += counter.name;
      append_number(bytes, counter.value);
    }
  }
  return bytes;
}

}  // namespace

std::int64_t tagged_value(std::uint64_t tag, bool at_the_edge) {
  const auto value = static_cast<std::int64_t>(tag * 4);
  return at_the_edge ? edge - value : tag % 2 == 0 ? value : -value;
}

std::uint64_t tag_of(std::int64_t value) {
  if (value > edge / 2) return static_cast<std::uint64_t>(edge - value) / 4;
  return static_cast<std::uint64_t>(value < 0 ? -value : value) / 4;
}

// ---- one order

Reference::Executed Reference::execute(const Order& order) {
  tags_.clear();
  served_ = order.served.nanoseconds;
  calendar_ = order.calendar.unix_milliseconds;
  if (order.id.sequence == Sequence(1)) key_secret_ = order.key_secret;
  expire();
  Executed executed;
  change_ = order.id.sequence.value * 1024;
  for (const Request& request : order.requests) {
    executed.results.push_back(request.kind == RequestKind::operations ? run_operations(request, order.id.sequence)
                                                                       : encode(run(request, order.id.sequence)));
    ++change_;
  }
  executed.tags = tags_;
  return executed;
}

void Reference::expire() {
  // There are never more counters than one order may remove.
  std::erase_if(counters_, [&](const auto& entry) { return is_over(entry.second.end); });
  // The sessions that expire earliest go first, at most a thousand with each order.
  std::multimap<std::int64_t, SessionId> expiring;
  for (const auto& [id, session] : sessions_) {
    const Duration life = session.used ? limits_.session_lifetime : limits_.unused_session_lifetime;
    expiring.emplace(session.last_activity + life.nanoseconds, id);
  }
  std::size_t dropped = 0;
  for (const auto& [expires, id] : expiring)
    if (expires <= served_ && dropped++ < 1000) sessions_.erase(id);
  while (!keys_in_order_.empty() && is_older(oldest_key(), limits_.idempotency_key_lifetime)) drop_oldest_key();
}

bool Reference::is_older(const Key& key, Duration age) const {
  constexpr std::int64_t second = 1'000'000'000;
  return served_ / second - key.stored / second > age.nanoseconds / second;
}

void Reference::drop_oldest_key() {
  keys_digest_ -= oldest_key().digest;
  keys_of_[keys_in_order_.front().first] -= 1;
  keys_.erase(keys_in_order_.front());
  keys_in_order_.pop_front();
}

RequestResult Reference::run(const Request& request, Sequence sequence) {
  RequestResult result;
  result.sequence = sequence;
  result.outcome = RequestOutcome::malformed;
  if (request.read_only) return result;
  const bool exists = sessions_.contains(request.session);
  if (request.kind == RequestKind::open_session) {
    result.outcome = RequestOutcome::sessions_full;
    const auto of_principal = std::ranges::count_if(
        sessions_, [&](const auto& entry) { return entry.second.principal == request.principal; });
    const bool full = static_cast<std::size_t>(of_principal) >= limits_.of(request.principal).sessions;
    if (!exists && full) return result;
    if (!exists) sessions_[request.session] = {0, served_, request.principal, false, {}};
    result.outcome = RequestOutcome::session_opened;
  } else if (request.kind == RequestKind::close_session) {
    sessions_.erase(request.session);
    result.outcome = exists ? RequestOutcome::session_closed : RequestOutcome::session_expired;
  }
  return result;
}

std::size_t Reference::stored_bytes(Principal principal) const {
  std::size_t bytes = 0;
  for (const auto& [id, session] : sessions_)
    if (session.principal == principal) bytes += session.stored_bytes();
  return bytes;
}

std::size_t Reference::Session::stored_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [number, result] : results) bytes += result.bytes.size();
  return bytes;
}

std::string Reference::run_operations(const Request& request, Sequence sequence) {
  RequestResult result;
  result.sequence = sequence;
  const auto refused = [&](RequestOutcome why) {
    result.outcome = why;
    return encode(result);
  };
  const auto found = sessions_.find(request.session);
  if (found == sessions_.end()) return refused(RequestOutcome::session_expired);
  if (request.acknowledged >= request.number) return refused(RequestOutcome::malformed);
  Session& session = found->second;
  session.acknowledged = std::max(session.acknowledged, request.acknowledged.value);
  std::erase_if(session.results, [&](const auto& entry) { return entry.first <= request.acknowledged.value; });
  // Activity is noted in steps of a sixteenth of the lifetime.
  if (!session.used || served_ - session.last_activity >= (limits_.session_lifetime / 16).nanoseconds)
    session.last_activity = served_;
  session.used = true;

  if (request.number.value <= session.acknowledged) return refused(RequestOutcome::stale);
  const std::size_t most = std::min(request.result_limit, limits::request_result_bytes);
  if (const auto stored = session.results.find(request.number.value); stored != session.results.end()) {
    const Stored& known = stored->second;
    const bool same = known.read_only == request.read_only && known.operations == request.operations;
    if (!same) return refused(RequestOutcome::malformed);
    if (known.bytes.size() > most) return refused(RequestOutcome::results_too_large);
    return known.bytes;
  }
  if (request.number.value - session.acknowledged > limits_.session_window)
    return refused(RequestOutcome::beyond_window);
  std::vector<Operation> operations;
  if (!decode_operations(request.operations, operations) || operations.size() > limits::request_operations)
    return refused(RequestOutcome::malformed);
  const std::size_t worst = worst_result_bytes(operations);
  if (worst > most) return refused(RequestOutcome::results_too_large);
  const bool has_room = session.stored_bytes() + worst <= limits_.session_result_bytes &&
                        stored_bytes(session.principal) + worst <= limits_.of(session.principal).result_bytes;
  if (!request.read_only && !has_room) return refused(RequestOutcome::results_full);
  principal_ = session.principal;
  to_pass_over_ = 0;

  result.outcome = RequestOutcome::executed;
  for (const Operation& operation : operations)
    result.operations.push_back(run(operation, request.read_only, sequence));
  std::string bytes = encode(result, operations);
  if (!request.read_only) session.results[request.number.value] = {request.read_only, request.operations, bytes};
  return bytes;
}

// ---- one operation

namespace {

bool changes_a_counter(OperationKind kind) {
  return kind == OperationKind::add || kind == OperationKind::set || kind == OperationKind::remove ||
         kind == OperationKind::expire;
}

bool is_for_operators(OperationKind kind) {
  return kind == OperationKind::list_sessions || kind == OperationKind::close_session ||
         kind == OperationKind::list_limits || kind == OperationKind::set_limit || kind == OperationKind::clear;
}

// docs/protocol.md: which key, expiry and conditions an operation may have.
bool is_sensible(const Operation& operation) {
  const OperationKind kind = operation.kind;
  const bool adds = kind == OperationKind::add;
  const bool sets = kind == OperationKind::set;
  const bool expires = kind == OperationKind::expire;
  if (!operation.idempotency_key.empty() && !adds && !sets && kind != OperationKind::remove) return false;
  std::uint32_t possible = 0;
  if (sets) possible = 1 + 2;
  if (kind == OperationKind::check) possible = 1 + 2 + 4 + 128;
  if (kind == OperationKind::count) possible = 16;
  if (expires) possible = 8 + 16 + 32 + 64;
  if ((operation.conditions | possible) != possible) return false;
  const bool is_ahead = operation.expiry.milliseconds >= 1;
  switch (operation.expiry.kind) {
    case ExpiryKind::none: return true;
    case ExpiryKind::keep: return sets;
    case ExpiryKind::after: return expires || ((adds || sets) && is_ahead);
    case ExpiryKind::at: return expires || (sets && is_ahead);
    default: return false;
  }
}

OperationResult result_of(OperationStatus status, std::int64_t value = 0) {
  OperationResult result;
  result.status = status;
  result.value = value;
  return result;
}

}  // namespace

OperationResult Reference::run(const Operation& operation, bool read_only, Sequence sequence) {
  if (to_pass_over_ > 0) {
    --to_pass_over_;
    return result_of(OperationStatus::passed_over);
  }
  OperationResult result =
      is_sensible(operation) ? run_known(operation, read_only, sequence) : result_of(OperationStatus::malformed);
  if (operation.kind == OperationKind::check && result.status != OperationStatus::ok) to_pass_over_ = operation.limit;
  const bool is_of_a_counter = changes_a_counter(operation.kind) || operation.kind == OperationKind::get;
  if (!operation.detail || !is_of_a_counter) return result;
  switch (result.status) {
    case OperationStatus::malformed:
    case OperationStatus::key_reused:
    case OperationStatus::keys_full:
    case OperationStatus::read_only: break;
    default: result.detail = detail_of(std::string(operation.name)); break;
  }
  return result;
}

OperationResult Reference::run_known(const Operation& operation, bool read_only, Sequence sequence) {
  if (changes_a_counter(operation.kind)) {
    if (read_only) return result_of(OperationStatus::read_only);
    return operation.idempotency_key.empty() ? change(operation) : run_keyed(operation, sequence);
  }
  if (is_for_operators(operation.kind)) return result_of(OperationStatus::forbidden);  // no operator is simulated
  switch (operation.kind) {
    case OperationKind::get: {
      const auto counter = counters_.find(std::string(operation.name));
      if (counter != counters_.end()) return result_of(OperationStatus::ok, counter->second.value);
      return result_of(is_valid_name(operation.name) ? OperationStatus::not_found : OperationStatus::malformed);
    }
    case OperationKind::list: return list(operation);
    case OperationKind::scan: return scan(operation);
    case OperationKind::check: return check(operation);
    case OperationKind::count:
      return result_of(OperationStatus::ok, std::ranges::count_if(counters_, [&](const auto& entry) {
                         return operation.conditions == 0 || entry.second.end.clock != End::Clock::none;
                       }));
    default: return result_of(OperationStatus::malformed);
  }
}

// ---- when counters end

std::int64_t Reference::now_of(End::Clock clock) const {
  return clock == End::Clock::served ? served_ / 1'000'000 : calendar_;
}

// Nothing: its time is no number of 64 bits.
std::optional<Reference::End> Reference::end_of(const Expiry& expiry) const {
  if (expiry.kind == ExpiryKind::at) return End{End::Clock::calendar, expiry.milliseconds};
  if (expiry.kind != ExpiryKind::after) return End{};
  const __int128 time = __int128{served_ / 1'000'000} + expiry.milliseconds;
  if (time > edge) return std::nullopt;
  return End{End::Clock::served, static_cast<std::int64_t>(time)};
}

__int128 Reference::time_left(const End& end) const {
  constexpr __int128 eternity = __int128{1} << 100;
  return end.clock == End::Clock::none ? eternity : __int128{end.time} - now_of(end.clock);
}

CounterDetail Reference::detail_of(const std::string& name) const {
  CounterDetail detail;
  const auto found = counters_.find(name);
  if (found == counters_.end()) return detail;
  const Counter& counter = found->second;
  detail.last_change = counter.last_change;
  if (counter.end.clock == End::Clock::none) return detail;
  const auto within_64_bits = [](__int128 time) { return time > edge ? edge : static_cast<std::int64_t>(time); };
  detail.expires_in_ms = within_64_bits(time_left(counter.end));
  detail.expires_at_ms = within_64_bits(calendar_ + time_left(counter.end));
  return detail;
}

// ---- changes

OperationResult Reference::change(const Operation& operation) {
  const std::string name(operation.name);
  tags_.push_back(tag_of(operation.value));
  if (!is_valid_name(name)) return result_of(OperationStatus::malformed);
  if (operation.kind == OperationKind::add) return add(operation, name);
  if (operation.kind == OperationKind::set) return set(operation, name);
  if (operation.kind == OperationKind::expire) return expire_counter(operation, name);
  const auto counter = counters_.find(name);
  if (counter == counters_.end()) return result_of(OperationStatus::not_found);
  const std::int64_t value = counter->second.value;
  counters_.erase(counter);
  return result_of(OperationStatus::ok, value);
}

OperationResult Reference::add(const Operation& operation, const std::string& name) {
  const auto end = end_of(operation.expiry);
  if (!end || operation.limit > limits::additions) return result_of(OperationStatus::malformed);
  const auto counter = counters_.find(name);
  const bool exists = counter != counters_.end();
  const std::int64_t before = exists ? counter->second.value : 0;
  const std::uint32_t times = operation.limit == 0 ? 1 : operation.limit;
  __int128 sum = before;
  std::uint32_t done = 0;
  for (; done < times; ++done) {
    const __int128 next = sum + operation.value;
    if (next > edge || next < std::numeric_limits<std::int64_t>::min()) break;
    sum = next;
  }
  if (done == 0) return result_of(OperationStatus::overflow, before);
  OperationResult result = result_of(OperationStatus::ok, static_cast<std::int64_t>(sum));
  if (exists) {
    counter->second.value = result.value;
    counter->second.last_change = change_;
    if (counter->second.end.clock == End::Clock::none) counter->second.end = *end;
  } else {
    result = make(operation, name, result.value);
  }
  const bool is_short = result.status == OperationStatus::ok && done < times;
  return is_short ? result_of(OperationStatus::overflow, before) : result;
}

OperationResult Reference::set(const Operation& operation, const std::string& name) {
  const auto end = end_of(operation.expiry);
  if (!end) return result_of(OperationStatus::malformed);
  const auto counter = counters_.find(name);
  const bool exists = counter != counters_.end();
  const bool wants_missing = operation.conditions & condition::missing;
  const bool wants_present = operation.conditions & condition::present;
  if ((exists && wants_missing) || (!exists && wants_present))
    return result_of(OperationStatus::not_met, exists ? counter->second.value : 0);
  if (is_over(*end)) {
    counters_.erase(name);
  } else if (!exists) {
    return make(operation, name, operation.value);
  } else {
    counter->second.value = operation.value;
    counter->second.last_change = change_;
    if (operation.expiry.kind != ExpiryKind::keep) counter->second.end = *end;
  }
  return result_of(OperationStatus::ok, operation.value);
}

OperationResult Reference::expire_counter(const Operation& operation, const std::string& name) {
  const auto end = end_of(operation.expiry);
  if (!end) return result_of(OperationStatus::malformed);
  const auto found = counters_.find(name);
  if (found == counters_.end()) return result_of(OperationStatus::not_found);
  Counter& counter = found->second;
  const bool ends = counter.end.clock != End::Clock::none;
  const __int128 change = time_left(*end) - time_left(counter.end);
  const auto wants = [&](std::uint32_t bit) { return (operation.conditions & bit) != 0; };
  const std::int64_t value = counter.value;
  if ((wants(condition::without_expiry) && ends) || (wants(condition::with_expiry) && !ends) ||
      (wants(condition::later) && change <= 0) || (wants(condition::sooner) && change >= 0))
    return result_of(OperationStatus::not_met, value);
  const bool changes = ends || end->clock != End::Clock::none;
  counter.end = *end;
  if (changes) counter.last_change = change_;
  if (is_over(*end)) counters_.erase(found);
  return result_of(OperationStatus::ok, value);
}

OperationResult Reference::make(const Operation& operation, const std::string& name, std::int64_t value) {
  if (counter_bytes() + limits::counter_overhead_bytes + name.size() > limits_.of(principal_).counter_bytes)
    return result_of(OperationStatus::counters_full);
  std::uint64_t number = 1;
  for (const auto& [other, counter] : counters_) number = std::max(number, counter.number + 1);
  counters_[name] = {value, principal_, number, change_, *end_of(operation.expiry)};
  return result_of(OperationStatus::ok, value);
}

OperationResult Reference::check(const Operation& operation) const {
  if (!is_valid_name(operation.name)) return result_of(OperationStatus::malformed);
  const auto counter = counters_.find(std::string(operation.name));
  const bool exists = counter != counters_.end();
  const auto seen = static_cast<std::uint64_t>(operation.value);
  const bool is_as_seen = exists ? counter->second.last_change == seen : seen == 0;
  const std::uint32_t asked = operation.conditions;
  const bool fails = ((asked & condition::missing) && exists) || ((asked & condition::present) && !exists) ||
                     ((asked & condition::unchanged) && !is_as_seen) ||
                     ((asked & condition::equal) && !(exists && counter->second.value == operation.value));
  return result_of(fails ? OperationStatus::not_met : OperationStatus::ok, exists ? counter->second.value : 0);
}

std::size_t Reference::counter_bytes() const {
  std::size_t bytes = 0;
  for (const auto& [name, counter] : counters_)
    if (counter.maker == principal_) bytes += limits::counter_overhead_bytes + name.size();
  return bytes;
}

OperationResult Reference::run_keyed(const Operation& operation, Sequence sequence) {
  OperationResult result;
  const std::pair key{principal_, std::string(operation.idempotency_key)};
  result.status = OperationStatus::malformed;
  if (key.second.size() > limits::idempotency_key_bytes || !is_valid_name(operation.name)) return result;
  const Asked asked = asked_by(operation);
  if (const auto found = keys_.find(key); found != keys_.end()) {
    const Key& known = found->second;
    if (known.asked != asked) {
      result.status = OperationStatus::key_reused;
      return result;
    }
    result = known.result;
    result.first_sequence = known.first;
    return result;
  }
  std::size_t& mine = keys_of_[principal_];
  const std::size_t most = limits_.of(principal_).idempotency_keys;
  const auto oldest = std::ranges::find(keys_in_order_, principal_, [](const auto& one) { return one.first; });
  if (mine == most && most > 0 && is_older(keys_.at(*oldest), limits_.idempotency_least)) {
    keys_digest_ -= keys_.at(*oldest).digest;
    keys_.erase(*oldest);
    keys_in_order_.erase(oldest);
    mine -= 1;
  }
  if (mine >= most) {
    result.status = OperationStatus::keys_full;
    return result;
  }
  result = change(operation);
  const bool kept = result.status != OperationStatus::malformed && result.status != OperationStatus::counters_full;
  if (!kept) return result;
  const Digest digest_of_asked =
      digest_of(packed(static_cast<std::uint8_t>(asked.kind), asked.value, static_cast<std::uint8_t>(asked.expiry.kind),
                       asked.expiry.milliseconds, asked.conditions, asked.times) +
                asked.name);
  const Digest kept_as = keyed_digest_of(key_secret_, key.second);
  // The place of the key: its order, and how many keys of this principal came before it in that
  // order. The more significant bytes come first.
  std::uint32_t before = 0;
  for (auto earlier = keys_in_order_.rbegin(); earlier != keys_in_order_.rend(); ++earlier) {
    if (keys_.at(*earlier).first != sequence) break;
    before += earlier->first == principal_ ? 1 : 0;
  }
  const std::string place = packed(__builtin_bswap64(sequence.value), __builtin_bswap32(before));
  const auto stored_seconds = static_cast<std::uint32_t>(served_ / 1'000'000'000);
  const Digest digest = digest_of_entry('K', packed(static_cast<std::uint16_t>(principal_)) + place,
                                        packed(kept_as.high, kept_as.low, digest_of_asked.low,
                                               static_cast<std::uint8_t>(result.status), result.value, stored_seconds));
  keys_[key] = {asked, result, sequence, served_, digest};
  keys_in_order_.push_back(key);
  mine += 1;
  keys_digest_ += digest;
  return result;
}

Reference::Asked Reference::asked_by(const Operation& operation) {
  const bool has_value = operation.kind != OperationKind::remove;
  const std::uint32_t times = operation.limit == 0 ? 1 : operation.limit;
  return {operation.kind,   std::string(operation.name), has_value ? operation.value : 0,
          operation.expiry, operation.conditions,        operation.kind == OperationKind::add ? times : 0};
}

// Goes down from the newest counter below the cursor.
OperationResult Reference::scan(const Operation& operation) const {
  OperationResult result = result_of(OperationStatus::malformed);
  if (operation.limit < 1 || operation.limit > limits::list_entries || operation.value < 0) return result;
  if (!operation.name.empty() || !operation.after.empty()) return result;
  result.status = OperationStatus::ok;
  std::map<std::uint64_t, std::string> names;
  for (const auto& [name, counter] : counters_) names[counter.number] = name;
  for (auto at = names.rbegin(); at != names.rend(); ++at) {
    const auto& [number, name] = *at;
    if (operation.value != 0 && number >= static_cast<std::uint64_t>(operation.value)) continue;
    if (result.listed.size() == operation.limit) {
      result.value = static_cast<std::int64_t>(number) + 1;
      break;
    }
    result.listed.push_back({name, counters_.at(name).value});
  }
  return result;
}

OperationResult Reference::list(const Operation& operation) const {
  OperationResult result;
  result.status = OperationStatus::malformed;
  const bool sensible = operation.idempotency_key.empty() && operation.limit >= 1 &&
                        operation.limit <= limits::list_entries && operation.name.size() <= limits::name_bytes &&
                        operation.after.size() <= limits::name_bytes;
  if (!sensible) return result;
  result.status = OperationStatus::ok;
  for (const auto& [name, counter] : counters_)
    if (name.starts_with(operation.name) && name > operation.after && result.listed.size() < operation.limit)
      result.listed.push_back({name, counter.value});
  result.value = static_cast<std::int64_t>(result.listed.size());
  return result;
}

// ---- the state

Digest Reference::digest() const {
  Digest sum = digest_of_entry('L', {}, limits_entry(limits_));
  sum += digest_of_entry('I', {}, packed(key_secret_.high, key_secret_.low));
  for (const auto& [name, counter] : counters_)
    sum += digest_of_entry(
        'C', name,
        packed(counter.number, counter.value, counter.last_change, counter.end.time,
               static_cast<std::uint16_t>(counter.maker), static_cast<std::uint8_t>(counter.end.clock)));
  for (const auto& [id, session] : sessions_) {
    const std::string name(id.bytes.begin(), id.bytes.end());
    sum +=
        digest_of_entry('S', name,
                        packed(session.acknowledged, session.last_activity,
                               static_cast<std::uint16_t>(session.principal), static_cast<std::uint8_t>(session.used)));
    for (const auto& [number, result] : session.results) {
      const Digest content = digest_of(std::string(1, result.read_only ? 1 : 0) + result.operations);
      sum += digest_of_entry('R', name + packed(number), packed(content.high, content.low) + result.bytes);
    }
  }
  sum += keys_digest_;
  return sum;
}

}  // namespace tally::simulation
