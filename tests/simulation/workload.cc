// SPDX-License-Identifier: Apache-2.0
#include "simulation/workload.h"

#include <array>
#include <limits>
#include <utility>

#include "simulation/reference.h"

namespace tally::simulation {
namespace {

constexpr std::int64_t edge_of_time = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::vector<OwnedOperation> Workload::draw(Random& random, CalendarTime now) {
  now_ = now;
  if (random.chance(plan_.conditional)) return draw_conditional(random);
  std::vector<OwnedOperation> operations;
  const std::uint64_t count = random.chance(0.7) ? 1 : random.between(1, plan_.most_operations);
  const bool reads_only = random.chance(plan_.reads);
  for (std::uint64_t place = 0; place < count; ++place)
    operations.push_back(reads_only ? draw_read(random) : draw_one(random));
  return operations;
}

std::string Workload::draw_name(Random& random) {
  if (random.chance(plan_.odd * 0.2)) return random.chance(0.5) ? std::string() : std::string("\x01");
  return "counter" + std::to_string(random.below(plan_.names));
}

OwnedOperation Workload::draw_one(Random& random) {
  if (random.chance(0.15)) return draw_read(random);
  if (!again_.empty() && random.chance(0.3)) {
    OwnedOperation again = std::move(again_.front());
    again_.pop_front();
    return again;
  }
  return draw_change(random);
}

OwnedOperation Workload::draw_read(Random& random) {
  if (random.chance(0.8)) {
    OwnedOperation get{OperationKind::get, draw_name(random), 0, {}, {}, 0};
    get.detail = random.chance(plan_.expiring + plan_.conditional);
    return get;
  }
  if (random.chance(plan_.expiring)) {
    OwnedOperation count{OperationKind::count, {}, 0, {}, {}, 0};
    count.conditions = random.chance(0.5) ? condition::with_expiry : 0;
    return count;
  }
  if (random.chance(plan_.conditional)) return draw_check(random, 0);
  if (random.chance(plan_.expiring + plan_.conditional))
    return {OperationKind::scan, {}, cursor_, {}, {}, static_cast<std::uint32_t>(random.between(1, 6))};
  const std::string after = random.chance(0.5) ? std::string() : draw_name(random);
  return {OperationKind::list, "counter", 0, {}, after, static_cast<std::uint32_t>(random.between(1, 20))};
}

OwnedOperation Workload::draw_change(Random& random) {
  OwnedOperation change;
  const std::uint64_t kind = random.below(10);
  change.kind = kind < 7 ? OperationKind::add : kind < 9 ? OperationKind::set : OperationKind::remove;
  change.name = draw_name(random);
  change.value = tagged_value(++tags_, random.chance(plan_.odd));
  give_terms(change, random);
  if (change.kind == OperationKind::expire) return change;
  if (!random.chance(plan_.keyed)) return change;
  const bool used_before = keys_ > 0 && random.chance(plan_.odd);
  change.idempotency_key = "key" + std::to_string(used_before ? random.between(1, keys_) : ++keys_);
  return change;
}

Expiry Workload::draw_expiry(Random& random) const {
  const std::int64_t longest = random.chance(0.5) ? 300 : 15'000;
  const auto milliseconds = static_cast<std::int64_t>(random.between(1, static_cast<std::uint64_t>(longest)));
  if (random.chance(plan_.odd * 0.2)) return {ExpiryKind::after, edge_of_time};
  switch (random.below(4)) {
    case 0: return {};
    case 1: return {ExpiryKind::at, now_.unix_milliseconds + milliseconds - longest / 8};
    default: return {ExpiryKind::after, milliseconds};
  }
}

void Workload::give_terms(OwnedOperation& change, Random& random) const {
  change.detail = random.chance(plan_.conditional);
  if (random.chance(plan_.odd * 0.1)) change.conditions = condition::later;  // malformed, mostly
  if (change.kind == OperationKind::add && random.chance(plan_.expiring * 0.2))
    change.limit = static_cast<std::uint32_t>(random.between(0, 3));
  if (change.kind == OperationKind::set && random.chance(plan_.conditional))
    change.conditions = static_cast<std::uint32_t>(random.between(condition::missing, condition::present));
  if (!random.chance(plan_.expiring)) return;
  change.expiry = draw_expiry(random);
  const bool may_be_at_any_time = change.kind == OperationKind::set;
  if (change.kind == OperationKind::remove || random.chance(0.2)) {
    change.kind = OperationKind::expire;
    change.conditions = random.chance(0.5) ? 0 : condition::without_expiry << random.below(4);
  } else if (may_be_at_any_time) {
    if (random.chance(0.2)) change.expiry = {ExpiryKind::keep, 0};
  } else if (change.expiry.kind == ExpiryKind::at) {
    change.expiry = {ExpiryKind::after, 100};
  }
}

OwnedOperation Workload::draw_check(Random& random, std::uint32_t depending) {
  OwnedOperation check{OperationKind::check, draw_name(random), 0, {}, {}, depending};
  check.conditions =
      std::array{condition::missing, condition::present, condition::unchanged, condition::equal}.at(random.below(4));
  const auto known = known_.find(check.name);
  if (known == known_.end()) return check;
  const bool is_of_value = check.conditions == condition::equal;
  check.value = is_of_value ? known->second.value : static_cast<std::int64_t>(known->second.last_change);
  return check;
}

// Checks, one or two, on which all that comes in between depends, and perhaps something that does
// not depend on them.
std::vector<OwnedOperation> Workload::draw_conditional(Random& random) {
  const std::uint64_t depending = random.between(1, 3);
  std::vector<OwnedOperation> operations;
  if (random.chance(0.3)) operations.push_back(draw_check(random, static_cast<std::uint32_t>(depending + 1)));
  operations.push_back(draw_check(random, static_cast<std::uint32_t>(depending)));
  for (std::uint64_t place = 0; place < depending; ++place) operations.push_back(draw_one(random));
  if (random.chance(0.5)) operations.push_back(draw_one(random));
  return operations;
}

void Workload::completed(const std::vector<OwnedOperation>& operations, const std::vector<Answer>& answers,
                         Random& random) {
  for (std::size_t place = 0; place < operations.size(); ++place) {
    const OperationResult& result = answers[place].result;
    if (result.detail) known_[operations[place].name] = {result.value, result.detail->last_change};
    if (operations[place].kind == OperationKind::scan && answers[place].is_decided()) cursor_ = result.value;
    const bool keyed = !operations[place].idempotency_key.empty();
    const bool answered = answers[place].is_decided();
    if (keyed && random.chance(answered ? 0.2 : 0.8)) again_.push_back(operations[place]);
  }
}

}  // namespace tally::simulation
