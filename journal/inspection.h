// SPDX-License-Identifier: Apache-2.0
// What a journal's directory holds, and what is wrong with it. Every record of every segment is
// read and verified, not only those that a start reads. Nothing is changed and no lock is taken, so
// a distributor may be using the journal or starting on it: what it writes or removes in the
// meantime is no fault.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "files/directory.h"
#include "files/identity.h"
#include "journal/stable_mark.h"

namespace tally {

struct InspectedSegment {
  std::string name;
  Term term;       // zero: its header cannot be read
  Sequence first;  // the first order that it is for
  Sequence last;   // the last order that it has; it has none if this is less than `first`
  std::uint64_t orders = 0;
  std::uint64_t views = 0;
  std::uint64_t agreed = 0;
  std::uint64_t first_number = 0;  // of its first record
  std::uint64_t last_number = 0;
  std::uint64_t bytes = 0;     // of its header and its records
  std::uint64_t capacity = 0;  // the size of the file
  bool counts = false;         // it is part of the order
  std::string fault;           // a sentence; empty: nothing is wrong with it
  std::string note;            // something worth saying that is harmless
};

// What a start would do. All but `refusal` means something only if it would not refuse.
struct OpeningVerdict {
  std::string refusal;         // the sentence with which it refuses; empty: it does not
  Sequence next;               // the order that it would go on with
  Term term;                   // the term that it would begin
  Sequence first;              // the first order that it would have
  std::uint64_t replicas = 0;  // the size of the journal's group; zero: it is not known yet
};

struct JournalInspection {
  std::string path;
  std::optional<Identity> identity;
  std::optional<StablePlace> mark;
  std::vector<InspectedSegment> segments;
  OpeningVerdict verdict;

  std::uint64_t faults() const;
  bool is_whole() const { return verdict.refusal.empty() && faults() == 0; }
};

// The path that was named, or the directory `journal` in it if the path is a group's data
// directory.
std::string journal_directory_of(const std::string& path);

// How many bytes have been read, of how many.
using InspectionProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

// An error is a sentence: this is no journal, or it cannot be read now. The latter proves nothing.
tl::expected<JournalInspection, std::string> inspect_journal(const std::string& path,
                                                             const InspectionProgress& progress);
JournalInspection inspect_journal(const Directory& directory, const InspectionProgress& progress);

}  // namespace tally
