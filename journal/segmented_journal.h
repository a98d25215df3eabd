// SPDX-License-Identifier: Apache-2.0
// The journal as segments in a directory: files of a fixed size, written from their beginning to their end, cut by
// removing whole ones, and used again. docs/journal.md specifies the bytes; decisions/0016 has the reasons.
//
// A term begins with a segment of its own, so that it begins atomically: by the name that the segment gets once it is
// synced. That segment also holds, written anew, what the term before may not have synced.
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
  std::uint32_t replicas = 3;       // that its view must be of
  std::uint64_t segment_bytes = 0;  // of each file; a record may be longer than what is left of one, never than one
  std::function<std::uint64_t()> random;
};

// For a journal that is to take about so many bytes.
std::uint64_t segment_bytes_for(std::uint64_t journal_bytes);

// A file because of which no journal may be made there. None: the directory is empty, or holds no more than what a
// create_journal() that was interrupted leaves.
std::optional<std::string> file_in_the_way(const Directory& directory);

// A journal without a segment. The directory must be there, and no file in the way; the error is a sentence. `made`:
// when, for people.
tl::expected<void, std::string> create_journal(Directory& directory, GroupId group, const std::string& made);

// In an empty directory, a journal without an order that goes on after `beginning.last`, with the facts of `beginning`;
// the next term that it begins is later than that one's. The error is a sentence.
tl::expected<std::unique_ptr<Journal>, std::string> begin_journal(std::unique_ptr<Directory> directory,
                                                                  const std::string& made, RecoveredJournal beginning,
                                                                  JournalOptions options);

// The error is a sentence for the operator, with the path and what helps. Nothing is changed before begin_term().
tl::expected<std::unique_ptr<Journal>, std::string> open_journal(std::unique_ptr<Directory> directory,
                                                                 JournalOptions options);

}  // namespace tally
