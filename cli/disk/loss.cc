// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/loss.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <unistd.h>

#include "cli/disk/audit.h"
#include "cli/disk/fresh_journal.h"
#include "cli/disk/replica_files.h"
#include "cli/disk/stopped_group.h"
#include "cli/progress_bar.h"
#include "cli/report.h"
#include "comparator/audit_chain.h"
#include "comparator/audit_directory.h"
#include "comparator/audit_log.h"
#include "journal/opening.h"
#include "journal/salvage.h"
#include "journal/segmented_journal.h"
#include "runtime/clock.h"
#include "runtime/process.h"

namespace tally::cli {
namespace {

namespace fs = std::filesystem;

template <class Value>
using Result = tl::expected<Value, Failure>;

tl::unexpected<Failure> usage(const std::string& what) { return tl::unexpected(Failure{ExitCode::usage, what}); }

std::string named(Sequence sequence) { return std::to_string(sequence.value); }

// Whether somebody has agreed to it.
bool is_agreed_to(const LossOptions& options) {
  if (options.yes) return true;
  if (isatty(STDIN_FILENO) == 0) {
    fail(ExitCode::usage, "nothing was done; say --yes to do it");
    return false;
  }
  std::fputs("Do it? Type yes: ", stderr);
  std::string word;
  if (std::getline(std::cin, word) && word == "yes") return true;
  fail(ExitCode::usage, "nothing was done");
  return false;
}

// How much is lost, for people. What replicas know of is up to a second old.
void print_loss(Sequence kept, Sequence newest) {
  if (newest > kept)
    std::printf(
        "LOST: what was counted after order %s: at least up to order %s, and up to a second more of counting. "
        "That was answered.\n",
        named(kept).c_str(), named(newest).c_str());
  else
    std::printf(
        "No replica here knows of a decided order after %s. If there were any, in the last second before the "
        "end, what they counted is lost.\n",
        named(kept).c_str());
}

// Puts checkpoints of orders that are given up aside, because the replicas would write over them.
void put_aside_beyond(const StoppedGroup& group, Sequence kept) {
  for (const ReplicaFiles& replica : group.replicas) {
    for (const StoredCheckpoint& checkpoint : replica.checkpoints) {
      if (checkpoint.header.applied.sequence <= kept) continue;
      const std::string aside = aside_of(checkpoint.path);
      fs::rename(checkpoint.path, aside);
      std::printf("a checkpoint of order %s is in %s\n", named(checkpoint.header.applied.sequence).c_str(),
                  aside.c_str());
    }
  }
}

// What each replica's files say, for people.
void print_replicas(const StoppedGroup& group) {
  for (const ReplicaFiles& replica : group.replicas) {
    std::printf("replica %llu: ", static_cast<unsigned long long>(replica.id.value));
    if (replica.checkpoints.empty() && replica.witness == Witness{}) {
      std::printf("%s\n", replica.complaint.empty() ? "nothing" : replica.complaint.c_str());
      continue;
    }
    std::string checkpoints;
    for (const StoredCheckpoint& checkpoint : replica.checkpoints)
      checkpoints += (checkpoints.empty() ? "" : ", ") + named(checkpoint.header.applied.sequence);
    std::printf("checkpoints of order %s; order %s is the newest that it knows to be decided\n",
                checkpoints.empty() ? "-" : checkpoints.c_str(), named(replica.witness.decided.sequence).c_str());
    if (!replica.complaint.empty()) std::printf("           %s\n", replica.complaint.c_str());
  }
}

// Returns the head of the audit log, which is that of the new record.
Result<AuditHead> put_on_record(const StoppedGroup& group, GroupId id, Term term, LossRecord record) {
  const auto failure = [](const std::string& why) { return tl::unexpected(Failure{ExitCode::failed, why}); };
  const auto directory = AuditDirectory::open(group.config.audit_directory());
  if (!directory) return failure(directory.error());
  auto log = AuditLog::open(directory->log(), id);
  if (!log) return failure(log.error());
  const AuditRecord written{id, term, std::move(record)};
  const auto head = log->append({&written, 1}, calendar_now());
  if (!head) return failure(head.error());
  std::printf("on record in the audit log as number %llu\n", static_cast<unsigned long long>(head->number));
  return *head;
}

// ---- rebuild

// The newest state that can be read from its beginning to its end.
Result<VouchedState> newest_vouched(const StoppedGroup& group) {
  for (VouchedState& state : vouched_states(group.replicas, group.needed())) {
    const auto complaint = verify_checkpoint(state.checkpoint);
    if (!complaint) return std::move(state);
    std::fprintf(stderr, "left out: %s\n", complaint->c_str());
  }
  return usage("no checkpoint is vouched for by " + std::to_string(group.needed()) +
               " replicas: nothing tells which state was right. Put the newest copy of the journal back, or all of a "
               "backup");
}

void print_cost(const StoppedGroup& group, const VouchedState& state, const OrderIdentity& newest) {
  print_replicas(group);
  std::string vouchers;
  for (const ReplicaId replica : state.vouchers)
    vouchers += (vouchers.empty() ? "" : ", ") + std::to_string(replica.value);
  const Sequence kept = state.checkpoint.header.applied.sequence;
  std::printf("\nThe new journal begins after order %s: its state is in %s, and replicas %s vouch for it.\n",
              named(kept).c_str(), state.checkpoint.path.c_str(), vouchers.c_str());
  print_loss(kept, newest.sequence);
}

RecoveredJournal beginning_at(const CheckpointHeader& header, std::size_t replicas) {
  RecoveredJournal beginning;
  beginning.group = header.group;
  beginning.last = header.applied;
  beginning.served = header.served;
  beginning.calendar = header.calendar;
  beginning.agreed = {header.applied, header.state};
  beginning.view.members.resize(replicas);
  return beginning;
}

// ---- accept-loss

// Whether some replica has a state from which the journal leads on.
bool leads_on_from_a_state(const StoppedGroup& group, const RecoveredJournal& journal) {
  if (journal.first <= Sequence(1)) return true;
  const auto fits = [&](const StoredCheckpoint& one) {
    return one.header.applied.sequence.next() >= journal.first && one.header.applied.sequence <= journal.last.sequence;
  };
  return std::ranges::any_of(group.replicas,
                             [&](const ReplicaFiles& one) { return std::ranges::any_of(one.checkpoints, fits); });
}

// Copies what can be read of a journal that is refused.
std::optional<Failure> salvage(const std::string& journal, const std::string& fresh) {
  if (const auto complaint = keep_private(fresh)) return Failure{ExitCode::usage, *complaint};
  const auto from = open_posix_directory(journal);
  const auto to = open_posix_directory(fresh);
  ProgressBar bar("copying");
  const auto copied =
      salvage_journal(*from, *to, [&bar](std::uint64_t done, std::uint64_t all) { bar.show(done, all); });
  if (copied) return std::nullopt;
  return Failure{ExitCode::usage, "nothing of the journal can be used: " + copied.error() +
                                      "; `tally journal rebuild` makes one from the replicas' checkpoints"};
}

ExitCode accept_loss(const StoppedGroup& group, const LossOptions& options) {
  const std::string path = group.config.journal_directory();
  if (!fs::exists(path))
    return fail(ExitCode::usage, path + " is not there; see `tally aside list` and `tally journal rebuild`");
  FreshJournal fresh(path);
  auto journal = open_journal(open_posix_directory(path), group.journal_options());
  const bool is_salvaged = !journal;
  if (is_salvaged) {
    std::printf("%s\n", journal.error().c_str());
    if (const auto why = why_not_replaced(path)) return fail(ExitCode::usage, *why);
    if (const auto failure = salvage(path, fresh.path())) return fail(*failure);
    journal = open_journal(open_posix_directory(fresh.path()), group.journal_options());
    if (!journal) return fail(ExitCode::usage, journal.error());
  }
  const RecoveredJournal found = (*journal)->found();
  const OrderIdentity newest = known_decided(group.replicas, 1);
  print_replicas(group);
  std::printf("\nThe journal holds the orders %s to %s.\n", named(found.first).c_str(),
              named(found.last.sequence).c_str());
  if (!leads_on_from_a_state(group, found))
    return fail(ExitCode::usage,
                "no replica has a checkpoint that these orders lead on from; `tally journal rebuild` begins after the "
                "newest checkpoint instead");
  print_loss(found.last.sequence, newest.sequence);
  const auto vouched = vouched_states(group.replicas, group.needed());
  if (!vouched.empty() && vouched.front().checkpoint.header.applied.sequence > found.last.sequence)
    std::printf("`tally journal rebuild` would lose less: it begins after order %s.\n",
                named(vouched.front().checkpoint.header.applied.sequence).c_str());
  if (!is_agreed_to(options)) return ExitCode::usage;
  const Term seen = group.newest_seen(found.term);
  const auto on_record =
      put_on_record(group, found.group, seen, {"tally journal accept-loss", found.last.sequence, newest.sequence, {}});
  if (!on_record) return fail(on_record.error());
  begin_anew(**journal, seen, *on_record);
  put_aside_beyond(group, found.last.sequence);
  if (is_salvaged) fresh.put_in_place();
  return ExitCode::done;
}

ExitCode rebuild(const StoppedGroup& group, const LossOptions& options) {
  const auto state = newest_vouched(group);
  if (!state) {
    print_replicas(group);
    return fail(state.error());
  }
  const std::string path = group.config.journal_directory();
  if (const auto why = why_not_replaced(path)) return fail(ExitCode::usage, *why);
  const CheckpointHeader& header = state->checkpoint.header;
  const OrderIdentity newest = known_decided(group.replicas, 1);
  print_cost(group, *state, newest);
  if (!is_agreed_to(options)) return ExitCode::usage;
  const Term seen = group.newest_seen(header.applied.term);
  const auto on_record =
      put_on_record(group, header.group, seen, {"tally journal rebuild", header.applied.sequence, newest.sequence, {}});
  if (!on_record) return fail(on_record.error());
  FreshJournal fresh(path);
  if (const auto complaint = keep_private(fresh.path())) return fail(ExitCode::usage, *complaint);
  RecoveredJournal beginning = beginning_at(header, group.replicas.size());
  beginning.term = seen;
  auto journal = begin_journal(open_posix_directory(fresh.path()), rfc3339(calendar_now()), std::move(beginning),
                               group.journal_options());
  if (!journal) return fail(ExitCode::failed, journal.error());
  begin_anew(**journal, seen, *on_record);
  put_aside_beyond(group, header.applied.sequence);
  fresh.put_in_place();
  return ExitCode::done;
}

// A log that is there goes on. If there is none, a new one begins.
ExitCode give_audit_up(const StoppedGroup& group, const LossOptions& options) {
  const std::string path = group.config.audit_directory();
  const auto journaled = journaled_audit_head(group.config.journal_directory());
  const std::optional<AuditHead> known = journaled ? *journaled : std::nullopt;
  const auto directory = AuditDirectory::open(path);
  const bool is_there = directory && verify_audit_file(directory->log()).has_value();
  const GroupId id = directory ? directory->group() : group.identity();
  std::printf("LOST: the evidence of all earlier verdicts%s.\n",
              is_there ? " that are not in the log any more" : ", but for what is kept beside. A new audit log begins");
  if (!is_agreed_to(options)) return ExitCode::usage;
  if (!is_there && fs::exists(path) && !fs::is_empty(path)) {
    const std::string aside = aside_of(path);
    fs::rename(path, aside);
    std::printf("what was there is in %s\n", aside.c_str());
  }
  if (!is_there)
    if (const auto complaint = AuditDirectory::make(path, id)) return fail(ExitCode::failed, *complaint);
  const auto on_record = put_on_record(group, id, known_term(group.replicas, 1),
                                       {"tally audit accept-loss", {}, {}, known ? to_text(*known) : ""});
  return on_record ? ExitCode::done : fail(on_record.error());
}

using Work = ExitCode (*)(const StoppedGroup& group, const LossOptions& options);

ExitCode with_stopped_group(const LossOptions& options, Work work) {
  const auto group = stopped_group(options.group);
  if (!group) return fail(group.error());
  try {
    return work(*group, options);
  } catch (const std::runtime_error& error) {  // also of the file system
    return fail(ExitCode::failed, error.what());
  }
}

}  // namespace

ExitCode run_journal_rebuild(const LossOptions& options) { return with_stopped_group(options, rebuild); }
ExitCode run_journal_accept_loss(const LossOptions& options) { return with_stopped_group(options, accept_loss); }
ExitCode run_audit_accept_loss(const LossOptions& options) { return with_stopped_group(options, give_audit_up); }

}  // namespace tally::cli
