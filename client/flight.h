// SPDX-License-Identifier: Apache-2.0
// One request in flight: how often it was sent, what is known of each transmission, and the calls
// that travel in it.
//
// A request keeps its number and its operations for all its transmissions, which `attempt` counts.
// Each of them may still be ordered, however late, unless the distributor refused it or it never
// left this machine. So only a request all of whose transmissions ended like that was certainly not
// applied (law 20); of any other one nobody can say, until it is decided.
//
// Part of the session core: pure, one thread, instants never go back.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "client/answer.h"
#include "client/waiting_calls.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class Flight {
 public:
  // A request of no call (without parts) is the session's own: its opening, its closing, or an
  // empty one.
  Flight(Request request, std::vector<Batch::Part> parts) : request_(std::move(request)), parts_(std::move(parts)) {}

  const Request& request() const { return request_; }
  bool is_own() const { return parts_.empty(); }

  // ---- transmissions

  // It is sent now, for the first time or as it was last time, and again at `retry` unless it is
  // answered before.
  const Request& transmit(RequestNumber acknowledged, Instant retry);
  // Another transmission comes, after which the pause is twice as long, up to `longest`.
  void begin_next_attempt(Duration longest);
  Instant retry() const { return retry_; }
  void retry_at(Instant instant) { retry_ = instant; }
  Duration pause() const { return pause_; }
  void set_pause(Duration pause) { pause_ = pause; }

  // The distributor refused this transmission. False: that was known, or there was none such.
  bool refused(std::uint32_t attempt, CallError error);
  // This transmission did not leave the machine.
  void not_sent(std::uint32_t attempt) { was_not_ordered(attempt); }

  // Whether every transmission so far certainly was not ordered. True of a request that was not
  // sent yet.
  bool was_never_ordered() const { return not_ordered_ == request_.attempt; }
  // Nothing if none was refused, so that perhaps none has reached the distributor.
  std::optional<CallError> last_refusal() const { return last_refusal_; }

  // ---- its calls; each is completed once, by whatever comes first

  // With the results that f+1 replicas gave. Operations for which there are none have an unknown
  // outcome.
  void complete(const RequestResult& result, std::uint32_t votes, std::vector<CompletedCall>& completed);
  void fail(CallOutcome outcome, CallError error, std::vector<CompletedCall>& completed);

  bool any_expired(Instant now) const;
  // Ends the calls whose time is up. False: nobody needs the request any more. As long as somebody
  // does, it is sent again with all that is in it; so the calls that end now may yet be applied,
  // and their outcome is unknown even if no transmission so far was ordered.
  bool expire(Instant now, std::vector<CompletedCall>& completed);
  // Of the calls that are not completed; never() if there is none.
  Instant earliest_deadline() const;

 private:
  static constexpr Duration first_pause = milliseconds(300);

  void was_not_ordered(std::uint32_t attempt);

  Request request_;
  std::vector<Batch::Part> parts_;
  std::uint32_t not_ordered_ = 0;  // the transmissions up to this one certainly were not
  std::optional<CallError> last_refusal_;
  Instant retry_;
  Duration pause_ = first_pause;  // before jitter
};

}  // namespace tally
