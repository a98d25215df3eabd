// SPDX-License-Identifier: Apache-2.0
// The orders of this term that are not decided yet, and the requests that are on their way.
//
// An order is open from when it is made until its ballot is decided, or closed without an answer.
// Its ballot goes to the comparator once the order is stable (law 6), again while nothing moves,
// and is given up after a while (law 15): then its clients repeat their requests, which become new
// orders. A request is live while it waits for its order or is in an open one; its repetitions are
// dropped meanwhile (law 21).
//
// Bounds: limits::open_orders, and limits::open_result_bytes of results, beyond which the caller
// makes no order with requests. Pure; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_set>
#include <vector>

#include "distributor/journal_progress.h"
#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

struct OpenOrder {
  BallotCall ballot;
  std::uint64_t stable_after = 0;  // position whose sync makes it stable: journal_progress.h
  std::size_t result_bytes = 0;    // at most
  Instant waits_since;             // its ballot was sent, or before that, it was made
  bool ballot_sent = false;
};

class OpenOrders {
 public:
  struct Config {
    Term term;
    // Nobody else knows it: clients choose what goes into the table (law 25).
    std::uint64_t hash_seed = 0;
    Duration ack_timeout;
    std::uint32_t ack_misses = 0;
  };
  // What the comparator has said of the votes.
  struct Votes {
    Sequence everybody;  // each voter has voted on this order or on a later one; zero: not known
    Sequence decided;    // newest of this term; earlier ones may be undecided; zero: none
  };

  OpenOrders(Config config, Instant now) : config_(config), live_(0, KeyHash{config.hash_seed}), resent_(now) {}

  // False: this request is on its way already.
  bool begin_request(const SessionId& session, RequestNumber number) { return live_.insert({session, number}).second; }
  // It was refused; what is in an order ends with it.
  void end_request(const SessionId& session, RequestNumber number) { live_.erase({session, number}); }

  bool empty() const { return orders_.empty(); }
  bool has_room() const { return orders_.size() < limits::open_orders; }
  bool has_room_for_results() const { return result_bytes_ < limits::open_result_bytes; }

  // The next one: sequence numbers have no gaps.
  void add(OpenOrder order);
  // Appends the ballots that became stable, in as many messages as their limits ask for.
  void release(const JournalProgress& progress, Instant now, std::vector<Message>& out);
  // Appends those of the oldest again, if nothing has moved for a while.
  void resend(Instant now, std::vector<Message>& out);
  void close(Sequence through);
  // The newest that is to be given up, with all before it; zero: none.
  Sequence expired(const Votes& votes, Instant now) const;

  // Never: nothing is open.
  Instant expires_at(const Votes& votes) const;
  // When the group is taken for stalled. Replicas cannot help it that a disk is slow.
  Instant stalls_at() const;
  // Nobody is judged by what the caller slept through.
  void restart_timers(Instant now);

 private:
  // Whoever does not know a session's secret cannot make another one's request look repeated.
  struct Key {
    SessionId session;
    RequestNumber number;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::uint64_t seed;
    std::size_t operator()(const Key& key) const;
  };
  using Iterator = std::deque<OpenOrder>::iterator;

  void send(Iterator first, Iterator last, Instant now, std::vector<Message>& out);
  Instant expiry_of(const OpenOrder& order, const Votes& votes) const;

  Config config_;
  std::deque<OpenOrder> orders_;
  std::size_t result_bytes_ = 0;  // at most, of all of them together
  std::unordered_set<Key, KeyHash> live_;
  Instant resent_;
};

}  // namespace tally
