// SPDX-License-Identifier: Apache-2.0
#include "simulation/simulated_journal.h"

#include <algorithm>

#include "protocol/check.h"

namespace tally::simulation {

SimulatedJournal::SimulatedJournal(GroupId group, std::uint32_t replicas, std::uint64_t segment_orders)
    : segment_orders_(segment_orders) {
  found_.group = group;
  facts_.view.members.resize(replicas);
}

RecoveredJournal SimulatedJournal::found() const {
  RecoveredJournal found = found_;
  found.view = facts_.view;
  found.agreed = facts_.agreed;
  found.last = {};
  if (orders_.empty()) return found;
  const Order& last = std::get<Order>(*orders_.rbegin()->second);
  found.first = orders_.begin()->first;
  found.last = last.id;
  found.served = last.served;
  found.calendar = last.calendar;
  return found;
}

RecoveredJournal SimulatedJournal::begin_term(Term least) {
  found_ = found();
  found_.term = std::max(found_.term.next(), least);
  unsynced_.clear();
  appended_ = synced_ = 0;
  if (!orders_.empty()) mark_ = found_.last;  // what was found is written anew and synced (law 4)
  return found_;
}

void SimulatedJournal::append(const JournalRecord& record) {
  ++appended_;
  if (const auto* order = std::get_if<Order>(&record)) {
    orders_.insert_or_assign(order->id.sequence, parcel(*order));
    unsynced_.emplace_back(order->id.sequence);
    return;
  }
  unsynced_.emplace_back(facts_);
  if (const auto* view = std::get_if<JournaledView>(&record)) facts_.view = *view;
  if (const auto* agreed = std::get_if<OrderState>(&record)) facts_.agreed = *agreed;
}

void SimulatedJournal::synced(std::uint64_t position) {
  for (; synced_ < position; ++synced_) unsynced_.pop_front();
}

void SimulatedJournal::cut_below(Sequence first) {
  orders_.erase(orders_.begin(), orders_.lower_bound(first));
  damaged_.erase(damaged_.begin(), damaged_.lower_bound(first));
}

// Counts as if each order took a byte.
JournalSize SimulatedJournal::size() const {
  JournalSize size;
  size.bytes = orders_.size();
  if (!orders_.empty()) size.next_cut = Sequence(orders_.begin()->first.value + segment_orders_);
  return size;
}

void SimulatedJournal::damage(Sequence sequence) {
  if (orders_.contains(sequence)) damaged_.insert(sequence);
}

Parcel SimulatedJournal::read(Sequence sequence) const {
  const auto found = orders_.find(sequence);
  return found == orders_.end() || is_damaged(sequence) ? nullptr : found->second;
}

void SimulatedJournal::lose_power(Random& random) {
  for (std::uint64_t lost = random.below(unsynced_.size() + 1); lost > 0; --lost) lose_record();
}

void SimulatedJournal::lose_orders(std::uint64_t orders) {
  while (orders > 0 && !unsynced_.empty()) {
    if (std::holds_alternative<Sequence>(unsynced_.back())) --orders;
    lose_record();
  }
}

void SimulatedJournal::lose_record() {
  const Unsynced& record = unsynced_.back();
  if (const auto* order = std::get_if<Sequence>(&record)) orders_.erase(*order);
  if (const auto* before = std::get_if<Facts>(&record)) facts_ = *before;
  unsynced_.pop_back();
}

std::optional<std::string> SimulatedJournal::missing() const {
  if (mark_.sequence.value == 0 || is_damaged(mark_.sequence)) return std::nullopt;
  const Parcel order = read(mark_.sequence);
  if (order && std::get<Order>(*order).id == mark_) return std::nullopt;
  return "order " + std::to_string(mark_.sequence.value) + " was stable and is not in the journal";
}

}  // namespace tally::simulation
