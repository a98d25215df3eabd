// SPDX-License-Identifier: Apache-2.0
#include "comparator/audit_tail.h"

#include <algorithm>
#include <ranges>
#include <string>
#include <utility>

#include "protocol/limits.h"

namespace tally {
namespace {

// How many of these records, from the first one on, go into one answer.
template <class Records>
std::ptrdiff_t count_fitting(const Records& records) {
  std::size_t room = limits::observation_line_bytes;
  std::ptrdiff_t count = 0;
  for (const ObservedRecord& record : records) {
    if (record.line.size() > room) break;
    room -= record.line.size();
    ++count;
  }
  return count;
}

}  // namespace

void AuditTail::add(ObservedRecord record) {
  if (record.line.size() > limits::observed_line_bytes) std::string().swap(record.line);
  records_.push_back(std::move(record));
  if (records_.size() > limits::observed_records) records_.pop_front();
}

void AuditTail::add(AuditTail&& newer) {
  for (ObservedRecord& record : newer.records_) add(std::move(record));
  newer.records_.clear();
}

std::vector<ObservedRecord> AuditTail::after(std::uint64_t number) const {
  if (records_.empty()) return {};
  if (number == 0 || number > records_.back().number) {
    const std::ptrdiff_t count = count_fitting(std::views::reverse(records_));
    return {records_.end() - count, records_.end()};
  }
  const auto first = std::ranges::upper_bound(records_, number, {}, &ObservedRecord::number);
  return {first, first + count_fitting(std::ranges::subrange(first, records_.end()))};
}

}  // namespace tally
