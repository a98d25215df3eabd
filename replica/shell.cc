// SPDX-License-Identifier: Apache-2.0
#include "replica/shell.h"

#include <algorithm>
#include <signal.h>
#include <stdexcept>
#include <unistd.h>
#include <utility>

#include "protocol/limits.h"
#include "protocol/turn.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/own_fault.h"
#include "runtime/service_manager.h"

namespace tally {
namespace {

constexpr ChannelLimits distributor_limits{limits::peer_queue_messages, limits::message_bytes,
                                           wire::kinds<Order, ReplicaStanding, Fault>()};
constexpr ChannelLimits comparator_limits{limits::peer_queue_messages, limits::hello_bytes, wire::Kinds{}};
constexpr std::size_t most_delayed_votes = 4096;
constexpr Duration execution_slice = milliseconds(10);
constexpr Duration drain_time = seconds(3);

// Checkpoints are read again at 2 MiB a second: those of a million counters, about 100 MiB, in less
// than a minute.
constexpr std::size_t scrub_bytes = 256 * 1024;
constexpr Duration scrub_period = milliseconds(125);
constexpr Duration between_scrubs = seconds(30);

ReplicaConfig core_config(const Config& config, ReplicaId id, const CheckpointPair& checkpoints,
                          const ReplicaDirectory& directory) {
  ReplicaConfig core;
  core.id = id;
  core.incarnation = Incarnation(random_number());
  core.pid = static_cast<std::uint64_t>(getpid());
  core.store = checkpoints.name();
  core.checkpoint_orders = static_cast<std::uint64_t>(config.checkpoint_orders);
  core.early_checkpoint_bytes = (static_cast<std::uint64_t>(config.journal_mib) << 20) / 4;
  core.import_orders = static_cast<std::uint64_t>(config.import_orders);
  core.replicas = static_cast<std::uint32_t>(config.replicas);
  core.group = directory.group();
  core.witness = directory.witness();
  return core;
}

double random_share() { return static_cast<double>(random_number() >> 11) * 0x1.0p-53; }

}  // namespace

ReplicaShell::ReplicaShell(const Config& config, ReplicaId id, std::unique_ptr<CheckpointPair> checkpoints,
                           ReplicaDirectory directory)
    : config_(config),
      distributor_(
          Channel::connect(context_, config.endpoint_for_distributor(id), distributor_limits, random_bytes(16))),
      comparator_(Channel::connect(context_, config.endpoint_for_comparator(id), comparator_limits, random_bytes(16))),
      core_(core_config(config, id, *checkpoints, directory)),
      faults_(random_share),
      store_(std::move(checkpoints), std::move(directory)),
      transfers_(config_, id, context_, waiter_, store_, core_) {
  waiter_.watch(distributor_);
  waiter_.watch(comparator_);
  waiter_.watch(store_.completion_fd());
  waiter_.watch(stop_.descriptor());
}

// ---- the loop

int ReplicaShell::run() {
  tell_manager(now_ready);
  while (!finished()) {
    const Instant now = monotonic_now();
    ReplicaOutput output = turn(core_, now, [&](ReplicaCore&) { receive_all(now); });
    if (!carry_out(std::move(output), now)) return exit_usage;
    cast_delayed(now);
    transfers_.tick(now);
    scrub_checkpoints(now);
    look_after_links(now);
    waiter_.wait(std::min(next_deadline(), heartbeat_.beat(now)));
  }
  return 0;
}

// After a stop was asked for, a last checkpoint is taken if it can be had soon.
bool ReplicaShell::finished() {
  if (waiter_.is_ready(stop_.descriptor())) stop_.take();
  if (!stop_.asked()) return false;
  const Instant now = monotonic_now();
  if (!stop_by_) {
    core_.drain();
    stop_by_ = now + drain_time;
    return false;
  }
  return core_.is_drained() || *stop_by_ <= now;
}

Instant ReplicaShell::next_deadline() const {
  const Instant next_vote = delayed_.empty() ? Instant::never() : delayed_.front().due;
  const Instant next_scrub = scrubbing_ ? Instant::never() : next_scrub_;
  return std::min(
      {core_.next_deadline(), transfers_.next_deadline(), next_vote, next_scrub, stop_by_.value_or(Instant::never())});
}

// ---- what comes in

void ReplicaShell::receive_all(Instant now) {
  if (waiter_.is_ready(store_.completion_fd())) store_.run_completions();
  transfers_.receive(faults_.current(now) == FaultKind::hang, now);
  Channel::Share of_comparator;
  while (comparator_.receive(of_comparator)) continue;  // nothing comes here
  // What was executed is voted on before more is executed. So a replica that has much to catch up
  // on is slow, and not silent.
  Instant time = now;
  Channel::Share of_distributor;
  while (time < now + execution_slice) {
    auto incoming = distributor_.receive(of_distributor);
    if (!incoming) return;
    distributor_silence_.heard();
    if (incoming->message)
      receive(*incoming->message, time);
    else
      core_.connected(time);
    time = monotonic_now();
  }
}

void ReplicaShell::receive(Message& message, Instant now) {
  if (const auto* fault = std::get_if<Fault>(&message)) return inject(*fault, now);
  if (faults_.current(now) == FaultKind::hang) return;
  if (const auto* order = std::get_if<Order>(&message)) {
    if (faults_.applies(FaultKind::crash, now)) crash_on_purpose();
    if (!faults_.applies(FaultKind::drop_orders, now)) core_.receive(*order, now);
    if (flip_wanted_) flip_wanted_ = !core_.flip_stored_counter();
  }
  if (const auto* standing = std::get_if<ReplicaStanding>(&message)) core_.receive(*standing, now);
}

void ReplicaShell::inject(const Fault& fault, Instant now) {
  log_event(Event("fault_injected", Severity::warning).with("kind", to_string(fault.kind)));
  faults_.set(fault, now);
  flip_wanted_ = fault.kind == FaultKind::wrong_state && !core_.flip_stored_counter();
  if (fault.kind == FaultKind::corrupt_checkpoint) store_.damage();
}

// ---- what goes out

// Returns false when this replica must not go on.
bool ReplicaShell::carry_out(ReplicaOutput output, Instant now) {
  const bool hung = faults_.current(now) == FaultKind::hang;
  for (Vote& vote : output.votes)
    if (!hung) cast(std::move(vote), now);
  if (output.report && !hung) distributor_.send({}, std::move(*output.report));
  for (const Event& event : output.events) log_event(event);
  if (output.fatal) {
    log_event(Event("refused_to_go_on", Severity::error).with("reason", *output.fatal));
    return false;
  }
  for (auto& [donor, request] : output.state_requests)
    if (!hung) transfers_.ask(donor, request);
  for (ImportStep& step : output.import_steps) import(std::move(step));
  if (output.checkpoint) commit(std::move(*output.checkpoint), now);
  if (output.unseal) store_.unseal();
  if (output.witness) store_.keep(core_.group(), *output.witness);
  if (output.seal) seal(*output.seal);
  if (output.dropped) store_.destroy(std::move(output.dropped));
  if (output.load) load(*output.load);
  return true;
}

void ReplicaShell::cast(Vote vote, Instant now) {
  if (faults_.applies(FaultKind::silent, now)) return;
  if (faults_.applies(FaultKind::wrong_value, now)) FaultInjector::corrupt(vote);
  if (faults_.applies(FaultKind::slow, now)) {
    if (delayed_.size() < most_delayed_votes) delayed_.push_back({now + config_.ack_timeout() * 2, std::move(vote)});
    return;
  }
  send_vote(std::move(vote), now);
}

void ReplicaShell::cast_delayed(Instant now) {
  for (; !delayed_.empty() && delayed_.front().due <= now; delayed_.pop_front())
    send_vote(std::move(delayed_.front().vote), now);
}

void ReplicaShell::send_vote(Vote vote, Instant now) {
  if (comparator_.send({}, std::move(vote)) == SendResult::sent)
    comparator_silence_.heard();
  else
    comparator_silence_.expect(now);
}

// Law 23: a connection that has been silent for too long, as one that libzmq has given up is, is
// made anew.
void ReplicaShell::look_after_links(Instant now) {
  if (distributor_silence_.is_over(now)) waiter_.reconnect(distributor_, random_bytes(16));
  if (comparator_silence_.is_over(now)) waiter_.reconnect(comparator_, random_bytes(16));
  distributor_silence_.expect(now);
}

// ---- checkpoints

void ReplicaShell::commit(CheckpointDelta delta, Instant now) {
  const StoreThread::CommitFaults faults{faults_.applies(FaultKind::disk_full, now),
                                         faults_.applies(FaultKind::corrupt_checkpoint, now)};
  store_.commit(std::move(delta), faults, [this](const Stored<void>& result, CheckpointDelta lost) {
    if (result) return core_.checkpoint_committed(lost.header.applied.sequence);
    log_event(
        Event("checkpoint_not_committed", Severity::error).with("reason", std::string_view(result.error().detail)));
    core_.checkpoint_failed(std::move(lost), commit_failure(result.error()));
  });
}

void ReplicaShell::load(const LoadWish& wish) {
  store_.load([this] { return core_.fresh_state(); }, wish.below,
              [this](StoreThread::Loaded done) { loaded(std::move(done), monotonic_now()); });
}

void ReplicaShell::loaded(StoreThread::Loaded loaded, Instant now) {
  if (loaded.header) return core_.restored(*loaded.header, std::move(loaded.state), now);
  if (!loaded.error) return core_.nothing_to_restore(now);
  if (loaded.error->kind == StoreError::Kind::rejected) return core_.load_rejected(loaded.error->detail);
  throw std::runtime_error("the checkpoints cannot be read: " + loaded.error->detail);
}

void ReplicaShell::import(ImportStep step) {
  const std::uint64_t attempt = step.attempt;
  store_.import(std::move(step),
                [this, attempt](ImportOutcome outcome) { core_.import_stored(attempt, outcome, monotonic_now()); });
}

void ReplicaShell::seal(Sequence checkpoint) {
  store_.seal(checkpoint, [this, checkpoint](const std::optional<CheckpointSeal>& seal) {
    core_.sealed(checkpoint, seal, monotonic_now());
  });
}

void ReplicaShell::scrub_checkpoints(Instant now) {
  if (scrubbing_ || next_scrub_ > now) return;
  if (core_.loading() || core_.importing()) {
    next_scrub_ = now + between_scrubs;
    return;
  }
  scrubbing_ = true;
  store_.scrub(scrub_bytes, [this](const StoreThread::Scrubbed& scrubbed) {
    scrubbing_ = false;
    next_scrub_ = monotonic_now() + (scrubbed.pass_ends ? between_scrubs : scrub_period);
    if (scrubbed.newest) core_.checkpoint_is(*scrubbed.newest);
  });
}

}  // namespace tally
