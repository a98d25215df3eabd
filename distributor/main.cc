// SPDX-License-Identifier: Apache-2.0
// tally-distributor: see distributor/core.h.
#include <cstdio>
#include <fstream>

#include "distributor/rocksdb_journal.h"
#include "distributor/shell.h"
#include "runtime/clock.h"
#include "runtime/daemon.h"
#include "runtime/log.h"

namespace {

using namespace tally;

int run(const DaemonArguments& arguments) {
  Config config = arguments.config;
  if (config.admin_token.empty()) std::ifstream(config.admin_token_file()) >> config.admin_token;
  auto journal = open_rocksdb_journal(config.data + "/journal", static_cast<std::uint32_t>(config.replicas),
                                      GroupId(random_number()));
  if (!journal) {
    log_event(Event("refused_to_start", Severity::error).with("reason", journal.error()));
    return exit_usage;
  }
  DistributorShell shell(config, std::move(*journal));
  const int code = shell.run();
  log_event(Event("stopped").with("code", code));
  return code;
}

}  // namespace

int main(int argc, char** argv) { return tally::run_daemon(argc, argv, "distributor", false, run); }
