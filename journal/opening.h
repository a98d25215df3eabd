// SPDX-License-Identifier: Apache-2.0
// Finds out what a journal's directory holds, and changes nothing: which segments count, where the
// order ends, and what is known to have been synced. It tells what a crash may leave from what only
// damage leaves (Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage", FAST
// 2018).
//
// A crash may lose any part of what was not synced, and nothing else. So the journal ends at the
// first record that is not whole, and what is behind that record was never stable. But a record
// that was synced and is not whole is damage. To tell the two apart, the proof of what was synced
// must survive the record itself: it stands in every later record and in the mark.
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

// A place in the order from which a term may go on.
struct JournalPlace {
  OrderIdentity order;
  ServedTime served;
  CalendarTime calendar;
};

struct FoundJournal {
  RecoveredJournal recovered;                      // of the newest term that was begun
  std::uint32_t semantics = 0;                     // the version that made it; zero: no segment
  std::vector<std::shared_ptr<Segment>> segments;  // those that count, oldest first
  // Those that do not count: they are void, or were never finished.
  std::vector<std::string> leftovers;
  std::uint64_t last_number = 0;  // the highest number of any record that was found
  // All records up to this number are on the disk. What follows may be in the page cache only,
  // after a sync that failed.
  std::uint64_t synced_number = 0;
  JournalPlace synced;
};

// What the identity of a journal says about its kind and its owner.
inline constexpr char journal_kind[] = "journal";
inline constexpr char distributor_role[] = "distributor";

// Reads the two files that every journal has. Without them nothing is opened. The errors are
// sentences for the operator.
tl::expected<Identity, std::string> read_identity(const Directory& directory);
enum class Access { read, write };
tl::expected<std::unique_ptr<StableMark>, std::string> read_mark(const Directory& directory, GroupId group,
                                                                 Access access);

// If another version of tally wrote this journal, the reason for refusing it.
std::optional<std::string> refused_semantics(const FoundJournal& found);

// What to do about a loss. A start refuses it. An operator may give up what is lost: then the
// journal ends before the first thing that is missing or damaged, even if that was stable.
enum class Loss { refused, given_up };

// Precondition: `mark` is of the same group. Throws std::system_error if something cannot be read
// now, which proves nothing.
tl::expected<FoundJournal, std::string> find_journal(const Directory& directory, const StablePlace& mark,
                                                     Loss loss = Loss::refused);

}  // namespace tally
