// SPDX-License-Identifier: Apache-2.0
// What a journal's directory holds, and what is wrong with it: every record of every segment is read and verified, not
// only those that a start reads. Nothing is changed and no lock is taken, so that a distributor may be using it, or be
// starting: what is written or removed meanwhile is no fault.
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
  Term term;       // zero: its header says nothing
  Sequence first;  // the first order that it is for
  Sequence last;   // the last one that it has; before `first`: none
  std::uint64_t orders = 0;
  std::uint64_t views = 0;
  std::uint64_t agreed = 0;
  std::uint64_t first_number = 0;  // of its records
  std::uint64_t last_number = 0;
  std::uint64_t bytes = 0;     // header and records
  std::uint64_t capacity = 0;  // of the file
  bool counts = false;         // it is part of the order
  std::string fault;           // a sentence; empty: nothing is wrong with it
  std::string note;            // what is to be said of it, and harmless
};

// What a start would do.
struct OpeningVerdict {
  std::string refusal;         // the sentence with which it refuses; empty: it does not
  Sequence next;               // else the order that it would go on with,
  Term term;                   // in this term,
  Sequence first;              // with orders from here on,
  std::uint64_t replicas = 0;  // of a group of so many; zero: any
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

// The path that was named, or the directory `journal` in it, if it is a group's data directory.
std::string journal_directory_of(const std::string& path);

// Bytes that were read, and that are to be read in all.
using InspectionProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

// Errors are sentences: it is no journal, or it cannot be read now, which proves nothing.
tl::expected<JournalInspection, std::string> inspect_journal(const std::string& path,
                                                             const InspectionProgress& progress);
JournalInspection inspect_journal(const Directory& directory, const InspectionProgress& progress);

}  // namespace tally
