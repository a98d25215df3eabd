// SPDX-License-Identifier: Apache-2.0
#include "replica/shell.h"

#include <signal.h>
#include <stdexcept>
#include <unistd.h>

#include "protocol/limits.h"
#include "protocol/turn.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace tally {
namespace {

constexpr ChannelLimits channel_limits{limits::peer_queue_messages, limits::message_bytes};
constexpr std::size_t most_delayed_votes = 4096;

ReplicaConfig core_config(const Config& config, ReplicaId id, const CheckpointStore& store) {
  ReplicaConfig core;
  core.id = id;
  core.incarnation = Incarnation(random_number());
  core.pid = static_cast<std::uint64_t>(getpid());
  core.store = store.name();
  core.checkpoint_orders = static_cast<std::uint64_t>(config.checkpoint_orders);
  core.replicas = static_cast<std::uint32_t>(config.replicas);
  return core;
}

double random_share() { return static_cast<double>(random_number() >> 11) * 0x1.0p-53; }

}  // namespace

ReplicaShell::ReplicaShell(const Config& config, ReplicaId id, std::unique_ptr<CheckpointStore> store)
    : config_(config),
      distributor_(Channel::connect(context_, config.endpoint_for_distributor(id), channel_limits, random_bytes(16))),
      comparator_(Channel::connect(context_, config.endpoint_for_comparator(id), channel_limits, random_bytes(16))),
      store_(std::move(store)),
      core_(core_config(config, id, *store_), wire::decode_operations),
      faults_(random_share) {
  waiter_.watch(distributor_);
  waiter_.watch(comparator_);
  waiter_.watch(background_.completion_fd());
  waiter_.watch(stop_.descriptor());
}

int ReplicaShell::run() {
  notify_ready();
  while (!stop_.asked()) {
    const Instant now = monotonic_now();
    ReplicaOutput output = turn(core_, now, [&](ReplicaCore&) { receive_all(now); });
    if (!carry_out(std::move(output), now)) return exit_usage;
    cast_delayed(now);
    const Instant next_vote = delayed_.empty() ? Instant::never() : delayed_.front().due;
    waiter_.wait(std::min(core_.next_deadline(), next_vote));
    if (waiter_.is_ready(stop_.descriptor())) stop_.take();
  }
  return 0;
}

void ReplicaShell::receive_all(Instant now) {
  if (waiter_.is_ready(background_.completion_fd())) background_.run_completions();
  while (comparator_.receive()) continue;  // nothing comes here
  for (std::size_t count = 0; count < limits::messages_per_turn; ++count) {
    auto incoming = distributor_.receive();
    if (!incoming) return;
    if (incoming->message) receive(*incoming->message, now);
  }
}

void ReplicaShell::receive(Message& message, Instant now) {
  if (const auto* fault = std::get_if<Fault>(&message)) return inject(*fault, now);
  if (faults_.current(now) == FaultKind::hang) return;
  if (const auto* order = std::get_if<Order>(&message)) {
    if (faults_.applies(FaultKind::crash, now)) kill(getpid(), SIGKILL);
    if (!faults_.applies(FaultKind::drop_orders, now)) core_.receive(*order, now);
    if (flip_wanted_) flip_wanted_ = !core_.flip_stored_counter();
  }
  if (const auto* standing = std::get_if<ReplicaStanding>(&message)) core_.receive(*standing, now);
}

void ReplicaShell::inject(const Fault& fault, Instant now) {
  log_event(Event("fault_injected", Severity::warning).with("kind", to_string(fault.kind)));
  faults_.set(fault, now);
  flip_wanted_ = fault.kind == FaultKind::wrong_state && !core_.flip_stored_counter();
  if (fault.kind == FaultKind::corrupt_checkpoint && !committing_) store_->damage();
}

// False: this replica must not go on.
bool ReplicaShell::carry_out(ReplicaOutput output, Instant now) {
  const bool hung = faults_.current(now) == FaultKind::hang;
  for (Vote& vote : output.votes)
    if (!hung) cast(std::move(vote), now);
  if (output.report && !hung) distributor_.send({}, *output.report);
  for (const Event& event : output.events) log_event(event);
  if (output.fatal) {
    log_event(Event("refused_to_go_on", Severity::error).with("reason", *output.fatal));
    return false;
  }
  if (output.checkpoint) commit(std::move(*output.checkpoint), now);
  load_wanted_ = load_wanted_ || output.load_checkpoint;
  if (load_wanted_ && !committing_) load_checkpoint(now);
  return true;
}

void ReplicaShell::cast(Vote vote, Instant now) {
  if (faults_.applies(FaultKind::silent, now)) return;
  if (faults_.applies(FaultKind::wrong_value, now)) FaultInjector::corrupt(vote);
  if (faults_.applies(FaultKind::slow, now)) {
    if (delayed_.size() < most_delayed_votes) delayed_.push_back({now + config_.ack_timeout() * 2, std::move(vote)});
    return;
  }
  comparator_.send({}, vote);
}

void ReplicaShell::cast_delayed(Instant now) {
  for (; !delayed_.empty() && delayed_.front().due <= now; delayed_.pop_front())
    comparator_.send({}, delayed_.front().vote);
}

void ReplicaShell::load_checkpoint(Instant now) {
  load_wanted_ = false;
  auto state = core_.fresh_state();
  const auto header =
      store_->load([&](std::string_view key, std::string_view value) { return state->restore(key, value); });
  if (header && *header) return core_.restored(**header, std::move(state), now);
  if (!header && header.error().kind == StoreError::Kind::rejected)
    // Whole, but not of this program's making: throwing it away is not this replica's to decide.
    throw std::runtime_error("the checkpoint is of another version of tally: " + header.error().detail);
  if (!header) {
    log_event(Event("checkpoint_unusable", Severity::error).with("reason", header.error().detail));
    if (const auto discarded = store_->discard(); !discarded)
      log_event(Event("checkpoint_not_put_aside", Severity::error).with("reason", discarded.error().detail));
  }
  core_.nothing_to_restore(now);
}

void ReplicaShell::commit(CheckpointDelta delta, Instant now) {
  committing_ = true;
  const bool disk_full = faults_.applies(FaultKind::disk_full, now);
  const bool damage = faults_.applies(FaultKind::corrupt_checkpoint, now);
  auto kept = std::make_shared<CheckpointDelta>(std::move(delta));
  background_.submit([this, kept, disk_full, damage]() -> Background::Completion {
    tl::expected<void, StoreError> done;
    if (disk_full)
      done = tl::unexpected(StoreError{StoreError::Kind::not_written, "disk full (injected)"});
    else
      done = store_->commit(*kept);
    if (done && damage) store_->damage();
    return [this, kept, done] {
      committing_ = false;
      if (done) return core_.checkpoint_committed(kept->header.applied.sequence);
      log_event(Event("checkpoint_failed", Severity::error).with("reason", done.error().detail));
      core_.checkpoint_failed(std::move(*kept), commit_failure(done.error()));
    };
  });
}

}  // namespace tally
