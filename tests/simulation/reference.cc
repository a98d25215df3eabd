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
    const bool has_list = operations[place].kind == OperationKind::list && operation.status == OperationStatus::ok;
    unsigned status = static_cast<unsigned>(operation.status);
    if (operation.first_sequence) status |= 0x80;
    if (has_list) status |= 0x40;
    append_number(bytes, static_cast<std::uint8_t>(status));
    append_number(bytes, operation.value);
    if (operation.first_sequence) append_number(bytes, operation.first_sequence->value);
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
  served_ = std::max(served_, order.served.nanoseconds);
  if (order.id.sequence == Sequence(1)) key_secret_ = order.key_secret;
  expire();
  Executed executed;
  for (const Request& request : order.requests)
    executed.results.push_back(request.kind == RequestKind::operations ? run_operations(request, order.id.sequence)
                                                                       : encode(run(request, order.id.sequence)));
  executed.tags = tags_;
  return executed;
}

void Reference::expire() {
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

  result.outcome = RequestOutcome::executed;
  for (const Operation& operation : operations)
    result.operations.push_back(run(operation, request.read_only, sequence));
  std::string bytes = encode(result, operations);
  if (!request.read_only) session.results[request.number.value] = {request.read_only, request.operations, bytes};
  return bytes;
}

// ---- one operation

OperationResult Reference::run(const Operation& operation, bool read_only, Sequence sequence) {
  OperationResult result;
  result.status = OperationStatus::malformed;
  const std::string name(operation.name);
  switch (operation.kind) {
    case OperationKind::add:
    case OperationKind::set:
    case OperationKind::remove:
      if (read_only) {
        result.status = OperationStatus::read_only;
        return result;
      }
      return operation.idempotency_key.empty() ? change(operation) : run_keyed(operation, sequence);
    case OperationKind::get: {
      if (!operation.idempotency_key.empty()) return result;
      const auto counter = counters_.find(name);
      if (counter == counters_.end()) {
        if (is_valid_name(name)) result.status = OperationStatus::not_found;
        return result;
      }
      result.status = OperationStatus::ok;
      result.value = counter->second.value;
      return result;
    }
    case OperationKind::list: return list(operation);
    case OperationKind::unspecified: return result;
    default: result.status = OperationStatus::forbidden; return result;  // no operator is simulated
  }
}

OperationResult Reference::change(const Operation& operation) {
  OperationResult result;
  const std::string name(operation.name);
  const auto counter = counters_.find(name);
  const bool exists = counter != counters_.end();
  tags_.push_back(tag_of(operation.value));
  if (!is_valid_name(name)) {
    result.status = OperationStatus::malformed;
    return result;
  }
  if (operation.kind == OperationKind::remove) {
    result.status = exists ? OperationStatus::ok : OperationStatus::not_found;
    if (exists) result.value = counter->second.value;
    if (exists) counters_.erase(counter);
    return result;
  }
  if (!exists &&
      counter_bytes() + limits::counter_overhead_bytes + name.size() > limits_.of(principal_).counter_bytes) {
    result.status = OperationStatus::counters_full;
    return result;
  }
  const __int128 sum =
      (operation.kind == OperationKind::add && exists ? counter->second.value : 0) + __int128{operation.value};
  if (sum > edge || sum < std::numeric_limits<std::int64_t>::min()) {
    result.status = OperationStatus::overflow;
    result.value = counter->second.value;
    return result;
  }
  result.status = OperationStatus::ok;
  result.value = static_cast<std::int64_t>(sum);
  counters_.try_emplace(name, Counter{0, principal_}).first->second.value = result.value;
  return result;
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
  const bool has_value = operation.kind != OperationKind::remove;
  if (const auto found = keys_.find(key); found != keys_.end()) {
    const Key& known = found->second;
    const bool same =
        known.kind == operation.kind && known.name == operation.name && (!has_value || known.value == operation.value);
    if (!same) {
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
  const std::int64_t value = has_value ? operation.value : 0;
  const Digest asked =
      digest_of(packed(static_cast<std::uint8_t>(operation.kind), value) + std::string(operation.name));
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
                                        packed(kept_as.high, kept_as.low, asked.low,
                                               static_cast<std::uint8_t>(result.status), result.value, stored_seconds));
  keys_[key] = {operation.kind, std::string(operation.name), operation.value, result, sequence, served_, digest};
  keys_in_order_.push_back(key);
  mine += 1;
  keys_digest_ += digest;
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
    sum += digest_of_entry('C', name, packed(counter.value, static_cast<std::uint16_t>(counter.maker)));
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
