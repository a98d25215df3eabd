// SPDX-License-Identifier: Apache-2.0
#include "simulation/workload.h"

#include <utility>

#include "simulation/reference.h"

namespace tally::simulation {

std::vector<OwnedOperation> Workload::draw(Random& random) {
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
  if (random.chance(0.8)) return {OperationKind::get, draw_name(random), 0, {}, {}, 0};
  const std::string after = random.chance(0.5) ? std::string() : draw_name(random);
  return {OperationKind::list, "counter", 0, {}, after, static_cast<std::uint32_t>(random.between(1, 20))};
}

OwnedOperation Workload::draw_change(Random& random) {
  OwnedOperation change;
  const std::uint64_t kind = random.below(10);
  change.kind = kind < 7 ? OperationKind::add : kind < 9 ? OperationKind::set : OperationKind::remove;
  change.name = draw_name(random);
  change.value = tagged_value(++tags_, random.chance(plan_.odd));
  if (!random.chance(plan_.keyed)) return change;
  const bool used_before = keys_ > 0 && random.chance(plan_.odd);
  change.idempotency_key = "key" + std::to_string(used_before ? random.between(1, keys_) : ++keys_);
  return change;
}

void Workload::completed(const std::vector<OwnedOperation>& operations, const std::vector<Answer>& answers,
                         Random& random) {
  for (std::size_t place = 0; place < operations.size(); ++place) {
    const bool keyed = !operations[place].idempotency_key.empty();
    const bool answered = answers[place].is_decided();
    if (keyed && random.chance(answered ? 0.2 : 0.8)) again_.push_back(operations[place]);
  }
}

}  // namespace tally::simulation
