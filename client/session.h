// SPDX-License-Identifier: Apache-2.0
// One session of a client with a group: sends its calls in numbered requests, again and again until
// they are answered, and says of each call what became of it.
//
// The session core conducts parts that each keep one thing:
//
//   waiting_calls    the calls that were not sent yet, and the batches that they travel in
//   flights, flight  the requests in flight: their numbers, transmissions, and what is certain
//   session_life     the session itself: its secret, opening, keep-alive and closing
//   peers            which life of the distributor and which one of the comparator we talk to
//   circuit_breaker  whether the group answers at all
//
// What they keep together (laws 17 to 20)
// - A request keeps its number and its operations for all its transmissions.
// - A number is acknowledged once its request is answered or given up, and its request never
//   executes afterwards.
// - "Not applied" is said only of calls that were never sent, or whose every transmission was
//   refused, or whose only transmission the group did not execute.
// - Nothing is sent before the comparator has welcomed this client, because its answer could not be
//   delivered.
// - While the circuit breaker is not closed no call waits. One request without calls is the probe:
//   the session's opening, or an empty one, which touches the session and changes nothing.
//
// Pure, driven as protocol/turn.h says. Completions are values in the output; the shell calls back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "client/answer.h"
#include "client/circuit_breaker.h"
#include "client/flights.h"
#include "client/peers.h"
#include "client/session_life.h"
#include "client/waiting_calls.h"
#include "protocol/messages.h"
#include "protocol/operations.h"

namespace tally {

struct SessionConfig {
  Incarnation incarnation;
  std::size_t requests_in_flight = 0;     // 1 to limits::session_window
  bool opens_at_once = false;             // the session, before any call
  std::function<std::uint64_t()> random;  // for jitter, and for the session's secret
};

struct SessionOutput {
  std::vector<Message> to_distributor;
  std::vector<Message> to_comparator;
  std::vector<CompletedCall> completed;
};

class SessionCore {
 public:
  SessionCore(SessionConfig config, Instant now);

  void submit(CallId call, const std::vector<OwnedOperation>& operations, Instant deadline);
  // Completes what is left, and closes the session at the group; `closed()` says when.
  void close(Instant now);
  bool closed() const { return life_.has_ended(); }
  // Whether calls pass: the circuit breaker is closed, and the group had room for a session when it
  // was last asked.
  bool available() const { return breaker_.closed() && !life_.is_denied(); }

  void receive(const DistributorWelcome& welcome, Instant now);
  void receive(const ComparatorWelcome& welcome, Instant now);
  // Somebody asked for it; here it is a hint.
  void receive(const ClusterStatus& status, Instant now);
  void receive(const Refusal& refusal, Instant now);
  void receive(Decisions& decisions, Instant now);
  // One of these, as it came; it may be moved from. Others are ignored.
  void receive(Message& message, Instant now);
  // This transmission of the request did not leave the machine, since there is no connection.
  void not_sent(const Request& request, Instant now);

  void tick(Instant now);
  Instant next_deadline() const;
  SessionOutput take_output();

 private:
  Request own_request(RequestKind kind) const;
  void transmit(Flight& flight, Instant now);
  void transmit_again(Flight& flight, Instant now);
  void transmit_all_again(Instant now);
  void fill_requests(Instant now);
  Duration jittered(Duration pause) const;

  void open_session(Instant now);
  void session_answered(const Decision& decision, Instant now);
  void session_refused(CallError error, Instant now);
  void session_lost(RequestNumber told, Instant now);
  bool needs_session() const;
  bool needs_keep_alive() const;

  void refused(Flight& flight, CallError error, Instant now);
  void decide(Flight& flight, const Decision& decision, Instant now);

  void notice_time(Instant now);
  bool is_probe(const Flight& flight) const { return flight.is_own() && !breaker_.closed(); }
  void begin_probing(Instant now);
  void end_probing(Instant now);

  std::size_t requests_in_flight_;
  bool opens_at_once_;
  std::function<std::uint64_t()> random_;

  WaitingCalls waiting_;
  Flights flights_;
  SessionLife life_;
  Peers peers_;
  CircuitBreaker breaker_;
  Instant planned_turn_ = Instant::never();  // none was planned yet
  SessionOutput output_;
};

}  // namespace tally
