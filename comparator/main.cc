// SPDX-License-Identifier: Apache-2.0
// tally-comparator: see comparator/core.h.
#include <string>

#include "comparator/audit_directory.h"
#include "comparator/shell.h"
#include "runtime/daemon.h"
#include "runtime/log.h"

namespace {

using namespace tally;

int run(const DaemonArguments& arguments) {
  const auto refuse = [](const std::string& why) {
    log_event(Event("refused_to_start", Severity::error).with("reason", why));
    return exit_usage;
  };
  const auto directory = AuditDirectory::open(arguments.config.audit_directory());
  if (!directory) return refuse(directory.error());
  auto audit_log = AuditLog::open(directory->log(), directory->group());
  if (!audit_log) return refuse(audit_log.error());
  for (const Event& event : audit_log->take_events()) log_event(event);
  ComparatorShell shell(arguments.config, std::move(*audit_log));
  shell.run();
  log_event(Event("stopped"));
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return tally::run_daemon(argc, argv, {.role = "comparator"}, run); }
