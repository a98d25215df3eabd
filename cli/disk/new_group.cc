// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/new_group.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "cli/report.h"
#include "comparator/audit_directory.h"
#include "files/directory.h"
#include "journal/segmented_journal.h"
#include "protocol/time.h"
#include "runtime/clock.h"
#include "runtime/process.h"

namespace tally::cli {
namespace {

namespace fs = std::filesystem;

// Whether this may stand there before there is a group: it is an empty disk, or what was left of a
// start that did not get far.
bool is_of_nobody(const fs::path& entry) {
  try {
    const auto directory = open_posix_directory(entry);
    const auto is_a_file = [](const std::string& name) { return name != lost_and_found; };
    if (std::ranges::none_of(directory->names(), is_a_file)) return true;
    if (entry.filename() == "journal") return !file_in_the_way(*directory);
    return entry.filename() == "audit" && AuditDirectory::is_unused(entry);
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace

std::optional<std::string> traces_of_a_group(const Config& config) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(config.data, none)) {
    const std::string name = entry.path().filename();
    // This includes what was put aside or is being made.
    const bool is_of_a_group = name.starts_with("journal") || name.starts_with("audit") || name.starts_with("replica-");
    if (is_of_a_group && !is_of_nobody(entry.path())) return name;
  }
  return std::nullopt;
}

// The journal is made last, because where there is one there is a group.
std::optional<Failure> make_directories(const Config& config) {
  const auto failure = [](const std::string& why) { return Failure{ExitCode::usage, why}; };
  const GroupId group(random_number());
  if (const auto complaint = AuditDirectory::make(config.audit_directory(), group)) return failure(*complaint);
  const std::string path = config.journal_directory();
  if (const auto complaint = keep_private(path)) return failure(*complaint);
  try {
    const auto directory = open_posix_directory(path);
    if (const auto made = create_journal(*directory, group, rfc3339(calendar_now())); !made)
      return failure(made.error());
    open_posix_directory(config.data)->sync();
  } catch (const std::system_error& error) {
    return failure(error.what());
  }
  return std::nullopt;
}

ExitCode run_init(const InitOptions& options) {
  prepare_process();
  const auto config = effective_config(options.group);
  if (!config) return fail(config.error());
  if (const auto name = traces_of_a_group(*config))
    return fail(ExitCode::usage,
                config->data + " has a group already: " + *name + " is there. A new one begins in an empty directory");
  if (const auto complaint = keep_private(config->data)) return fail(ExitCode::usage, *complaint);
  if (options.audit_only) {
    if (const auto complaint = AuditDirectory::make(config->audit_directory(), {}))
      return fail(ExitCode::usage, *complaint);
    std::printf("a new audit log is in %s\n", config->audit_directory().c_str());
    return ExitCode::done;
  }
  if (const auto failure = make_directories(*config)) return fail(*failure);
  std::printf("a new group's journal is in %s, its audit log in %s\n", config->journal_directory().c_str(),
              config->audit_directory().c_str());
  return ExitCode::done;
}

}  // namespace tally::cli
