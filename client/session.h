// SPDX-License-Identifier: Apache-2.0
// One session of a client with a group: batches calls into numbered requests, sends them again until they are answered,
// and says of each call what became of it.
//
// Invariants (laws 17 to 20)
// - A request keeps its number and its operations for all its transmissions.
// - A number is acknowledged once its request is answered or given up; it never executes afterwards.
// - "Not applied" is said only of calls that were never sent, or whose every transmission was refused.
// - Nothing is sent before the comparator has welcomed this client: its answer could not be delivered.
// - While the circuit breaker is not closed no call waits, and one request without calls (the session's opening, or an
//   empty one, which touches the session and changes nothing) is the probe.
//
// Pure, driven as protocol/turn.h says. Completions are values in the output; the shell calls back.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/circuit_breaker.h"
#include "client/client.h"
#include "protocol/messages.h"
#include "protocol/operations.h"

namespace tally {

// Names a call of the shell's; the core only carries it.
struct CallId {
  std::uint64_t value = 0;
  auto operator<=>(const CallId&) const = default;
};

struct SessionConfig {
  Incarnation incarnation;
  std::size_t requests_in_flight = 0;                                // 1 to limits::session_window
  std::function<std::string(const std::vector<Operation>&)> encode;  // tally.v1.Operations
  bool opens_at_once = false;                                        // the session, before any call
  std::function<std::uint64_t()> random;                             // for jitter, and for the session's secret
};

struct SessionOutput {
  struct Completed {
    CallId call;
    std::vector<Answer> answers;
  };
  std::vector<Message> to_distributor;
  std::vector<Message> to_comparator;
  std::vector<Completed> completed;
};

class SessionCore {
 public:
  SessionCore(SessionConfig config, Instant now);

  void submit(CallId call, const std::vector<OwnedOperation>& operations, Instant deadline);
  // Completes what is left, and closes the session at the group; `closed()` says when.
  void close(Instant now);
  bool closed() const { return phase_ == Phase::closed; }
  // Whether calls pass: the circuit breaker is closed, and the group had room for a session when it was last asked.
  bool available() const { return breaker_.closed() && !session_denied_; }

  void receive(const DistributorWelcome& welcome, Instant now);
  void receive(const ComparatorWelcome& welcome, Instant now);
  // Somebody asked for it; here it is a hint.
  void receive(const ClusterStatus& status, Instant now);
  void receive(const Refusal& refusal, Instant now);
  void receive(Decisions& decisions, Instant now);
  // One of these, as it came; it may be moved from. Others are ignored.
  void receive(Message& message, Instant now);
  // This transmission of the request did not leave the machine: there is no connection.
  void not_sent(const Request& request, Instant now);

  void tick(Instant now);
  Instant next_deadline() const;
  SessionOutput take_output();

 private:
  enum class Phase { connecting, opening, open, closing, closed };
  struct Call {
    CallId id;
    std::string encoded;
    std::size_t operations = 0;
    std::size_t result_bytes = 0;  // at most, without a header
    bool read_only = false;
    Instant deadline;
  };
  struct Part {  // a call inside a request; its operations are encoded there
    CallId id;
    std::size_t operations = 0;
    Instant deadline;
    bool completed = false;
  };
  struct InFlight {
    Request request;
    std::vector<Part> parts;
    std::uint32_t refused = 0;              // transmissions that were
    std::optional<CallError> last_refusal;  // none: it never reached the distributor
    Instant retry;
    Duration pause;
    bool all_refused() const { return refused == request.attempt; }
    bool is_own() const { return parts.empty(); }  // the session's, of no call
  };

  // Calls and requests: session.cc.
  void fail(CallId call, std::size_t operations, CallOutcome outcome, CallError error);
  void fail_flight(InFlight& flight, CallOutcome outcome, CallError error);
  void fail_waiting(CallError error);
  void transmit(InFlight& flight, Instant now);
  void transmit_again(InFlight& flight, Instant now);
  void transmit_all_again(Instant now);
  void open_session(Instant now);
  void fill_requests(Instant now);
  InFlight next_request();
  void finish(RequestNumber number);
  bool any_call_expired(Instant now) const;
  void expire_calls(Instant now);
  bool expire_parts(InFlight& flight, Instant now);
  void retry_flights(Instant now);
  void notice_time(Instant now);
  bool needs_session() const;
  bool needs_keep_alive() const;
  Duration jittered(Duration pause) const;
  void say_hello(Instant now);

  // What comes in, and the breaker: session_answers.cc.
  void refused(InFlight& flight, CallError error, Instant now);
  void decide(InFlight& flight, const Decision& decision, Instant now);
  void session_answered(const Decision& decision, Instant now);
  void session_refused(CallError error, Instant now);
  void session_lost(RequestNumber told, Instant now);
  void complete_parts(InFlight& flight, const RequestResult& result, std::uint32_t votes);
  InFlight* own_request();
  void begin_probing(Instant now);
  void end_probing(Instant now);
  bool is_probe(const InFlight& flight) const { return flight.is_own() && !breaker_.closed(); }

  SessionConfig config_;
  Phase phase_ = Phase::connecting;
  bool distributor_known_ = false;
  bool comparator_known_ = false;
  Term term_;
  Incarnation comparator_;
  Instant next_hello_;
  Instant next_keep_alive_;
  Instant next_session_;  // after a session could not be opened
  Instant planned_turn_ = Instant::never();
  CircuitBreaker breaker_;
  bool session_denied_ = false;  // the group had no room for one; it is asked again

  SessionSecret secret_;
  SessionId session_;  // session_of(secret_)
  RequestNumber next_number_{1};
  RequestNumber acknowledged_;
  std::map<RequestNumber, InFlight> flights_;  // the session's own opening and closing too, alone
  std::deque<Call> waiting_;
  std::size_t waiting_operations_ = 0;
  Instant earliest_deadline_ = Instant::never();
  SessionOutput output_;
};

}  // namespace tally
