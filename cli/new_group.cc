// SPDX-License-Identifier: Apache-2.0
#include "cli/new_group.h"

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "cli/report.h"
#include "journal/directory.h"
#include "journal/identity.h"
#include "journal/segmented_journal.h"
#include "protocol/time.h"
#include "runtime/clock.h"
#include "runtime/process.h"

namespace tally::cli {
namespace {

namespace fs = std::filesystem;

// What may stand there before there is a group: those who start one make them.
bool is_of_nobody(const fs::path& entry) {
  const std::string name = entry.filename();
  std::error_code unreadable;
  const bool is_empty_directory = fs::is_directory(entry, unreadable) && fs::is_empty(entry, unreadable);
  return name == "run" || name == "log" || name == "lost+found" || is_empty_directory;
}

}  // namespace

std::optional<std::string> traces_of_a_group(const Config& config) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(config.data, none)) {
    const std::string name = entry.path().filename();
    const bool is_of_a_group = name == "journal" || name == "audit" || name.starts_with("replica-");
    if (is_of_a_group && !is_of_nobody(entry.path())) return name;
  }
  return std::nullopt;
}

std::optional<Failure> make_journal(const Config& config) {
  const std::string path = config.journal_directory();
  if (const auto complaint = keep_private(path)) return Failure{ExitCode::usage, *complaint};
  try {
    const auto directory = open_posix_directory(path);
    const JournalIdentity identity{GroupId(random_number()), rfc3339(calendar_now())};
    if (const auto made = create_journal(*directory, identity); !made) return Failure{ExitCode::usage, made.error()};
    open_posix_directory(config.data)->sync();
  } catch (const std::system_error& error) {
    return Failure{ExitCode::usage, error.what()};
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
  if (const auto failure = make_journal(*config)) return fail(*failure);
  std::printf("a new group's journal is in %s\n", config->journal_directory().c_str());
  return ExitCode::done;
}

}  // namespace tally::cli
