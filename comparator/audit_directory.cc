// SPDX-License-Identifier: Apache-2.0
#include "comparator/audit_directory.h"

#include <system_error>

#include "comparator/audit_chain.h"
#include "comparator/audit_log.h"
#include "files/directory.h"
#include "files/identity.h"
#include "runtime/clock.h"
#include "runtime/process.h"

namespace tally {
namespace {

constexpr char kind[] = "audit";
constexpr char role[] = "comparator";
constexpr char helps[] =
    "; put the newest copy of it back, or begin a new audit log by `tally audit accept-loss`, or, where there was no "
    "group yet, `tally init`";

}  // namespace

tl::expected<AuditDirectory, std::string> AuditDirectory::open(const std::filesystem::path& path) {
  AuditDirectory made;
  made.path_ = path;
  try {
    if (!std::filesystem::exists(path)) return tl::unexpected(path.string() + " is missing" + helps);
    const auto directory = open_posix_directory(path);
    if (!directory->has(identity_file)) return tl::unexpected(path.string() + "/identity is missing" + helps);
    const auto identity = find_identity(*directory);
    if (!identity) return tl::unexpected(path.string() + "/identity is damaged" + helps);
    if (identity->kind != kind)
      return tl::unexpected(path.string() + " holds no audit log: its file identity says " + identity->kind + helps);
    if (!directory->has(file_name)) return tl::unexpected(made.log().string() + " is missing" + helps);
    made.group_ = identity->group;
    if (made.group_.value != 0 && directory->open_to_read(file_name)->size() == 0)
      return tl::unexpected(made.log().string() + " is empty: it was emptied" + helps);
    return made;
  } catch (const std::system_error& error) {
    return tl::unexpected(std::string("the audit log cannot be used: ") + error.what());
  }
}

std::optional<std::string> AuditDirectory::make(const std::filesystem::path& path, GroupId group) {
  if (const auto complaint = keep_private(path)) return complaint;
  try {
    const auto directory = open_posix_directory(path);
    directory->create(file_name)->sync();
    write_identity(*directory, {kind, 1, role, group, rfc3339(calendar_now())});
    if (group.value == 0) return std::nullopt;
    auto log = AuditLog::open(path / file_name, group);
    if (!log) return log.error();
    const AuditRecord created{group, {}, CreationRecord{}};
    const auto written = log->append({&created, 1}, calendar_now());
    return written ? std::nullopt : std::optional(written.error());
  } catch (const std::system_error& error) {
    return std::string("the audit log cannot be made: ") + error.what();
  }
}

bool AuditDirectory::is_unused(const std::filesystem::path& path) {
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(path, failure)) {
    const std::string name = entry.path().filename();
    const auto log = name == file_name ? verify_audit_file(entry.path()) : tl::unexpected(AuditFault{});
    const bool is_fresh_log = log && log->head.number <= 1;
    const bool is_known = name == identity_file || name == unfinished_identity_file || name == lost_and_found;
    if (!is_fresh_log && !is_known) return false;
  }
  return !failure;
}

}  // namespace tally
