// SPDX-License-Identifier: Apache-2.0
// An audit record as a JSON object on one line, before it is sealed (comparator/audit_chain.h).
// docs/operations.md shows each kind of record.
//
// Digests, results and random identities are written as hexadecimal text, because many readers of
// JSON keep a number exactly only up to 2^53.
//
// Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "comparator/audit.h"
#include "protocol/time.h"

namespace tally {

struct AuditPlace {
  std::uint64_t number = 0;
  std::string_view previous;  // the hash of the record before
  CalendarTime at;
  std::string_view note;  // what happened to the file itself before this record; empty: nothing
};

std::string to_json(const AuditRecord& record, const AuditPlace& place);

}  // namespace tally
