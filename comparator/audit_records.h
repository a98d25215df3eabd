// SPDX-License-Identifier: Apache-2.0
// The audit records that the core gives out: each has a number, and it is known which of them are
// on disk.
//
// The numbers go on from the head of the audit log at start, and records are written in their
// order, so that a number is enough to tell which records are written (law 16).
//
// Part of the comparator's core: one thread, no clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "comparator/audit.h"
#include "protocol/check.h"

namespace tally {

class AuditRecords {
 public:
  // `given_up`: the head, as text, of a log that an operator gave up; empty: none.
  AuditRecords(AuditHead head, std::string given_up)
      : head_(std::move(head)), given_up_(std::move(given_up)), last_(head_.number) {}

  // Returns the record's number.
  std::uint64_t add(AuditRecord record) {
    pending_.push_back(std::move(record));
    return ++last_;
  }
  // What was added since it was called last, in order.
  std::vector<AuditRecord> take() { return std::exchange(pending_, {}); }

  // Every record up to this one is on disk, and `hash` is its own. Returns true if that is news.
  // Precondition: the record was added.
  bool written_through(std::uint64_t number, std::string_view hash) {
    CHECK(number <= last_);
    if (number <= head_.number) return false;
    head_ = {number, std::string(hash)};
    return true;
  }

  // The newest record that is on disk.
  const AuditHead& head() const { return head_; }
  // The log does not have the record that this head names, as text that the journal remembers: its
  // tail was cut, or it is another log. What an operator gave up is not missed.
  bool lacks(std::string_view known_head) const {
    const std::optional<AuditHead> known = audit_head_from(known_head);
    if (!known || known_head == given_up_) return false;
    return known->number > head_.number || (known->number == head_.number && known->number != 0 && *known != head_);
  }

 private:
  AuditHead head_;
  std::string given_up_;
  std::uint64_t last_;  // the number of the record that was added last
  std::vector<AuditRecord> pending_;
};

}  // namespace tally
