// SPDX-License-Identifier: Apache-2.0
// What `tally journal check` found, for people. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal/inspection.h"

namespace tally::cli {

// `user`: the process that uses the journal, if one does.
std::string journal_table(const JournalInspection& journal, std::optional<std::uint64_t> user, bool colour);

// The sentence with which a distributor would refuse the journal; empty if it would not.
std::string refusal_of(const JournalInspection& journal);

}  // namespace tally::cli
