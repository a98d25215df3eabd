// SPDX-License-Identifier: Apache-2.0
// Counters that hide a lie from the state's digest.
//
// The digest is a sum, modulo 2^128, of a public digest of each entry. So whoever wants to change a
// counter looks for other counters to add, whose digests sum up to the difference. The search takes
// one of 32,768 candidates from each of 256 lists, and merges the lists by 15 bits at a time (Wagner,
// "A generalized birthday problem", 2002), which takes one core some seconds. This is why a seal is
// another digest (docs/decisions/0015-seals.md).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "protocol/digest.h"

namespace tally::testing {

using ForgedEntries = std::vector<std::pair<std::string, std::string>>;  // keys and values

// 256 entries of counters whose digests sum up to `difference`. Each has the value 1, and is made by
// a native client. Nothing: the search came to no end, which another difference may.
ForgedEntries forge(const Digest& difference);

}  // namespace tally::testing
