// SPDX-License-Identifier: Apache-2.0
// tally-distributor: see distributor/core.h.
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "distributor/shell.h"
#include "files/trouble.h"
#include "journal/segmented_journal.h"
#include "runtime/clock.h"
#include "runtime/daemon.h"
#include "runtime/log.h"

namespace {

using namespace tally;

tl::expected<std::unique_ptr<Journal>, std::string> open(const Config& config) {
  JournalOptions options;
  options.replicas = static_cast<std::uint32_t>(config.replicas);
  options.segment_bytes = segment_bytes_for(static_cast<std::uint64_t>(config.journal_mib) << 20);
  options.random = random_number;
  try {
    return open_journal(open_posix_directory(config.journal_directory()), std::move(options));
  } catch (const std::system_error& error) {
    if (trouble_of(error.code().value()) != Trouble::damaged)
      return tl::unexpected(std::string("the journal cannot be read: ") + error.what());
    return tl::unexpected(
        std::string("there is no journal: ") + error.what() +
        "; put the newest copy of it back, or see `tally journal rebuild`, or, where there was no group yet, "
        "`tally init`");
  }
}

int run(const DaemonArguments& arguments) {
  Config config = arguments.config;
  if (config.admin_token.empty()) std::ifstream(config.admin_token_file()) >> config.admin_token;
  // Each time around is a life of its own: what a term that ended has journaled is all that the
  // next one knows.
  for (auto end = DistributorShell::End::term_ended; end == DistributorShell::End::term_ended;) {
    auto journal = open(config);
    if (!journal) {
      log_event(Event("refused_to_start", Severity::error).with("reason", journal.error()));
      return exit_usage;
    }
    end = DistributorShell(config, std::move(*journal)).run();
  }
  log_event(Event("stopped").with("code", 0));
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return tally::run_daemon(argc, argv, {.role = "distributor"}, run); }
