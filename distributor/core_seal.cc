// SPDX-License-Identifier: Apache-2.0
// What a replica needs so that it can import a state from others, one of which may lie: a seal that f+1 replicas made.
//
//   a replica wants a state → replicas get ready → an order that they seal after → f+1 equal seals → it imports
//
// Without f+1 replicas that have a state, such as after the loss of two disks of three, there are no f+1 seals. Then
// those who are left may be asked for their states as they are; the agreed state has to prove them. Who is not there,
// or wants a state itself, may not be asked: one that lies could leave so that it may be believed.
#include <algorithm>
#include <utility>

#include "distributor/core.h"

namespace tally {
namespace {

constexpr Duration readiness_patience = seconds(2);  // with the rest, once f+1 are ready
constexpr Duration seal_patience = seconds(60);      // a checkpoint of ten million counters is written and read
constexpr Duration seal_pause = seconds(5);          // before the next one, at least
constexpr Duration seal_held = seconds(60);          // longer while somebody imports this one,
constexpr std::int64_t import_rate = 8 << 20;        // and still longer by its size; bytes a second
constexpr Duration import_wait = seconds(10);
constexpr Duration few_for = seconds(3);  // so long too few have had a state

}  // namespace

void DistributorCore::consider_seal(Instant now) {
  const Sequence wanted = wanted_state(now);
  consider_donors(wanted, now);
  Sealing& sealing = sealing_;
  if (wanted.value == 0) {
    sealing.stage = Sealing::Stage::none;
    sealing.seal = {};
    return;
  }
  const bool idle = sealing.stage == Sealing::Stage::none || sealing.stage == Sealing::Stage::agreed;
  if (idle && sealing.seal.checkpoint < wanted && not_before(now) <= now) {
    sealing = {Sealing::Stage::preparing, {}, now, now + seal_pause, false};
    next_empty_ = now;
    tell_view();
  }
  switch (sealing.stage) {
    case Sealing::Stage::preparing: return consider_readiness(now);
    case Sealing::Stage::collecting: return consider_seals(now);
    default: return;
  }
}

// The newest that anybody wants; zero: nobody wants any.
Sequence DistributorCore::wanted_state(Instant now) const {
  Sequence wanted;
  for (const Stream& stream : streams_)
    if (replica_present(stream, now)) wanted = std::max(wanted, stream.report.state_wanted);
  return std::min(wanted, last_.sequence);
}

// A replica that says that it wants more and more must not take from another what that one imports.
Instant DistributorCore::not_before(Instant now) const {
  const bool in_use = std::ranges::any_of(streams_, [&](const Stream& stream) {
    const Sequence wanted = stream.report.state_wanted;
    return replica_present(stream, now) && wanted.value != 0 && wanted <= sealing_.seal.checkpoint;
  });
  if (!in_use) return sealing_.not_before;
  return sealing_.since + seal_held + seconds(static_cast<std::int64_t>(sealing_.seal.bytes) / import_rate);
}

// Rather than execute for minutes what it wants to import, it waits for the seconds that a seal takes. Not if its vote
// may be waited for.
bool DistributorCore::awaits_seal(ReplicaId replica) const {
  if (membership_.member(replica).state != ReplicaState::recovering || stalled_ || undecidable_) return false;
  return stream_of(replica).report.state_wanted.value != 0 && hurries_to_seal();
}

bool DistributorCore::hurries_to_seal() const {
  return sealing_.is_under_way() && last_turn_ - sealing_.since < import_wait;
}

void DistributorCore::consider_donors(Sequence wanted, Instant now) {
  std::uint64_t donors = 0;
  std::uint32_t count = 0;
  for (std::size_t place = 0; place < streams_.size(); ++place) {
    const ReplicaReport& report = streams_[place].report;
    if (!replica_present(streams_[place], now) || report.state_wanted.value != 0) continue;
    donors |= std::uint64_t{1} << place;
    count += report.imported ? 0 : 1;
  }
  const bool few = wanted.value != 0 && count < membership_.majority();
  if (!few) few_since_.reset();
  if (few && !few_since_) few_since_ = now;
  donors_ = few && now - *few_since_ >= few_for ? donors : 0;
}

bool DistributorCore::could_seal(ReplicaId replica) const {
  return membership_.role(replica) == MemberRole::voter && stream_of(replica).report.state_wanted.value == 0;
}

void DistributorCore::consider_readiness(Instant now) {
  std::uint32_t ready = 0;
  bool all = true;
  for (std::uint64_t id = 1; id <= streams_.size(); ++id) {
    const Stream& stream = stream_of(ReplicaId(id));
    if (!could_seal(ReplicaId(id)) || !replica_present(stream, now)) continue;
    ready += stream.report.seal_ready ? 1 : 0;
    all &= stream.report.seal_ready;
  }
  if (ready < membership_.majority()) {
    if (now - sealing_.since < seal_patience) return;
    output_.events.push_back(Event("checkpoint_not_agreed", Severity::error).with("ready", ready));
    sealing_.since = now;
    return;
  }
  if (!all && now - sealing_.since < readiness_patience) return;
  sealing_.order_due = true;
  next_empty_ = now;
}

void DistributorCore::seal_after(Order& order, Instant now) {
  if (!std::exchange(sealing_.order_due, false) || sealing_.stage != Sealing::Stage::preparing) return;
  order.seal = true;
  sealing_.stage = Sealing::Stage::collecting;
  sealing_.seal.checkpoint = order.id.sequence;
  sealing_.since = now;
}

void DistributorCore::consider_seals(Instant now) {
  for (const Stream& stream : streams_) {
    const CheckpointSeal& seal = stream.report.seal;
    if (!seal.is_known() || seal.checkpoint != sealing_.seal.checkpoint) continue;
    const auto same = std::ranges::count_if(streams_, [&](const Stream& other) { return other.report.seal == seal; });
    if (same < membership_.majority()) continue;
    sealing_.stage = Sealing::Stage::agreed;
    sealing_.seal = seal;
    sealing_.not_before = now + std::max(seal_pause, (now - sealing_.since) * 4);
    sealing_.since = now;
    output_.events.push_back(Event("checkpoint_agreed").with("sequence", seal.checkpoint).with("bytes", seal.bytes));
    return tell_view();
  }
  std::uint32_t possible = 0;
  for (std::uint64_t id = 1; id <= streams_.size(); ++id) {
    const ReplicaReport& report = stream_of(ReplicaId(id)).report;
    const bool failed = report.seal.checkpoint == sealing_.seal.checkpoint && !report.seal.is_known();
    possible += could_seal(ReplicaId(id)) && !failed ? 1 : 0;
  }
  if (possible >= membership_.majority() && now - sealing_.since < seal_patience) return;
  output_.events.push_back(Event("checkpoint_not_agreed", Severity::error).with("sequence", sealing_.seal.checkpoint));
  sealing_ = {Sealing::Stage::none, {}, now, now + seal_pause, false};
}

}  // namespace tally
