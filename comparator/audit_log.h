// SPDX-License-Identifier: Apache-2.0
// The audit log as a file of JSON Lines that form a hash chain (comparator/audit_chain.h). It is
// only appended to, and synced after each append.
//
// Opening verifies what is there. A torn last line is cut off. A log whose chain is broken is
// evidence too, so it is kept beside the new one, as PATH.broken-1 (-2, …), and a new log begins at
// PATH. An event tells of either, and the next record notes it. The file is locked, so that two
// comparators never write one log.
//
// One thread at a time. append() blocks until the disk has synced, so it belongs on a thread of its
// own.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "comparator/audit.h"
#include "comparator/audit_tail.h"
#include "protocol/event.h"
#include "protocol/time.h"
#include "runtime/descriptor.h"

namespace tally {

class AuditLog {
 public:
  // Creates the file if it is missing; its directory must exist. A group of zero means whatever the
  // file says. Errors are sentences for people: the file cannot be opened, is locked by another
  // process, or is of another group.
  static tl::expected<AuditLog, std::string> open(const std::filesystem::path& path, GroupId group = {});

  const AuditHead& head() const { return head_; }
  GroupId group() const { return group_; }  // zero: neither the file nor the caller knew it
  // The head, as text, of what an operator had given up last when the log was opened; empty:
  // nothing.
  const std::string& given_up() const { return given_up_; }
  // What was found at opening. It is given out once.
  std::vector<Event> take_events() { return std::exchange(events_, {}); }

  // The newest lines that are on disk and were not given out yet.
  AuditTail take_tail() { return std::exchange(tail_, {}); }

  // Writes and syncs all of the records, and returns the new head. An error leaves the log as it
  // was, and the same records may be appended again. But after a sync that failed every append
  // fails, because nobody knows any longer what is on disk (law 4).
  tl::expected<AuditHead, std::string> append(std::span<const AuditRecord> records, CalendarTime at);

 private:
  AuditLog() = default;
  tl::expected<void, std::string> open_file();
  tl::expected<void, std::string> adopt_content();
  tl::expected<void, std::string> cut_torn_line(std::uint64_t good_bytes, std::uint64_t torn_bytes);
  tl::expected<void, std::string> put_aside(std::uint64_t line, const std::string& why);
  tl::expected<void, std::string> write(std::string_view text);
  std::string failure(const char* action, int error) const;

  std::filesystem::path path_;
  Descriptor file_;
  std::uint64_t size_ = 0;
  GroupId group_;
  AuditHead head_;
  std::string given_up_;
  std::string note_;  // for the next record
  AuditTail tail_;
  bool sync_failed_ = false;
  std::vector<Event> events_;
};

}  // namespace tally
