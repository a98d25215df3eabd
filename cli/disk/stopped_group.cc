// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/stopped_group.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "cli/disk/lock.h"
#include "journal/opening.h"
#include "runtime/clock.h"
#include "runtime/process.h"

namespace tally::cli {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Failure> refused(const std::string& what) { return tl::unexpected(Failure{ExitCode::usage, what}); }

}  // namespace

JournalOptions StoppedGroup::journal_options() const {
  JournalOptions options;
  options.replicas = static_cast<std::uint32_t>(config.replicas);
  options.segment_bytes = segment_bytes_for(static_cast<std::uint64_t>(config.journal_mib) << 20);
  options.random = random_number;
  return options;
}

Term StoppedGroup::newest_seen(Term of_journal) const {
  return std::max({of_journal, known_term(replicas, needed()), known_decided(replicas, needed()).term});
}

GroupId StoppedGroup::identity() const {
  const std::string path = config.journal_directory();
  if (fs::exists(path))
    if (const auto stored = read_identity(*open_posix_directory(path))) return stored->group;
  std::map<GroupId, int> votes;
  for (const ReplicaFiles& replica : replicas) ++votes[replica.group];
  const auto most = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; });
  return most == votes.end() ? GroupId() : most->first;
}

tl::expected<StoppedGroup, Failure> stopped_group(const GroupOptions& options) {
  prepare_process();
  auto config = effective_config(options);
  if (!config) return tl::unexpected(config.error());
  config->data = fs::absolute(config->data).lexically_normal();
  if (!fs::is_directory(config->data)) return refused(config->data + " is not there");
  auto run = RunDirectory::claim(config->data);
  if (!run) return tl::unexpected(run.error());
  if (const auto user = lock_holder(config->journal_directory() + '/' + identity_file))
    return refused("the distributor runs (process " + std::to_string(*user) + "); stop the group first");
  StoppedGroup group{std::move(*config), std::move(*run), {}};
  group.replicas = read_replica_files(group.config);
  return group;
}

}  // namespace tally::cli
