// SPDX-License-Identifier: Apache-2.0
#include "comparator/audit_tail.h"

#include <algorithm>
#include <string>
#include <utility>

#include "protocol/limits.h"

namespace tally {
namespace {

// How many of these records, from the first one on, go into one answer.
template <class Place>
std::ptrdiff_t count_fitting(Place first, Place end) {
  std::size_t room = limits::observation_line_bytes;
  std::ptrdiff_t count = 0;
  for (; first != end && first->line.size() <= room; ++first, ++count) room -= first->line.size();
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
    return {records_.end() - count_fitting(records_.rbegin(), records_.rend()), records_.end()};
  }
  const auto first = std::ranges::upper_bound(records_, number, {}, &ObservedRecord::number);
  return {first, first + count_fitting(first, records_.end())};
}

}  // namespace tally
