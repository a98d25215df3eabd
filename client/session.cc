// SPDX-License-Identifier: Apache-2.0
// Calls, the requests they travel in, and the clock. What comes in: session_answers.cc.
#include "client/session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/session.h"

namespace tally {
namespace {

constexpr Duration hello_period = milliseconds(250);
constexpr Duration keep_alive_period = limits::session_lifetime / 6;
constexpr Duration first_retry = milliseconds(300);  // without an answer
// After a welcome by a new distributor or comparator: the other one may not know it yet, and drop what we send.
constexpr Duration welcome_retry = milliseconds(30);
constexpr Duration longest_retry = milliseconds(2'000);
constexpr Duration oversleeping = CircuitBreaker::patience / 2;

}  // namespace

std::string_view to_string(CallError error) {
  switch (error) {
    case CallError::none: return "none";
    case CallError::timed_out: return "timed out";
    case CallError::overloaded: return "overloaded";
    case CallError::unavailable: return "unavailable: no majority";
    case CallError::undecided: return "halted: undecided";
    case CallError::draining: return "shutting down";
    case CallError::session_expired: return "session expired";
    case CallError::tables_full: return "tables are full";
    case CallError::malformed: return "malformed";
    case CallError::closed: return "client closed";
  }
  return "unknown";
}

SessionCore::SessionCore(SessionConfig config, Instant now)
    : config_(std::move(config)), next_hello_(now), next_keep_alive_(now + keep_alive_period) {
  CHECK(config_.requests_in_flight >= 1 && config_.requests_in_flight <= limits::session_window);
}

// ---- calls

void SessionCore::submit(CallId call, const std::vector<OwnedOperation>& operations, Instant deadline) {
  std::vector<Operation> views;
  views.reserve(operations.size());
  for (const OwnedOperation& operation : operations) views.push_back(operation.view());
  const std::size_t count = views.size();
  const std::size_t result_bytes = worst_result_bytes(views) - results::header_bytes;
  Call one{call, {}, count, result_bytes, std::ranges::all_of(views, is_read, &Operation::kind), deadline};
  bool possible = count > 0 && count <= limits::request_operations &&
                  result_bytes + results::header_bytes <= limits::request_result_bytes;
  if (possible) one.encoded = config_.encode(views);
  possible = possible && one.encoded.size() <= limits::request_bytes;
  if (!possible) return fail(call, count, CallOutcome::not_applied, CallError::malformed);
  if (phase_ == Phase::closing || phase_ == Phase::closed)
    return fail(call, count, CallOutcome::not_applied, CallError::closed);
  if (waiting_operations_ + count > limits::client_waiting_operations)
    return fail(call, count, CallOutcome::not_applied, CallError::overloaded);
  earliest_deadline_ = std::min(earliest_deadline_, deadline);
  waiting_operations_ += count;
  waiting_.push_back(std::move(one));
}

void SessionCore::fail(CallId call, std::size_t operations, CallOutcome outcome, CallError error) {
  std::vector<Answer> answers(operations);
  for (Answer& answer : answers) {
    answer.outcome = outcome;
    answer.error = error;
  }
  output_.completed.push_back({call, std::move(answers)});
}

void SessionCore::fail_flight(InFlight& flight, CallOutcome outcome, CallError error) {
  for (Part& part : flight.parts)
    if (!std::exchange(part.completed, true)) fail(part.id, part.operations, outcome, error);
}

void SessionCore::fail_waiting(CallError error) {
  for (const Call& call : waiting_) fail(call.id, call.operations, CallOutcome::not_applied, error);
  waiting_.clear();
  waiting_operations_ = 0;
}

void SessionCore::close(Instant now) {
  if (phase_ == Phase::closing || phase_ == Phase::closed) return;
  for (auto& [number, flight] : flights_)
    fail_flight(flight, flight.all_refused() ? CallOutcome::not_applied : CallOutcome::unknown, CallError::closed);
  fail_waiting(CallError::closed);
  flights_.clear();
  const bool open = phase_ == Phase::open;
  phase_ = open ? Phase::closing : Phase::closed;
  if (!open) return;
  InFlight& flight = flights_[next_number_];
  flight.request.kind = RequestKind::close_session;
  flight.request.session = session_;
  flight.request.number = next_number_;
  flight.request.result_limit = results::header_bytes;
  acknowledged_ = RequestNumber(next_number_.value - 1);
  transmit(flight, now);
}

// ---- requests

Duration SessionCore::jittered(Duration pause) const {
  const auto share = static_cast<std::int64_t>(config_.random() % 512);  // 0.75 to 1.25 of the pause
  return pause * (768 + share) / 1024;
}

void SessionCore::transmit(InFlight& flight, Instant now) {
  flight.request.acknowledged = acknowledged_;
  if (flight.pause == Duration{}) flight.pause = first_retry;
  flight.retry = now + jittered(flight.pause);
  output_.to_distributor.emplace_back(ClientRequest{secret_, flight.request});
}

void SessionCore::transmit_again(InFlight& flight, Instant now) {
  flight.request.attempt += 1;
  flight.pause = std::min(flight.pause * 2, is_probe(flight) ? CircuitBreaker::longest_pause : longest_retry);
  transmit(flight, now);
}

void SessionCore::transmit_all_again(Instant now) {
  for (auto& [number, flight] : flights_) {
    flight.pause = welcome_retry / 2;  // it doubles
    transmit_again(flight, now);
  }
}

// Each with a secret of its own, so that nothing of an earlier one is taken for it.
void SessionCore::open_session(Instant now) {
  phase_ = Phase::opening;
  const std::array<std::uint64_t, 2> random{config_.random(), config_.random()};
  static_assert(sizeof random == sizeof secret_.bytes);
  std::memcpy(secret_.bytes.data(), random.data(), sizeof random);
  session_ = session_of(secret_);
  InFlight flight;
  flight.request.kind = RequestKind::open_session;
  flight.request.session = session_;
  flight.request.result_limit = results::header_bytes;
  acknowledged_ = {};
  transmit(flights_.emplace(flight.request.number, std::move(flight)).first->second, now);
}

// As many waiting calls as fit into one request: their encodings, one behind the other, are that of all together.
SessionCore::InFlight SessionCore::next_request() {
  InFlight flight;
  Request& request = flight.request;
  request.read_only = true;
  std::size_t operations = 0;
  std::size_t result_bytes = results::header_bytes;
  const auto fits = [&](const Call& call) {
    return operations + call.operations <= limits::request_operations &&
           request.operations.size() + call.encoded.size() <= limits::request_bytes &&
           result_bytes + call.result_bytes <= limits::request_result_bytes;
  };
  for (; !waiting_.empty() && fits(waiting_.front()); waiting_.pop_front()) {
    Call& call = waiting_.front();
    operations += call.operations;
    result_bytes += call.result_bytes;
    request.read_only = request.read_only && call.read_only;
    if (request.operations.empty())
      request.operations = std::move(call.encoded);
    else
      request.operations += call.encoded;
    flight.parts.push_back({call.id, call.operations, call.deadline});
  }
  waiting_operations_ -= operations;
  request.session = session_;
  request.number = next_number_;
  request.result_limit = static_cast<std::uint32_t>(result_bytes);
  next_number_ = next_number_.next();
  return flight;
}

void SessionCore::fill_requests(Instant now) {
  const auto window_open = [this] { return next_number_.value <= acknowledged_.value + limits::session_window; };
  while (phase_ == Phase::open && !waiting_.empty() && flights_.size() < config_.requests_in_flight && window_open()) {
    InFlight flight = next_request();
    next_keep_alive_ = now + keep_alive_period;
    transmit(flights_.emplace(flight.request.number, std::move(flight)).first->second, now);
  }
}

// The request is answered or given up; the watermark follows.
void SessionCore::finish(RequestNumber number) {
  flights_.erase(number);
  acknowledged_ = RequestNumber((flights_.empty() ? next_number_ : flights_.begin()->first).value - 1);
}

// ---- the clock

bool SessionCore::any_call_expired(Instant now) const {
  const auto expired = [now](const Call& call) { return call.deadline <= now; };
  const auto expired_part = [now](const Part& part) { return !part.completed && part.deadline <= now; };
  return earliest_deadline_ <= now &&
         (std::ranges::any_of(waiting_, expired) || std::ranges::any_of(flights_, [&](const auto& flight) {
            return std::ranges::any_of(flight.second.parts, expired_part);
          }));
}

void SessionCore::expire_calls(Instant now) {
  if (earliest_deadline_ > now) return;
  earliest_deadline_ = Instant::never();
  std::erase_if(waiting_, [&](const Call& call) {
    if (call.deadline > now) {
      earliest_deadline_ = std::min(earliest_deadline_, call.deadline);
      return false;
    }
    waiting_operations_ -= call.operations;
    fail(call.id, call.operations, CallOutcome::not_applied, CallError::timed_out);
    return true;
  });
  for (auto flight = flights_.begin(); flight != flights_.end();) {
    const RequestNumber number = flight->first;
    const bool needed = expire_parts((flight++)->second, now);
    if (!needed) finish(number);
  }
}

// Whether the request is still needed. If so, it is sent again, with all that is in it: then what was refused so far
// tells nothing of a call whose time is up.
bool SessionCore::expire_parts(InFlight& flight, Instant now) {
  const auto is_waited_for = [now](const Part& part) { return !part.completed && part.deadline > now; };
  const bool needed = flight.is_own() || std::ranges::any_of(flight.parts, is_waited_for);
  const bool not_applied = flight.all_refused() && !needed;
  const CallError error = not_applied ? flight.last_refusal.value_or(CallError::timed_out) : CallError::timed_out;
  for (Part& part : flight.parts) {
    if (part.completed) continue;
    if (part.deadline > now) {
      earliest_deadline_ = std::min(earliest_deadline_, part.deadline);
      continue;
    }
    part.completed = true;
    fail(part.id, part.operations, not_applied ? CallOutcome::not_applied : CallOutcome::unknown, error);
  }
  return needed;
}

void SessionCore::retry_flights(Instant now) {
  for (auto& [number, flight] : flights_)
    if (flight.retry <= now) transmit_again(flight, now);
}

void SessionCore::say_hello(Instant now) {
  const bool known = distributor_known_ && comparator_known_;
  if (known || next_hello_ > now) return;
  next_hello_ = now + hello_period;
  if (!distributor_known_) output_.to_distributor.emplace_back(ClientHello{config_.incarnation});
  if (!comparator_known_) output_.to_comparator.emplace_back(ClientHello{config_.incarnation});
}

// Every request does it by the way.
bool SessionCore::needs_keep_alive() const { return phase_ == Phase::open && waiting_.empty() && flights_.empty(); }

// For calls, as a probe, or to learn whether there is room for one.
bool SessionCore::needs_session() const {
  const bool wanted = !waiting_.empty() || !available() || config_.opens_at_once;
  return phase_ == Phase::connecting && comparator_known_ && wanted;
}

// Whoever wakes up late judges nobody by what it slept through.
void SessionCore::notice_time(Instant now) {
  if (now - planned_turn_ > oversleeping) breaker_.woke_late();
  if (!waiting_.empty() || !flights_.empty()) breaker_.somebody_waits(now);
}

void SessionCore::tick(Instant now) {
  notice_time(now);
  say_hello(now);
  if (any_call_expired(now) && breaker_.timed_out(now)) begin_probing(now);
  expire_calls(now);
  if (!breaker_.closed()) fail_waiting(breaker_.error());
  retry_flights(now);
  if (needs_session() && next_session_ <= now) open_session(now);
  if (needs_keep_alive() && next_keep_alive_ <= now) {
    next_keep_alive_ = now + keep_alive_period;
    InFlight flight = next_request();  // empty: touches the session, changes nothing
    transmit(flights_.emplace(flight.request.number, std::move(flight)).first->second, now);
  }
  fill_requests(now);
  planned_turn_ = next_deadline();
}

Instant SessionCore::next_deadline() const {
  Instant next = needs_keep_alive() ? std::min(earliest_deadline_, next_keep_alive_) : earliest_deadline_;
  if (!distributor_known_ || !comparator_known_) next = std::min(next, next_hello_);
  if (needs_session()) next = std::min(next, next_session_);
  for (const auto& [number, flight] : flights_) next = std::min(next, flight.retry);
  return next;
}

SessionOutput SessionCore::take_output() { return std::exchange(output_, {}); }

}  // namespace tally
