// SPDX-License-Identifier: Apache-2.0
// The directory of the audit log: whose it is (files/identity.h), and the log. It is made once, for a new group; one
// that is missing or lost a part is refused, and nothing is written to it, since a log that begins anew would hide what
// the one before proved.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "protocol/ids.h"

namespace tally {

class AuditDirectory {
 public:
  // The error is a sentence for the operator.
  static tl::expected<AuditDirectory, std::string> open(const std::filesystem::path& path);
  // With a log that begins. `group`: zero if it is not known yet, then the log begins later. The answer is why not.
  static std::optional<std::string> make(const std::filesystem::path& path, GroupId group);
  // No comparator has written there.
  static bool is_unused(const std::filesystem::path& path);

  std::filesystem::path log() const { return path_ / file_name; }
  GroupId group() const { return group_; }  // zero: not known when it was made

 private:
  static constexpr char file_name[] = "audit.jsonl";

  std::filesystem::path path_;
  GroupId group_;
};

}  // namespace tally
