// SPDX-License-Identifier: Apache-2.0
// What a journal's directory holds, found without a change to it: which segments count, where the order ends, and what
// is known to have been synced. Tells what a crash may leave from what only damage leaves
// (Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST 2018): the proof of what was synced
// stands in every later record and in the mark, apart from the record itself.
//
// A crash loses any of what was not synced, in any order: it ends the journal at the first record that is not whole,
// and what is behind that was never stable. A record that was synced and is not whole is damage.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "files/directory.h"
#include "files/identity.h"
#include "journal/segment.h"
#include "journal/stable_mark.h"
#include "protocol/journal_facts.h"

namespace tally {

// What a term may go on from.
struct JournalPlace {
  OrderIdentity order;
  ServedTime served;
  CalendarTime calendar;
};

struct FoundJournal {
  RecoveredJournal recovered;                      // of the newest term that was begun
  std::uint32_t semantics = 0;                     // that made it; zero: no segment
  std::vector<std::shared_ptr<Segment>> segments;  // those that count, oldest first
  std::vector<std::string> leftovers;              // that do not: void, or never finished
  std::uint64_t last_number = 0;                   // no record has a higher one
  // All up to here is on the disk. What follows it may be in the page cache only, after a sync that failed.
  std::uint64_t synced_number = 0;
  JournalPlace synced;
};

// What the identity of a journal says beside its group.
inline constexpr char journal_kind[] = "journal";
inline constexpr char distributor_role[] = "distributor";

// The files that every journal has: without them nothing is opened. Errors are sentences for the operator.
tl::expected<Identity, std::string> read_identity(const Directory& directory);
enum class Access { read, write };
tl::expected<std::unique_ptr<StableMark>, std::string> read_mark(const Directory& directory, GroupId group,
                                                                 Access access);

// Why a journal that was found is of another version of tally, if it is.
std::optional<std::string> refused_semantics(const FoundJournal& found);

// What is lost: whether it is refused, or given up by an operator. Then the journal ends before the first thing that is
// missing or damaged, be it stable or not.
enum class Loss { refused, given_up };

// `mark`: of the same group. std::system_error: something cannot be read now, which proves nothing.
tl::expected<FoundJournal, std::string> find_journal(const Directory& directory, const StablePlace& mark,
                                                     Loss loss = Loss::refused);

}  // namespace tally
