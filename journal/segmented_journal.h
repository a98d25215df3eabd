// SPDX-License-Identifier: Apache-2.0
// The journal as segments in a directory: files of a fixed size that are written from beginning to
// end, cut by removing whole ones, and used again. docs/journal.md specifies the bytes;
// decisions/0016 has the reasons.
//
// A term begins with a segment of its own, so that it begins as a whole or not at all: the segment
// gets its name only once it is synced. That segment also holds, written anew, what the term before
// may not have synced.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "files/directory.h"
#include "files/identity.h"
#include "journal/journal.h"

namespace tally {

struct JournalOptions {
  std::uint32_t replicas = 3;  // its view must have so many members
  // The size of each file. A record that does not fit into the rest of one goes into the next, so a
  // record must fit into a whole file.
  std::uint64_t segment_bytes = 0;
  std::function<std::uint64_t()> random;
};

// The size of a segment in a journal that is to take about `journal_bytes`.
std::uint64_t segment_bytes_for(std::uint64_t journal_bytes);

// The name of a file that forbids making a journal in this directory. Returns nothing if the
// directory is empty, or holds only what an interrupted create_journal() leaves.
std::optional<std::string> file_in_the_way(const Directory& directory);

// Makes a journal that has no segment yet. The directory must exist, and no file may be in the way.
// `made` is the time, for people. The error is a sentence.
tl::expected<void, std::string> create_journal(Directory& directory, GroupId group, const std::string& made);

// Makes, in an empty directory, a journal without an order that goes on after `beginning.last` and
// with the facts of `beginning`. The first term that it begins is later than that of `beginning`.
// The error is a sentence.
tl::expected<std::unique_ptr<Journal>, std::string> begin_journal(std::unique_ptr<Directory> directory,
                                                                  const std::string& made, RecoveredJournal beginning,
                                                                  JournalOptions options);

// The error is a sentence for the operator, with the path and what helps. Nothing is changed before
// begin_term().
tl::expected<std::unique_ptr<Journal>, std::string> open_journal(std::unique_ptr<Directory> directory,
                                                                 JournalOptions options);

}  // namespace tally
