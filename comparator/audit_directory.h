// SPDX-License-Identifier: Apache-2.0
// The directory of the audit log. It holds the log, and a file that says whose it is
// (files/identity.h).
//
// It is made once, for a new group. A directory that is missing, or that has lost a part, is
// refused and nothing is written to it, since a log that silently began anew would hide what the
// log before it proved.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "protocol/ids.h"

namespace tally {

class AuditDirectory {
 public:
  // Errors are sentences for the operator.
  static tl::expected<AuditDirectory, std::string> open(const std::filesystem::path& path);
  // Makes the directory and begins the log in it; if the group is not known yet (zero), the log
  // begins later. Returns why that failed, or nothing.
  static std::optional<std::string> make(const std::filesystem::path& path, GroupId group);
  // No comparator has ever written there.
  static bool is_unused(const std::filesystem::path& path);

  std::filesystem::path log() const { return path_ / file_name; }
  GroupId group() const { return group_; }  // zero: it was not known when the directory was made

 private:
  static constexpr char file_name[] = "audit.jsonl";

  std::filesystem::path path_;
  GroupId group_;
};

}  // namespace tally
