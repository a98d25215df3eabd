// SPDX-License-Identifier: Apache-2.0
// The audit log as a file of JSON Lines, hash-chained (comparator/audit_chain.h), appended and synced.
//
// Opening verifies what is there. A torn last line is cut. A log whose chain is broken is evidence too: it is kept
// beside, as PATH.broken-1 (-2, …), and a new log begins at PATH. Either is told as an event, and noted in the next
// record. The file is locked: two comparators never write one log.
//
// append() blocks for a sync: call it from the one thread that is for that. Not copyable; one thread at a time.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "comparator/audit.h"
#include "protocol/event.h"
#include "protocol/time.h"
#include "runtime/descriptor.h"

namespace tally {

class AuditLog {
 public:
  // Creates the file if need be; its directory must exist. `group`: zero means whatever the file says. Errors, for
  // people: the file cannot be opened, is locked by another process, or is of another group.
  static tl::expected<AuditLog, std::string> open(const std::filesystem::path& path, GroupId group = {});

  const AuditHead& head() const { return head_; }
  GroupId group() const { return group_; }  // zero: neither the file nor the caller knew
  // The head, as text, of what an operator gave up last, when this was opened; empty: nothing.
  const std::string& given_up() const { return given_up_; }
  // What was found at opening, once.
  std::vector<Event> take_events() { return std::exchange(events_, {}); }

  // Writes and syncs all of them, and returns the new head. An error leaves the log as it was, and the same records may
  // be appended again; but after a sync that failed, every append fails: what is on disk is no longer known (law 4).
  tl::expected<AuditHead, std::string> append(std::span<const AuditRecord> records, CalendarTime at);

 private:
  AuditLog() = default;
  tl::expected<void, std::string> open_file();
  tl::expected<void, std::string> adopt_content();
  tl::expected<void, std::string> cut_torn_line(std::uint64_t good_bytes, std::uint64_t torn_bytes);
  tl::expected<void, std::string> put_aside(std::uint64_t line, const std::string& why);
  tl::expected<void, std::string> write(std::string_view text);
  std::string failure(const char* action) const;

  std::filesystem::path path_;
  Descriptor file_;
  std::uint64_t size_ = 0;
  GroupId group_;
  AuditHead head_;
  std::string given_up_;
  std::string note_;  // for the next record
  bool sync_failed_ = false;
  std::vector<Event> events_;
};

}  // namespace tally
