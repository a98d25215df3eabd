// SPDX-License-Identifier: Apache-2.0
#include "bridge/batch.h"

#include <utility>

#include "bridge/limits.h"
#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally::bridge {
namespace {

// Of the encoding, besides its texts: the tags, the sizes and the numbers, each as long as it can be.
constexpr std::size_t most_number_bytes = 80;

std::size_t request_bytes_of(const OwnedOperation& operation) {
  return operation.name.size() + operation.idempotency_key.size() + operation.after.size() + most_number_bytes;
}

bool is_combinable(const OwnedOperation& operation) {
  return operation.kind == OperationKind::add && operation.idempotency_key.empty();
}

// It concerns all counters, or none in particular.
bool is_of_no_counter(OperationKind kind) {
  return is_list(kind) || kind == OperationKind::count || kind == OperationKind::clear;
}

}  // namespace

bool Batch::has_room_for(std::span<const OwnedOperation> operations) const {
  std::size_t request_bytes = request_bytes_;
  std::size_t result_bytes = result_bytes_;
  for (const OwnedOperation& operation : operations) {
    request_bytes += request_bytes_of(operation);
    result_bytes += worst_result_bytes(operation.view());
  }
  return parts_.size() + operations.size() <= door_limits::batch_parts &&
         operations_.size() + operations.size() <= limits::request_operations &&
         request_bytes <= limits::request_bytes && results::header_bytes + result_bytes <= limits::request_result_bytes;
}

void Batch::add(std::span<OwnedOperation> operations, Asker& asker) {
  const std::size_t first = parts_.size();
  std::size_t passed_over = 0;  // by checks, at most, from the next operation on
  for (OwnedOperation& operation : operations) {
    const bool may_be_passed_over = passed_over > 0;
    if (may_be_passed_over) --passed_over;
    if (operation.kind == OperationKind::check) passed_over = std::max<std::size_t>(passed_over, operation.limit);
    add_one(operation, may_be_passed_over);
  }
  shares_.push_back({&asker, first, parts_.size()});
}

bool Batch::joins(const OwnedOperation& operation, std::size_t place) const {
  const OwnedOperation& joined = operations_[place];
  return is_combinable(joined) && joined.value == operation.value && joined.expiry == operation.expiry &&
         joined.detail == operation.detail;
}

void Batch::add_one(OwnedOperation& operation, bool may_be_passed_over) {
  const auto place = static_cast<std::uint32_t>(operations_.size());
  if (is_of_no_counter(operation.kind)) {
    newest_.clear();
  } else if (may_be_passed_over) {
    newest_.erase(operation.name);
  } else {
    const auto [known, is_first] = newest_.try_emplace(operation.name, place);
    if (!is_first && is_combinable(operation) && joins(operation, known->second)) {
      parts_.push_back({known->second, ++operations_[known->second].limit});
      return;
    }
    known->second = place;
  }
  if (operation.kind == OperationKind::add) operation.limit = 1;
  request_bytes_ += request_bytes_of(operation);
  result_bytes_ += worst_result_bytes(operation.view());
  parts_.push_back({place, 1});
  operations_.push_back(std::move(operation));
}

Answer Batch::own_answer(const Part& part) const {
  const OwnedOperation& operation = operations_[part.operation];
  Answer own = answers_[part.operation];
  if (operation.kind != OperationKind::add || operation.limit == 1) return own;
  const bool is_overflow = own.result.status == OperationStatus::overflow;
  if (own.outcome != CallOutcome::done && !(own.outcome == CallOutcome::refused && is_overflow)) return own;
  // Sums of more than 64 bits are on the way, but not in the end.
  const auto value_after = [&](std::int64_t before, std::int64_t times) {
    return static_cast<std::int64_t>(before + __int128{operation.value} * times);
  };
  if (!is_overflow) {
    own.result.value = value_after(own.result.value, std::int64_t{part.through} - operation.limit);
    return own;
  }
  const std::uint32_t done = additions_with_room(own.result.value, operation.value, operation.limit);
  own.result.value = value_after(own.result.value, std::min(part.through, done));
  if (part.through > done) return own;
  own.outcome = CallOutcome::done;
  own.result.status = OperationStatus::ok;
  return own;
}

void Batch::deliver(OperationCounts& counts) {
  CHECK(answers_.size() == operations_.size());
  for (const Share& share : shares_) {
    own_.clear();
    for (std::size_t part = share.first; part < share.end; ++part) {
      own_.push_back(own_answer(parts_[part]));
      const OperationKind kind = operations_[parts_[part].operation].kind;
      if (own_.back().is_decided()) ++counts[static_cast<std::size_t>(kind)];
    }
    share.asker->answered(own_);
  }
}

void Batch::clear() {
  operations_.clear();
  parts_.clear();
  shares_.clear();
  newest_.clear();
  answers_.clear();
  request_bytes_ = result_bytes_ = 0;
}

}  // namespace tally::bridge
