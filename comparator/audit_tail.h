// SPDX-License-Identifier: Apache-2.0
// The newest lines of an audit log, for those who watch.
//
// At most limits::observed_records are kept. A line of more than limits::observed_line_bytes is
// left out: its record has only its number and its hash.
//
// One thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "protocol/observation.h"

namespace tally {

class AuditTail {
 public:
  // Precondition: the record is newer than all others.
  void add(ObservedRecord record);
  void add(AuditTail&& newer);

  // Those behind the record of this number, oldest first, as many as go into one answer
  // (limits::observation_line_bytes). Zero, or a number that the log has not reached, which must be
  // of another log: the newest ones, as many as go into one answer.
  std::vector<ObservedRecord> after(std::uint64_t number) const;

 private:
  std::deque<ObservedRecord> records_;
};

}  // namespace tally
