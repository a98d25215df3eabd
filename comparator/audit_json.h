// SPDX-License-Identifier: Apache-2.0
// An audit record as a JSON object on one line, not yet sealed (comparator/audit_chain.h). docs/operations.md shows
// each kind.
//
// Digests, results and random identities are hexadecimal text: a JSON number is exact only up to 2^53 in many readers.
// Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "comparator/audit.h"
#include "protocol/time.h"

namespace tally {

struct AuditPlace {
  std::uint64_t number = 0;
  std::string_view previous;  // hash of the record before
  CalendarTime at;
  std::string_view note;  // what happened to the file itself before this record; empty: nothing
};

std::string to_json(const AuditRecord& record, const AuditPlace& place);

}  // namespace tally
