// SPDX-License-Identifier: Apache-2.0
#include "replica/state.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "protocol/bytes.h"
#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/operation_codec.h"

namespace tally {
namespace {

constexpr unsigned change_request_bits = 10;  // of a change's number: the request's place in its order
constexpr std::string_view limits_key(&entry_type::limits, 1);
constexpr std::string_view key_secret_key(&entry_type::key_secret, 1);

std::string key_secret_value(const Digest& secret) {
  std::string bytes;
  append_digest(bytes, secret);
  return bytes;
}

void append_outcome(std::string& results, RequestOutcome outcome, Sequence sequence) {
  results::append_header(results, outcome, sequence, 0);
}

void append_detail(std::string& results, const CounterDetail& detail) {
  append_number(results, detail.expires_in_ms);
  append_number(results, detail.expires_at_ms);
  append_number(results, detail.last_change);
}

void append_answer(std::string& results, const CounterResult& answer) {
  results::append_operation(results, answer.status, answer.value);
}

// Results that are not worth keeping say nothing about the operation: a retry with the same key may
// fare better.
bool is_worth_keeping(OperationStatus status) {
  return status != OperationStatus::malformed && status != OperationStatus::counters_full;
}

}  // namespace

State::State(const StateLimits& limits, std::uint64_t hash_seed)
    : limits_(limits), limits_entry_(limits_entry(limits)), counters_(limits_, hash_seed), sessions_(limits_) {}

// ---- one order

void State::apply(const Order& order, std::string& results) {
  served_ = order.served;
  if (order.id.sequence == Sequence(1)) key_secret_ = order.key_secret;  // before any checkpoint
  counters_.advance(served_, order.calendar);
  sessions_.expire(served_);                                   // law 18
  for (auto& [principal, keys] : keys_) keys.expire(served_);  // law 19
  // No other request has the same number.
  static_assert(limits::order_requests <= 1 << change_request_bits);
  std::uint64_t change = order.id.sequence.value << change_request_bits;
  for (const Request& request : order.requests) {
    const std::size_t start = results.size();
    append_number(results, std::uint32_t{0});
    if (order.voided)  // law 14: as if it had never been sent
      append_outcome(results, RequestOutcome::voided, order.id.sequence);
    else
      run(request, order.id.sequence, change++, results);
    const auto size = static_cast<std::uint32_t>(results.size() - start - sizeof(std::uint32_t));
    std::memcpy(results.data() + start, &size, sizeof size);
  }
  counters_.settle();
}

void State::run(const Request& request, Sequence sequence, std::uint64_t change, std::string& results) {
  if (request.kind == RequestKind::operations) return run_operations(request, sequence, change, results);
  const auto answer = [&](RequestOutcome outcome) { append_outcome(results, outcome, sequence); };
  // An order without changes is not synced (law 6), so what promised none may not open or close
  // anything.
  if (request.read_only) return answer(RequestOutcome::malformed);
  switch (request.kind) {
    case RequestKind::open_session:
      return answer(sessions_.open(request, served_) ? RequestOutcome::session_opened : RequestOutcome::sessions_full);
    case RequestKind::close_session:
      return answer(sessions_.close(request.session) ? RequestOutcome::session_closed
                                                     : RequestOutcome::session_expired);
    default: return answer(RequestOutcome::malformed);
  }
}

// Law 17: a request is refused, or repeated, or executed and its result kept: all of it or nothing.
void State::run_operations(const Request& request, Sequence sequence, std::uint64_t change, std::string& results) {
  const auto refuse = [&](RequestOutcome outcome) { append_outcome(results, outcome, sequence); };
  const Sessions::Admission admission = sessions_.admit(request, served_);
  if (admission.outcome != RequestOutcome::executed) return refuse(admission.outcome);
  const std::size_t most = std::min(request.result_limit, limits::request_result_bytes);
  if (!admission.stored.empty()) {
    // A repetition may not ask for less room, because its order was bounded by what it asks for
    // (law 7).
    if (admission.stored.size() > most) return refuse(RequestOutcome::results_too_large);
    results.append(admission.stored);
    return;
  }
  if (!decode_operations(request.operations, operations_)) return refuse(RequestOutcome::malformed);
  const std::size_t worst = worst_result_bytes(operations_);
  if (worst > most) return refuse(RequestOutcome::results_too_large);
  if (!request.read_only && !sessions_.has_room_for(admission, worst))
    return refuse(RequestOutcome::results_full);  // laws 18 and 25

  const std::size_t start = results.size();
  results::append_header(results, RequestOutcome::executed, sequence, static_cast<std::uint32_t>(operations_.size()));
  const Counters::Author author{admission.session->second.principal, change};
  execute_all({sequence, request.read_only, request.session, author}, results);
  CHECK(results.size() - start <= worst);
  if (!request.read_only) sessions_.store(admission, request.number, std::string_view(results).substr(start));
}

// ---- operations

// When there are many counters, their memory is far away. So for a block of operations it is
// fetched all at once, and then they are executed.
void State::execute_all(const Frame& frame, std::string& results) {
  constexpr std::size_t block_size = 32;
  std::array<Counters::Name, block_size> names;
  passed_over_ = 0;
  for (std::size_t start = 0; start < operations_.size(); start += block_size) {
    const std::size_t size = std::min(block_size, operations_.size() - start);
    for (std::size_t place = 0; place < size; ++place) {
      names[place] = counters_.name_of(operations_[start + place].name);
      counters_.fetch_slot(names[place]);
    }
    for (std::size_t place = 0; place < size; ++place) counters_.fetch_counter(names[place]);
    for (std::size_t place = 0; place < size; ++place)
      execute(operations_[start + place], names[place], frame, results);
  }
}

void State::execute(const Operation& operation, const Counters::Name& name, const Frame& frame, std::string& results) {
  if (passed_over_ > 0) {
    --passed_over_;
    return append_answer(results, {OperationStatus::passed_over});
  }
  const auto answer = [&](const CounterResult& result) {
    if (operation.detail) return append_with_detail(name, result, results);
    results::append_operation(results, result.status, result.value);
  };
  const bool is_keyed = !operation.idempotency_key.empty();
  const bool is_plain = !is_keyed && operation.expiry.kind == ExpiryKind::none && operation.conditions == 0;
  if (is_plain && operation.kind == OperationKind::add && !frame.read_only)  // as most are
    return answer(counters_.add(operation, name, frame.author));
  if (operation.kind == OperationKind::check) return append_answer(results, check(operation, name));
  if (!is_plain && !has_proper_terms(operation)) return append_answer(results, {OperationStatus::malformed});
  switch (operation.kind) {
    case OperationKind::add:
    case OperationKind::set:
    case OperationKind::remove:
    case OperationKind::expire:
      if (frame.read_only) return append_answer(results, {OperationStatus::read_only});
      if (is_keyed) return execute_keyed(operation, name, frame, results);
      return answer(change(operation, name, frame));
    case OperationKind::get: return answer(counters_.get(name));
    case OperationKind::count:
      return append_answer(
          results, {OperationStatus::ok, static_cast<std::int64_t>(counters_.count(operation.conditions != 0))});
    case OperationKind::list:
    case OperationKind::scan: return list(operation, results);
    case OperationKind::list_sessions:
    case OperationKind::close_session:
    case OperationKind::list_limits:
    case OperationKind::set_limit:
    case OperationKind::clear: return execute_for_operator(operation, frame, results);
    default: return append_answer(results, {OperationStatus::malformed});
  }
}

CounterResult State::change(const Operation& operation, const Counters::Name& name, const Frame& frame) {
  switch (operation.kind) {
    case OperationKind::add: return counters_.add(operation, name, frame.author);
    case OperationKind::set: return counters_.set(operation, name, frame.author);
    case OperationKind::expire: return counters_.expire(operation, name, frame.author);
    default: return counters_.remove(name);
  }
}

// A malformed check holds for nothing: what depends on it is not executed.
CounterResult State::check(const Operation& operation, const Counters::Name& name) {
  const CounterResult answer =
      has_proper_terms(operation) ? counters_.check(operation, name) : CounterResult{OperationStatus::malformed};
  if (answer.status != OperationStatus::ok) passed_over_ = operation.limit;
  return answer;
}

void State::append_with_detail(const Counters::Name& name, const CounterResult& answer, std::string& results) const {
  append_answer(results, answer);
  if (answer.status == OperationStatus::malformed) return;
  results[results.size() - results::operation_bytes] |= static_cast<char>(results::has_detail);
  append_detail(results, counters_.detail_of(name));
}

IdempotencyKeys& State::keys_of(Principal principal) {
  return keys_.try_emplace(principal, principal, limits_).first->second;
}

std::size_t State::idempotency_keys() const {
  std::size_t count = 0;
  for (const auto& [principal, keys] : keys_) count += keys.size();
  return count;
}

// A change that came with an idempotency key (law 19).
void State::execute_keyed(const Operation& operation, const Counters::Name& name, const Frame& frame,
                          std::string& results) {
  if (operation.idempotency_key.size() > limits::idempotency_key_bytes || !is_valid_name(operation.name))
    return append_answer(results, {OperationStatus::malformed});
  IdempotencyKeys& keys = keys_of(frame.author.maker);
  const Digest key = keyed_digest_of(key_secret_, operation.idempotency_key);
  const std::uint64_t same = same_operation_digest(operation);
  if (const IdempotencyKeys::Record* record = keys.find(key)) {
    if (record->operation != same) return append_answer(results, {OperationStatus::key_reused});
    const std::uint8_t has_detail = operation.detail ? results::has_detail : 0;
    append_number(results, static_cast<std::uint8_t>(record->status | results::has_first_sequence | has_detail));
    append_number(results, record->value);
    append_number(results, record->first.value);
    if (operation.detail) append_detail(results, counters_.detail_of(name));
    return;
  }
  // Law 18.
  if (!keys.make_room(served_)) return append_answer(results, {OperationStatus::keys_full});
  const CounterResult answer = change(operation, name, frame);
  if (is_worth_keeping(answer.status)) keys.store(key, same, answer, frame.sequence, served_);
  if (operation.detail) return append_with_detail(name, answer, results);
  append_answer(results, answer);
}

void State::list(const Operation& operation, std::string& results) {
  if (!is_proper_list(operation)) return append_answer(results, {OperationStatus::malformed});
  const std::size_t start = results::begin_list(results);
  if (operation.kind == OperationKind::scan) {
    const auto step = counters_.scan(static_cast<std::uint64_t>(operation.value), operation.limit, results);
    return results::end_list(results, start, step.entries, static_cast<std::int64_t>(step.next));
  }
  const auto entries = counters_.list({operation.name, operation.after, operation.limit}, results);
  if (entries) return results::end_list(results, start, *entries, *entries);
  results.resize(start);
  append_answer(results, {OperationStatus::crowded});
}

// ---- digest

Digest State::digest() const {
  Digest sum = entry_digest(limits_key, limits_entry_);
  sum += entry_digest(key_secret_key, key_secret_value(key_secret_));
  sum += counters_.digest();
  sum += sessions_.digest();
  for (const auto& [principal, keys] : keys_) sum += keys.digest();
  return sum;
}

Digest State::recomputed_digest() const {
  Digest sum = entry_digest(limits_key, limits_entry_);
  sum += entry_digest(key_secret_key, key_secret_value(key_secret_));
  sum += counters_.recomputed_digest();
  sum += sessions_.recomputed_digest();
  for (const auto& [principal, keys] : keys_) sum += keys.recomputed_digest();
  return sum;
}

State::Scrubbed State::scrub_some(std::size_t work) {
  Scrubbed scrubbed;
  ScrubPlace& place = scrub_place_;
  while (place.share < Counters::scrub_steps && scrubbed.work < work) {
    const auto share = counters_.scrub(place.share++);
    scrubbed.work += share.counters;
    scrubbed.right &= share.right;
  }
  if (place.share == Counters::scrub_steps && !place.sessions_done && scrubbed.work < work) {
    const auto some = sessions_.scrub(place.session, work - scrubbed.work);
    scrubbed.work += some.work;
    scrubbed.right &= some.right;
    place.sessions_done = some.end;
  }
  while (place.sessions_done && !scrubbed.pass_ends && scrubbed.work < work) {
    const auto keys = keys_.lower_bound(place.keys_of);
    if (keys == keys_.end()) {
      scrubbed.pass_ends = true;
      break;
    }
    if (keys->first != place.keys_of) place.key_block = 0;
    place.keys_of = keys->first;
    const auto block = keys->second.scrub(place.key_block);
    scrubbed.work += block.keys;
    scrubbed.right &= block.right;
    if (block.end) place.keys_of = static_cast<Principal>(static_cast<std::uint16_t>(place.keys_of) + 1);
  }
  if (scrubbed.pass_ends) place = {};
  return scrubbed;
}

bool State::scrub() {
  scrub_place_ = {};
  return scrub_some(SIZE_MAX).right;
}

// ---- checkpoints

std::size_t State::changes() const {
  std::size_t changes = counters_.changes() + sessions_.changes() + (limits_changed_ ? 1 : 0);
  for (const auto& [principal, keys] : keys_) changes += keys.changes();
  return changes;
}

void State::begin_capture() {
  CheckpointDelta& delta = capturing_.emplace();
  delta.full = std::exchange(next_is_full_, false);
  if (delta.full) {
    delta.changes.push_back({std::string(limits_key), limits_entry_});
    delta.changes.push_back({std::string(key_secret_key), key_secret_value(key_secret_)});
  }
  counters_.begin_capture(delta.full);
  sessions_.begin_capture(delta.full);
  for (auto& [principal, keys] : keys_) keys.begin_capture(delta.full);
}

bool State::capture_some(std::size_t entries) {
  constexpr std::size_t little = 8192;
  if (!capturing_) begin_capture();
  EntryChanges& changes = capturing_->changes;
  const std::size_t end = changes.size() + entries;
  const auto room = [&] { return changes.size() < end ? end - changes.size() : 0; };
  std::size_t left = counters_.capture_some(room(), changes);
  left += sessions_.capture_some(room(), changes);
  for (auto& [principal, keys] : keys_) left += keys.capture_some(room(), changes);
  return left <= little;
}

CheckpointDelta State::capture(CheckpointHeader header) {
  if (!capturing_) begin_capture();
  CheckpointDelta delta = std::move(*capturing_);
  capturing_.reset();
  counters_.end_capture(delta.changes);
  sessions_.end_capture(delta.changes);
  for (auto& [principal, keys] : keys_) keys.end_capture(delta.changes);
  if (std::exchange(limits_changed_, false)) delta.changes.push_back({std::string(limits_key), limits_entry_});
  delta.header = header;
  delta.header.state = digest();
  delta.header.served = served_;
  delta.header.semantics = limits::semantics_version;
  return delta;
}

bool State::restore(std::string_view key, std::string_view value) {
  if (key.empty()) return false;
  const std::string_view rest = key.substr(1);
  switch (key[0]) {
    case entry_type::counter: return counters_.restore(rest, value);
    case entry_type::idempotency_key: return restore_key(rest, value);
    case entry_type::stored_result: return sessions_.restore_result(rest, value);
    case entry_type::session: return sessions_.restore(rest, value);
    case entry_type::limits:
      limits_restored_ = rest.empty() && restore_limits(value, limits_);
      limits_entry_ = limits_entry(limits_);
      return limits_restored_;
    case entry_type::key_secret: {
      ByteReader reader(value);
      key_secret_ = read_digest(reader);
      return rest.empty() && reader.at_end();
    }
    default: return false;
  }
}

bool State::restore_key(std::string_view key, std::string_view value) {
  constexpr std::size_t most_principals = 1024;
  ByteReader reader(key);
  const auto principal = static_cast<Principal>(reader.number<std::uint16_t>());
  if (!reader.ok() || principal == Principal{}) return false;
  if (!keys_.contains(principal) && keys_.size() >= most_principals) return false;
  return keys_of(principal).restore(reader.rest(), value);
}

bool State::finish_restore(const CheckpointHeader& header) {
  served_ = header.served;
  next_is_full_ = false;
  if (!sessions_.finish_restore() || !counters_.finish_restore(served_, header.calendar)) return false;
  return limits_restored_ && digest() == header.state;
}

std::optional<std::int64_t> State::counter(std::string_view name) const {
  const CounterResult answer = counters_.get(counters_.name_of(name));
  if (answer.status != OperationStatus::ok) return std::nullopt;
  return answer.value;
}

}  // namespace tally
