// SPDX-License-Identifier: Apache-2.0
#include "distributor/sealing.h"

#include <algorithm>
#include <utility>

namespace tally {
namespace {

constexpr Duration readiness_patience = seconds(2);  // with the rest, once f+1 are ready
// A checkpoint of ten million counters is written and read.
constexpr Duration seal_patience = seconds(60);
constexpr Duration seal_pause = seconds(5);    // before the next one, at least
constexpr Duration seal_held = seconds(60);    // longer while somebody imports this one,
constexpr std::int64_t import_rate = 8 << 20;  // and still longer by its size; bytes a second
constexpr Duration import_wait = seconds(10);
constexpr Duration few_for = seconds(3);  // so long too few have had a state

// The newest that anybody wants; zero: nobody wants any.
Sequence wanted_by(const std::vector<Sealing::Replica>& replicas, Sequence last) {
  Sequence wanted;
  for (const Sealing::Replica& replica : replicas)
    if (replica.is_present) wanted = std::max(wanted, replica.wanted);
  return std::min(wanted, last);
}

}  // namespace

void Sealing::rest() {
  stage_ = Stage::none;
  seal_ = {};
  few_since_.reset();
  donors_ = 0;
}

Sealing::Step Sealing::consider(const std::vector<Replica>& replicas, Sequence last, Instant now,
                                std::vector<Event>& events) {
  const Sequence wanted = wanted_by(replicas, last);
  if (wanted.value == 0) {
    rest();
    return {};
  }
  consider_donors(replicas, now);
  Step step;
  if (may_begin(replicas, wanted, now)) {
    stage_ = Stage::preparing;
    seal_ = {};
    since_ = now;
    not_before_ = now + seal_pause;
    is_order_due_ = false;
    step = {true, true};
  }
  Step further;
  if (stage_ == Stage::preparing) further = consider_readiness(replicas, now, events);
  if (stage_ == Stage::collecting) further = consider_seals(replicas, now, events);
  return {step.make_order || further.make_order, step.tell || further.tell};
}

// A replica that says that it wants more and more must not take from another what that one imports.
bool Sealing::may_begin(const std::vector<Replica>& replicas, Sequence wanted, Instant now) const {
  const bool is_idle = stage_ == Stage::none || stage_ == Stage::agreed;
  if (!is_idle || seal_.checkpoint >= wanted) return false;
  const bool in_use = std::ranges::any_of(replicas, [&](const Replica& replica) {
    return replica.is_present && replica.wanted.value != 0 && replica.wanted <= seal_.checkpoint;
  });
  if (!in_use) return not_before_ <= now;
  return since_ + seal_held + seconds(static_cast<std::int64_t>(seal_.bytes) / import_rate) <= now;
}

void Sealing::consider_donors(const std::vector<Replica>& replicas, Instant now) {
  std::uint64_t donors = 0;
  std::uint32_t count = 0;
  for (std::size_t place = 0; place < replicas.size(); ++place) {
    if (!replicas[place].is_present || replicas[place].wanted.value != 0) continue;
    donors |= std::uint64_t{1} << place;
    count += replicas[place].imported ? 0 : 1;
  }
  const bool few = count < majority_;
  if (!few) few_since_.reset();
  if (few && !few_since_) few_since_ = now;
  donors_ = few && now - *few_since_ >= few_for ? donors : 0;
}

Sealing::Step Sealing::consider_readiness(const std::vector<Replica>& replicas, Instant now,
                                          std::vector<Event>& events) {
  std::uint32_t ready = 0;
  bool all = true;
  for (const Replica& replica : replicas) {
    if (!replica.could_seal() || !replica.is_present) continue;
    ready += replica.is_ready ? 1 : 0;
    all &= replica.is_ready;
  }
  if (ready < majority_) {
    if (now - since_ < seal_patience) return {};
    events.push_back(Event("checkpoint_not_agreed", Severity::error).with("ready", ready));
    since_ = now;
    return {};
  }
  if (!all && now - since_ < readiness_patience) return {};
  is_order_due_ = true;
  return {true, false};
}

void Sealing::mark(Order& order, Instant now) {
  if (!std::exchange(is_order_due_, false) || stage_ != Stage::preparing) return;
  order.seal = true;
  stage_ = Stage::collecting;
  seal_.checkpoint = order.id.sequence;
  since_ = now;
}

Sealing::Step Sealing::consider_seals(const std::vector<Replica>& replicas, Instant now, std::vector<Event>& events) {
  for (const Replica& replica : replicas) {
    const CheckpointSeal& seal = replica.seal;
    if (!seal.is_known() || seal.checkpoint != seal_.checkpoint) continue;
    const auto same = std::ranges::count_if(replicas, [&](const Replica& other) { return other.seal == seal; });
    if (same < majority_) continue;
    stage_ = Stage::agreed;
    seal_ = seal;
    not_before_ = now + std::max(seal_pause, (now - since_) * 4);
    since_ = now;
    events.push_back(Event("checkpoint_agreed").with("sequence", seal.checkpoint).with("bytes", seal.bytes));
    return {false, true};
  }
  std::uint32_t possible = 0;
  for (const Replica& replica : replicas) {
    const bool failed = replica.seal.checkpoint == seal_.checkpoint && !replica.seal.is_known();
    possible += replica.could_seal() && !failed ? 1 : 0;
  }
  if (possible >= majority_ && now - since_ < seal_patience) return {};
  events.push_back(Event("checkpoint_not_agreed", Severity::error).with("sequence", seal_.checkpoint));
  stage_ = Stage::none;
  seal_ = {};
  since_ = now;
  not_before_ = now + seal_pause;
  return {};
}

bool Sealing::awaits_agreement_after(Sequence journaled, Sequence agreed) const {
  return stage_ == Stage::collecting && journaled < seal_.checkpoint && agreed >= seal_.checkpoint;
}

bool Sealing::is_worth_waiting_for(Instant now) const {
  const bool is_under_way = stage_ == Stage::preparing || stage_ == Stage::collecting;
  return is_under_way && now - since_ < import_wait;
}

}  // namespace tally
