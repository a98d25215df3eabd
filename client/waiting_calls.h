// SPDX-License-Identifier: Apache-2.0
// The calls that wait for a request to travel in: a queue with a bound, first come, first served.
//
// The operations of a call are encoded once, when it comes. Encodings that are put one behind the
// other are the encoding of all their operations, so a request is filled by appending the bytes of
// as many calls as its limits allow. The queue holds at most limits::client_waiting_operations
// operations (law 21), and a call that finds it full is told so at once. What waits here has never
// been sent, so a call that ends here was not applied (law 20).
//
// Part of the session core: pure, one thread, instants never go back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "client/answer.h"
#include "protocol/operations.h"
#include "protocol/time.h"

namespace tally {

// What travels in one request.
struct Batch {
  struct Part {  // of one call, whose operations stand behind those of the part before
    CallId call;
    std::size_t operations = 0;
    Instant deadline;
    bool completed = false;
  };
  std::string operations;  // encoded
  std::vector<Part> parts;
  std::uint32_t result_limit = results::header_bytes;
  bool read_only = true;
};

class WaitingCalls {
 public:
  // CallError::none: the call waits now. Otherwise it does not: `malformed` if no request could
  // ever carry it, or if it has a check that would reach beyond it; `overloaded` if there is no
  // room.
  [[nodiscard]] CallError add(CallId call, const std::vector<OwnedOperation>& operations, Instant deadline);

  bool empty() const { return calls_.empty(); }
  // As many calls as fit into one request, from the front of the queue. Precondition: not empty.
  Batch take_batch();

  bool any_expired(Instant now) const;
  // Ends the calls whose time is up.
  void expire(Instant now, std::vector<CompletedCall>& completed);
  // Ends them all.
  void fail_all(CallError error, std::vector<CompletedCall>& completed);

  // No call expires before. never() if none waits.
  Instant earliest_deadline() const { return earliest_deadline_; }

 private:
  struct Call {
    CallId id;
    std::string encoded;
    std::size_t operations = 0;
    std::size_t result_bytes = 0;  // at most, without the header
    bool read_only = false;
    Instant deadline;
  };

  std::deque<Call> calls_;
  std::size_t operations_ = 0;  // of all the calls together
  Instant earliest_deadline_ = Instant::never();
};

}  // namespace tally
