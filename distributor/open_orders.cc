// SPDX-License-Identifier: Apache-2.0
#include "distributor/open_orders.h"

#include <algorithm>
#include <utility>

namespace tally {
namespace {

constexpr Duration resend_period = milliseconds(100);
constexpr std::ptrdiff_t resent_at_once = 64;

// At most what a ballot takes in a message. A client chooses its routing id, of up to 255 bytes.
std::size_t encoded_bytes(const BallotCall& ballot) {
  constexpr std::size_t identity_bytes = 64;
  constexpr std::size_t entry_bytes = 48;
  std::size_t bytes = identity_bytes;
  for (const BallotEntry& entry : ballot.requests) bytes += entry_bytes + entry.client.routing_id.size();
  return bytes;
}

}  // namespace

std::size_t OpenOrders::KeyHash::operator()(const Key& key) const {
  static_assert(std::has_unique_object_representations_v<Key>);
  return table_hash_of({reinterpret_cast<const char*>(&key), sizeof key}, seed);
}

void OpenOrders::add(OpenOrder order) {
  result_bytes_ += order.result_bytes;
  orders_.push_back(std::move(order));
}

void OpenOrders::send(Iterator first, Iterator last, Instant now, std::vector<Message>& out) {
  BallotCalls ballots{config_.term, {}};
  std::size_t requests = 0;
  std::size_t bytes = 0;
  const auto send_message = [&] {
    if (!ballots.ballots.empty()) out.emplace_back(std::exchange(ballots, {config_.term, {}}));
    requests = bytes = 0;
  };
  for (; first != last; ++first) {
    const std::size_t more_requests = first->ballot.requests.size();
    const std::size_t more_bytes = encoded_bytes(first->ballot);
    if (ballots.ballots.size() == limits::message_ballots ||
        requests + more_requests > limits::message_ballot_requests || bytes + more_bytes > limits::message_bytes)
      send_message();
    requests += more_requests;
    bytes += more_bytes;
    if (!std::exchange(first->ballot_sent, true)) first->waits_since = now;
    ballots.ballots.push_back(first->ballot);
  }
  send_message();
}

void OpenOrders::release(const JournalProgress& progress, Instant now, std::vector<Message>& out) {
  auto last = orders_.end();
  while (last != orders_.begin() && !progress.is_stable_at(std::prev(last)->stable_after)) --last;
  auto first = last;
  while (first != orders_.begin() && !std::prev(first)->ballot_sent) --first;
  send(first, last, now, out);
}

void OpenOrders::resend(Instant now, std::vector<Message>& out) {
  if (empty() || orders_.front().waits_since + resend_period > now || resent_ + resend_period > now) return;
  resent_ = now;
  const auto end = orders_.begin() + std::min(resent_at_once, std::ssize(orders_));
  send(orders_.begin(), std::find_if(orders_.begin(), end, [](const OpenOrder& order) { return !order.ballot_sent; }),
       now, out);
}

void OpenOrders::close(Sequence through) {
  while (!empty() && orders_.front().ballot.order.sequence <= through) {
    for (const BallotEntry& entry : orders_.front().ballot.requests) end_request(entry.session, entry.number);
    result_bytes_ -= orders_.front().result_bytes;
    orders_.pop_front();
  }
}

// Two things say that a ballot will not be decided any more: every voter has voted on a later
// order, so that a vote on this one was lost; and a later order was decided, so that the group does
// not wait for this one.
Instant OpenOrders::expiry_of(const OpenOrder& order, const Votes& votes) const {
  const bool is_passed = order.ballot_sent && votes.everybody > order.ballot.order.sequence;
  const bool is_overtaken = order.ballot_sent && votes.decided > order.ballot.order.sequence;
  if (is_passed && is_overtaken) return order.waits_since + config_.ack_timeout;
  if (!is_passed && !is_overtaken) return order.waits_since + limits::ballot_lifetime;
  // Time for a succession: those on probation may be late.
  const Duration succession_time = config_.ack_timeout * (config_.ack_misses + 1);
  return order.waits_since + std::min(succession_time, limits::ballot_lifetime);
}

Sequence OpenOrders::expired(const Votes& votes, Instant now) const {
  Sequence newest;
  for (const OpenOrder& order : orders_) {
    if (expiry_of(order, votes) > now) break;
    newest = order.ballot.order.sequence;
  }
  return newest;
}

Instant OpenOrders::expires_at(const Votes& votes) const {
  return empty() ? Instant::never() : expiry_of(orders_.front(), votes);
}

Instant OpenOrders::stalls_at() const {
  if (empty()) return Instant::never();
  const OpenOrder& oldest = orders_.front();
  const Duration patience = std::min(config_.ack_timeout * 2, limits::ballot_lifetime);
  return oldest.waits_since + (oldest.ballot_sent ? patience : limits::ballot_lifetime);
}

void OpenOrders::restart_timers(Instant now) {
  for (OpenOrder& order : orders_) order.waits_since = now;
}

}  // namespace tally
