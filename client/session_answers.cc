// SPDX-License-Identifier: Apache-2.0
// What comes in from the group, and what a session makes of it.
#include <algorithm>
#include <utility>

#include "client/session.h"
#include "protocol/limits.h"

namespace tally {
namespace {

constexpr Duration first_keep_alive = limits::unused_session_lifetime / 6;
constexpr Duration connection_retry = milliseconds(10);
constexpr Duration refusal_retry = milliseconds(5);    // after an overload
constexpr Duration session_retry = milliseconds(250);  // after one that could not be opened

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

void SessionCore::receive(Message& message, Instant now) {
  if (auto* decisions = std::get_if<Decisions>(&message)) return receive(*decisions, now);
  if (const auto* refusal = std::get_if<Refusal>(&message)) return receive(*refusal, now);
  if (const auto* welcome = std::get_if<DistributorWelcome>(&message)) return receive(*welcome, now);
  if (const auto* welcome = std::get_if<ComparatorWelcome>(&message)) return receive(*welcome, now);
  if (const auto* status = std::get_if<ClusterStatus>(&message)) return receive(*status, now);
}

void SessionCore::receive(const DistributorWelcome& welcome, Instant now) {
  if (welcome.term < term_) return;
  const bool is_new = distributor_known_ && welcome.term != term_;
  term_ = welcome.term;
  distributor_known_ = true;
  if (is_new || !breaker_.closed()) transmit_all_again(now);
}

void SessionCore::receive(const ComparatorWelcome& welcome, Instant now) {
  const bool is_new = welcome.incarnation != comparator_;
  comparator_ = welcome.incarnation;
  comparator_known_ = true;
  if (is_new || !breaker_.closed()) transmit_all_again(now);
}

void SessionCore::receive(const ClusterStatus& status, Instant now) {
  const bool decides = status.state == GroupState::ok || status.state == GroupState::degraded;
  InFlight* const probe = decides && !breaker_.closed() ? own_request() : nullptr;
  if (probe) probe->retry = now;
}

void SessionCore::receive(const Refusal& refusal, Instant now) {
  const auto found = flights_.find(refusal.number);
  if (found == flights_.end() || found->second.request.session != refusal.session) return;
  InFlight& flight = found->second;
  if (refusal.attempt > flight.request.attempt || flight.refused >= refusal.attempt) return;
  // Attempts are refused in the order they were sent; a missing refusal leaves `refused` behind for good.
  if (refusal.attempt == flight.refused + 1) flight.refused = refusal.attempt;
  const CallError error = error_of(refusal.reason);
  flight.last_refusal = error;
  const bool opens = says_no_majority(error) && breaker_.refused(error, flight.all_refused(), now);
  refused(flight, error, now);
  if (opens) begin_probing(now);
}

void SessionCore::refused(InFlight& flight, CallError error, Instant now) {
  if (is_probe(flight) && phase_ != Phase::closing) return;  // the next is due after its pause
  // The successor of a distributor that drains is there in a moment, but a client that goes does not wait for it.
  const bool has_successor = error == CallError::draining && phase_ != Phase::closing;
  const bool may_change_soon = error == CallError::overloaded || has_successor;
  if (may_change_soon || !flight.all_refused()) {
    flight.retry = now + jittered(refusal_retry * (std::int64_t{1} << std::min(flight.request.attempt, 8u)));
    return;
  }
  if (phase_ == Phase::closing) {
    flights_.clear();
    phase_ = Phase::closed;
    return;
  }
  if (phase_ == Phase::opening) return session_refused(error, now);
  fail_flight(flight, CallOutcome::not_applied, error);
  finish(flight.request.number);
}

void SessionCore::not_sent(const Request& request, Instant now) {
  const auto found = flights_.find(request.number);
  if (found == flights_.end() || found->second.request.session != request.session) return;
  InFlight& flight = found->second;
  if (request.attempt == flight.refused + 1) flight.refused = request.attempt;  // nobody can have ordered it
  if (is_probe(flight)) return;
  const bool urgent = !flight.is_own() || !waiting_.empty() || phase_ == Phase::closing;
  flight.retry = now + jittered(urgent ? connection_retry : session_retry);
}

// The breaker comes last: its probe may be what the decision is on.
void SessionCore::receive(Decisions& decisions, Instant now) {
  for (const Decision& decision : decisions.decisions) {
    const auto found = flights_.find(decision.number);
    if (found == flights_.end() || found->second.request.session != decision.session) continue;
    decide(found->second, decision, now);
  }
  if (!decisions.decisions.empty() && breaker_.decided()) end_probing(now);
}

void SessionCore::decide(InFlight& flight, const Decision& decision, Instant now) {
  if (flight.request.kind != RequestKind::operations) return session_answered(decision, now);
  const auto result = results::decode(decision.result);
  if (!result) return;  // not what f+1 replicas of this version say
  const bool only_attempt = flight.request.attempt == 1;
  const CallOutcome outcome = only_attempt ? CallOutcome::not_applied : CallOutcome::unknown;
  switch (result->outcome) {
    case RequestOutcome::executed: complete_parts(flight, *result, decision.votes); break;
    case RequestOutcome::session_expired:
    // To our own numbers neither makes sense: what the group has under this name is not our session any more.
    case RequestOutcome::stale:
    case RequestOutcome::beyond_window: return session_lost(decision.number, now);
    case RequestOutcome::results_full:
    case RequestOutcome::sessions_full: fail_flight(flight, outcome, CallError::tables_full); break;
    default: fail_flight(flight, outcome, CallError::malformed); break;
  }
  finish(decision.number);
}

void SessionCore::complete_parts(InFlight& flight, const RequestResult& result, std::uint32_t votes) {
  std::size_t place = 0;
  for (Part& part : flight.parts) {
    const std::size_t first = place;
    place += part.operations;
    if (std::exchange(part.completed, true)) continue;
    if (place > result.operations.size()) {
      fail(part.id, part.operations, CallOutcome::unknown, CallError::malformed);
      continue;
    }
    std::vector<Answer> answers(part.operations);
    for (std::size_t offset = 0; offset < part.operations; ++offset) {
      Answer& answer = answers[offset];
      answer.outcome = CallOutcome::answered;
      answer.result = result.operations[first + offset];
      answer.sequence = answer.result.first_sequence.value_or(result.sequence);
      answer.votes = votes;
    }
    output_.completed.push_back({part.id, std::move(answers)});
  }
}

void SessionCore::session_answered(const Decision& decision, Instant now) {
  const auto result = results::decode(decision.result);
  flights_.clear();
  if (phase_ == Phase::closing) {
    phase_ = Phase::closed;
    return;
  }
  session_denied_ = !result || result->outcome != RequestOutcome::session_opened;
  if (session_denied_) return session_refused(CallError::tables_full, now);
  next_number_ = RequestNumber(1);
  acknowledged_ = {};
  phase_ = Phase::open;
  next_keep_alive_ = now + first_keep_alive;  // unless a call comes before: an unused session soon expires
}

void SessionCore::session_refused(CallError error, Instant now) {
  flights_.clear();
  phase_ = Phase::connecting;
  next_session_ = now + jittered(session_retry);
  fail_waiting(error);
}

// Law 18: what was sent before must not be sent in another session; what only waited may. Nothing is known of the
// requests in flight but of the one that was told so.
void SessionCore::session_lost(RequestNumber told, Instant now) {
  for (auto& [number, flight] : flights_) {
    const bool never_applied = (number == told && flight.request.attempt == 1) || flight.all_refused();
    fail_flight(flight, never_applied ? CallOutcome::not_applied : CallOutcome::unknown, CallError::session_expired);
  }
  flights_.clear();
  open_session(now);
}

// ---- the circuit breaker

// At most one is in flight: the opening, the closing, a keep-alive or a probe.
SessionCore::InFlight* SessionCore::own_request() {
  const auto own = std::ranges::find_if(flights_, [](const auto& entry) { return entry.second.is_own(); });
  return own == flights_.end() ? nullptr : &own->second;
}

// It opened. What was never ordered fails; what may have been goes on. The session's own request that is in flight
// already serves as the probe; while there is no session, its opening will (see tick).
void SessionCore::begin_probing(Instant now) {
  fail_waiting(breaker_.error());
  for (auto flight = flights_.begin(); flight != flights_.end();) {
    InFlight& refused = (flight++)->second;
    if (refused.is_own() || !refused.all_refused()) continue;
    fail_flight(refused, CallOutcome::not_applied, refused.last_refusal.value_or(breaker_.error()));
    finish(refused.request.number);
  }
  InFlight* probe = own_request();
  if (!probe && phase_ != Phase::open) return;
  if (!probe) {
    InFlight flight = next_request();  // nothing waits: it is empty
    flight.request.attempt = 0;        // not sent yet
    probe = &flights_.emplace(flight.request.number, std::move(flight)).first->second;
  }
  probe->pause = CircuitBreaker::first_pause;
  probe->retry = now + jittered(probe->pause);
}

// It closed. Calls take the probe's place, and those in flight have paused for long enough.
void SessionCore::end_probing(Instant now) {
  const InFlight* const probe = own_request();
  if (probe && probe->request.kind == RequestKind::operations) finish(probe->request.number);
  for (auto& [number, flight] : flights_)
    if (!flight.is_own()) flight.retry = now;
}

}  // namespace tally
