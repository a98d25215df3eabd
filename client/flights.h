// SPDX-License-Identifier: Apache-2.0
// The requests of one session that are in flight: their numbers, and the watermark of those that
// are not any more.
//
// - Numbers have no gaps. A session's opening has number 0, its requests follow from 1.
// - A request is in flight until it is answered or given up. Its number counts as acknowledged once
//   all before it have ended too; the group then forgets its result, and never executes it again
//   (law 17). So whatever ends here has to be completed before.
// - No number is further above the watermark than limits::session_window, beyond which the group
//   would refuse it.
// - At most one of them is the session's own, without calls.
//
// Part of the session core: pure, one thread, instants never go back.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "client/flight.h"

namespace tally {

class Flights {
 public:
  // In the order of their numbers, each with its flight.
  auto begin() { return flights_.begin(); }
  auto end() { return flights_.end(); }
  bool empty() const { return flights_.empty(); }
  std::size_t size() const { return flights_.size(); }
  // Nothing if that request is not in flight, or is another session's.
  Flight* find(const SessionId& session, RequestNumber number);
  // The session's own request.
  Flight* own();

  // Whether the group would take another request.
  bool window_is_open() const;
  // Gives the request the next number.
  Flight& add(Request request, std::vector<Batch::Part> parts);
  // This request was answered or is given up.
  void finish(RequestNumber number) { flights_.erase(number); }
  // All of them were.
  void clear() { flights_.clear(); }
  // They are those of a new session, which is to be opened. Precondition: empty.
  void begin_session();

  // The watermark: all requests up to this one were answered or given up.
  RequestNumber acknowledged() const;

  // Ends the calls whose time is up, and the requests that nobody needs any more.
  bool any_expired(Instant now) const;
  void expire(Instant now, std::vector<CompletedCall>& completed);
  // Ends those that certainly were not ordered, but for the session's own; `error` is for those
  // that were not refused.
  void fail_never_ordered(CallError error, std::vector<CompletedCall>& completed);
  // Ends them all. Of `unexecuted` the group has said that it did not execute it.
  void give_up(CallError error, std::optional<RequestNumber> unexecuted, std::vector<CompletedCall>& completed);

  // No call expires before.
  Instant earliest_deadline() const { return earliest_deadline_; }
  // The first request is due to be sent again; never() if there is none.
  Instant earliest_retry() const;

 private:
  std::map<RequestNumber, Flight> flights_;
  RequestNumber next_;
  Instant earliest_deadline_ = Instant::never();
};

}  // namespace tally
