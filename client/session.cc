// SPDX-License-Identifier: Apache-2.0
#include "client/session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {
namespace {

// After a welcome by a new distributor or comparator: the other one may not know of it yet, and
// drop what we send.
constexpr Duration welcome_retry = milliseconds(30);
constexpr Duration longest_retry = milliseconds(2'000);
constexpr Duration connection_retry = milliseconds(10);
constexpr Duration refusal_retry = milliseconds(5);    // doubled for each attempt
constexpr Duration session_retry = milliseconds(250);  // after a session could not be opened
constexpr Duration oversleeping = CircuitBreaker::patience / 2;

CallError error_of(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::overloaded: return CallError::overloaded;
    case RefusalReason::unavailable: return CallError::unavailable;
    case RefusalReason::undecided: return CallError::undecided;
    case RefusalReason::draining: return CallError::draining;
    case RefusalReason::malformed: return CallError::malformed;
  }
  return CallError::unavailable;
}

// A distributor that drains does not say so.
bool says_no_majority(CallError error) { return error == CallError::unavailable || error == CallError::undecided; }

}  // namespace

SessionCore::SessionCore(SessionConfig config, Instant now)
    : requests_in_flight_(config.requests_in_flight),
      opens_at_once_(config.opens_at_once),
      random_(std::move(config.random)),
      peers_(config.incarnation, now) {
  CHECK(requests_in_flight_ >= 1 && requests_in_flight_ <= limits::session_window);
}

// ---- calls, and the requests that they travel in

void SessionCore::submit(CallId call, const std::vector<OwnedOperation>& operations, Instant deadline) {
  const bool closes = life_.is_closing() || life_.has_ended();
  const CallError error = closes ? CallError::closed : waiting_.add(call, operations, deadline);
  if (error == CallError::none) return;
  output_.completed.push_back({call, failed_answers(operations.size(), CallOutcome::not_applied, error)});
}

// Without calls: it opens or closes the session, or touches it and changes nothing.
Request SessionCore::own_request(RequestKind kind) const {
  Request request;
  request.kind = kind;
  request.session = life_.name();
  request.read_only = kind == RequestKind::operations;
  request.result_limit = results::header_bytes;
  return request;
}

void SessionCore::fill_requests(Instant now) {
  while (life_.is_open() && !waiting_.empty() && flights_.size() < requests_in_flight_ && flights_.window_is_open()) {
    Batch batch = waiting_.take_batch();
    Request request;
    request.session = life_.name();
    request.read_only = batch.read_only;
    request.result_limit = batch.result_limit;
    request.operations = std::move(batch.operations);
    life_.used(now);
    transmit(flights_.add(std::move(request), std::move(batch.parts)), now);
  }
}

// Many clients that were disturbed at the same time do not all come back at the same time.
Duration SessionCore::jittered(Duration pause) const {
  const auto share = static_cast<std::int64_t>(random_() % 512);  // 0.75 to 1.25 of the pause
  return pause * (768 + share) / 1024;
}

void SessionCore::transmit(Flight& flight, Instant now) {
  const Instant retry = now + jittered(flight.pause());
  output_.to_distributor.emplace_back(ClientRequest{life_.secret(), flight.transmit(flights_.acknowledged(), retry)});
}

void SessionCore::transmit_again(Flight& flight, Instant now) {
  flight.begin_next_attempt(is_probe(flight) ? CircuitBreaker::longest_pause : longest_retry);
  transmit(flight, now);
}

void SessionCore::transmit_all_again(Instant now) {
  for (auto& [number, flight] : flights_) {
    flight.set_pause(welcome_retry / 2);  // it doubles
    transmit_again(flight, now);
  }
}

// ---- the session itself

void SessionCore::open_session(Instant now) {
  const std::array<std::uint64_t, 2> random{random_(), random_()};
  SessionSecret secret;
  static_assert(sizeof random == sizeof secret.bytes);
  std::memcpy(secret.bytes.data(), random.data(), sizeof random);
  life_.begin_opening(secret);
  flights_.begin_session();
  transmit(flights_.add(own_request(RequestKind::open_session), {}), now);
}

void SessionCore::close(Instant now) {
  if (life_.is_closing() || life_.has_ended()) return;
  flights_.give_up(CallError::closed, std::nullopt, output_.completed);
  waiting_.fail_all(CallError::closed, output_.completed);
  if (!life_.is_open()) return life_.end();
  life_.begin_closing();
  transmit(flights_.add(own_request(RequestKind::close_session), {}), now);
}

// The session's opening or closing is decided.
void SessionCore::session_answered(const Decision& decision, Instant now) {
  const auto result = results::decode(decision.result);
  if (life_.is_closing()) {
    flights_.clear();
    return life_.end();
  }
  if (!result || result->outcome != RequestOutcome::session_opened) {
    life_.deny();
    return session_refused(CallError::tables_full, now);
  }
  flights_.clear();
  life_.opened(now);
}

void SessionCore::session_refused(CallError error, Instant now) {
  flights_.clear();
  life_.not_opened(now + jittered(session_retry));
  waiting_.fail_all(error, output_.completed);
}

// What was sent before must not be sent in another session, but what only waited may (law 18).
// Nothing is known of the requests in flight, except for the one that was told so.
void SessionCore::session_lost(RequestNumber told, Instant now) {
  flights_.give_up(CallError::session_expired, told, output_.completed);
  open_session(now);
}

// Calls, probes, and whoever asks whether there is room need one.
bool SessionCore::needs_session() const {
  const bool wanted = !waiting_.empty() || !available() || opens_at_once_;
  return life_.is_absent() && peers_.comparator_is_known() && wanted;
}

// Every request keeps the session alive by the way.
bool SessionCore::needs_keep_alive() const { return life_.is_open() && waiting_.empty() && flights_.empty(); }

// ---- what comes in

void SessionCore::receive(Message& message, Instant now) {
  if (auto* decisions = std::get_if<Decisions>(&message)) return receive(*decisions, now);
  if (const auto* refusal = std::get_if<Refusal>(&message)) return receive(*refusal, now);
  if (const auto* welcome = std::get_if<DistributorWelcome>(&message)) return receive(*welcome, now);
  if (const auto* welcome = std::get_if<ComparatorWelcome>(&message)) return receive(*welcome, now);
  if (const auto* status = std::get_if<ClusterStatus>(&message)) return receive(*status, now);
}

void SessionCore::receive(const DistributorWelcome& welcome, Instant now) {
  const Peers::Life life = peers_.receive(welcome);
  if (life == Peers::Life::next || (life == Peers::Life::same && !breaker_.closed())) transmit_all_again(now);
}

void SessionCore::receive(const ComparatorWelcome& welcome, Instant now) {
  const Peers::Life life = peers_.receive(welcome);
  if (life == Peers::Life::next || !breaker_.closed()) transmit_all_again(now);
}

void SessionCore::receive(const ClusterStatus& status, Instant now) {
  const bool decides = status.state == GroupState::ok || status.state == GroupState::degraded;
  Flight* const probe = decides && !breaker_.closed() ? flights_.own() : nullptr;
  if (probe) probe->retry_at(now);
}

void SessionCore::receive(const Refusal& refusal, Instant now) {
  Flight* const flight = flights_.find(refusal.session, refusal.number);
  const CallError error = error_of(refusal.reason);
  if (!flight || !flight->refused(refusal.attempt, error)) return;
  const bool opens = says_no_majority(error) && breaker_.refused(error, flight->was_never_ordered(), now);
  refused(*flight, error, now);
  if (opens) begin_probing(now);
}

void SessionCore::refused(Flight& flight, CallError error, Instant now) {
  if (is_probe(flight) && !life_.is_closing()) return;  // the next one is due after its pause
  // The successor of a distributor that drains is there in a moment, but a client that goes does
  // not wait for it.
  const bool has_successor = error == CallError::draining && !life_.is_closing();
  const bool may_change_soon = error == CallError::overloaded || has_successor;
  if (may_change_soon || !flight.was_never_ordered()) {
    const std::uint32_t doublings = std::min(flight.request().attempt, 8u);
    return flight.retry_at(now + jittered(refusal_retry * (std::int64_t{1} << doublings)));
  }
  if (life_.is_closing()) {
    flights_.clear();
    return life_.end();
  }
  if (life_.is_opening()) return session_refused(error, now);
  flight.fail(CallOutcome::not_applied, error, output_.completed);
  flights_.finish(flight.request().number);
}

void SessionCore::not_sent(const Request& request, Instant now) {
  Flight* const flight = flights_.find(request.session, request.number);
  if (!flight) return;
  flight->not_sent(request.attempt);
  if (is_probe(*flight)) return;
  const bool urgent = !flight->is_own() || !waiting_.empty() || life_.is_closing();
  flight->retry_at(now + jittered(urgent ? connection_retry : session_retry));
}

// The breaker comes last, because its probe may be what the decision is on.
void SessionCore::receive(Decisions& decisions, Instant now) {
  for (const Decision& decision : decisions.decisions)
    if (Flight* const flight = flights_.find(decision.session, decision.number)) decide(*flight, decision, now);
  if (!decisions.decisions.empty() && breaker_.decided()) end_probing(now);
}

void SessionCore::decide(Flight& flight, const Decision& decision, Instant now) {
  if (flight.request().kind != RequestKind::operations) return session_answered(decision, now);
  const auto result = results::decode(decision.result);
  if (!result) return;  // not what f+1 replicas of this version say
  // Another transmission may be executed yet.
  const CallOutcome outcome = flight.request().attempt == 1 ? CallOutcome::not_applied : CallOutcome::unknown;
  switch (result->outcome) {
    case RequestOutcome::executed: flight.complete(*result, decision.votes, output_.completed); break;
    case RequestOutcome::session_expired:
    // The next two make no sense as an answer to our own numbers. So what the group has under this
    // name is not our session any more.
    case RequestOutcome::stale:
    case RequestOutcome::beyond_window: return session_lost(decision.number, now);
    case RequestOutcome::results_full:
    case RequestOutcome::sessions_full: flight.fail(outcome, CallError::tables_full, output_.completed); break;
    default: flight.fail(outcome, CallError::malformed, output_.completed); break;
  }
  flights_.finish(decision.number);
}

// ---- the circuit breaker

// The breaker has opened. What was never ordered fails, and what may have been goes on. The
// session's own request that is in flight already serves as the probe; while there is no session,
// its opening will (see tick).
void SessionCore::begin_probing(Instant now) {
  waiting_.fail_all(breaker_.error(), output_.completed);
  flights_.fail_never_ordered(breaker_.error(), output_.completed);
  Flight* probe = flights_.own();
  if (!probe && !life_.is_open()) return;
  if (!probe) {
    Request request = own_request(RequestKind::operations);
    request.attempt = 0;  // it is not sent yet
    probe = &flights_.add(std::move(request), {});
  }
  probe->set_pause(CircuitBreaker::first_pause);
  probe->retry_at(now + jittered(probe->pause()));
}

// The breaker has closed. Calls take the probe's place, and those in flight have paused for long
// enough.
void SessionCore::end_probing(Instant now) {
  const Flight* const probe = flights_.own();
  if (probe && probe->request().kind == RequestKind::operations) flights_.finish(probe->request().number);
  for (auto& [number, flight] : flights_)
    if (!flight.is_own()) flight.retry_at(now);
}

// ---- the clock

// Whoever wakes up late judges nobody by what it slept through.
void SessionCore::notice_time(Instant now) {
  if (now - planned_turn_ > oversleeping) breaker_.woke_late();
  if (!waiting_.empty() || !flights_.empty()) breaker_.somebody_waits(now);
}

void SessionCore::tick(Instant now) {
  notice_time(now);
  peers_.say_hello(now, output_.to_distributor, output_.to_comparator);
  const bool any_expired = waiting_.any_expired(now) || flights_.any_expired(now);
  if (any_expired && breaker_.timed_out(now)) begin_probing(now);
  waiting_.expire(now, output_.completed);
  flights_.expire(now, output_.completed);
  if (!breaker_.closed()) waiting_.fail_all(breaker_.error(), output_.completed);
  for (auto& [number, flight] : flights_)
    if (flight.retry() <= now) transmit_again(flight, now);
  if (needs_session() && life_.may_open_from() <= now) open_session(now);
  if (needs_keep_alive() && life_.next_keep_alive() <= now) {
    life_.used(now);
    transmit(flights_.add(own_request(RequestKind::operations), {}), now);
  }
  fill_requests(now);
  planned_turn_ = next_deadline();
}

Instant SessionCore::next_deadline() const {
  Instant next = std::min(
      {waiting_.earliest_deadline(), flights_.earliest_deadline(), flights_.earliest_retry(), peers_.next_hello()});
  if (needs_session()) next = std::min(next, life_.may_open_from());
  if (needs_keep_alive()) next = std::min(next, life_.next_keep_alive());
  return next;
}

SessionOutput SessionCore::take_output() { return std::exchange(output_, {}); }

}  // namespace tally
