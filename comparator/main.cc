// SPDX-License-Identifier: Apache-2.0
// tally-comparator: see comparator/core.h.
#include <filesystem>

#include "comparator/shell.h"
#include "runtime/daemon.h"
#include "runtime/log.h"

namespace {

using namespace tally;

int run(const DaemonArguments& arguments) {
  const std::filesystem::path directory = arguments.config.data + "/audit";
  std::filesystem::create_directories(directory);
  auto audit_log = AuditLog::open(directory / "audit.jsonl");
  if (!audit_log) {
    log_event(Event("refused_to_start", Severity::error).with("reason", audit_log.error()));
    return exit_usage;
  }
  for (const Event& event : audit_log->take_events()) log_event(event);
  ComparatorShell shell(arguments.config, std::move(*audit_log));
  shell.run();
  log_event(Event("stopped"));
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return tally::run_daemon(argc, argv, "comparator", false, run); }
