// SPDX-License-Identifier: Apache-2.0
// The files of a group while no daemon of it runs. A command that gives something up works on them.
#pragma once

#include <cstddef>
#include <memory>
#include <tl/expected.hpp>
#include <vector>

#include "cli/disk/replica_files.h"
#include "cli/disk/run_directory.h"
#include "cli/effective_config.h"
#include "cli/exit_code.h"
#include "journal/segmented_journal.h"
#include "protocol/quorum.h"

namespace tally::cli {

struct StoppedGroup {
  Config config;
  std::unique_ptr<RunDirectory> run;  // its lock keeps `tally up` out
  std::vector<ReplicaFiles> replicas;

  std::size_t needed() const { return quorum_of(static_cast<std::size_t>(config.replicas)); }
  JournalOptions journal_options() const;
  // The newest term that enough replicas have seen, or the journal, if its own is newer.
  Term newest_seen(Term of_journal) const;
  // The group's identity as the journal says it; without a journal, as most replicas say it.
  GroupId identity() const;
};

// Refuses while a daemon of the group runs.
tl::expected<StoppedGroup, Failure> stopped_group(const GroupOptions& options);

}  // namespace tally::cli
