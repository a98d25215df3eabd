// SPDX-License-Identifier: Apache-2.0
// What the shell does for repair: loading, the state on its way to and from other replicas, the scrub of checkpoints.
#include <stdexcept>
#include <utility>

#include "protocol/limits.h"
#include "replica/shell.h"
#include "runtime/clock.h"
#include "runtime/log.h"

namespace tally {
namespace {

constexpr ChannelLimits donor_limits{limits::state_queue_messages, limits::message_bytes, wire::kinds<StateChunk>()};

// Checkpoints are read again at 2 MiB a second: those of a million counters, about 100 MiB, in less than a minute.
constexpr std::size_t scrub_bytes = 256 * 1024;
constexpr Duration scrub_period = milliseconds(125);
constexpr Duration between_scrubs = seconds(30);

}  // namespace

// ---- load

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

// ---- for other replicas

void ReplicaShell::receive_requests(Instant now) {
  Channel::Share share;
  while (auto incoming = peers_.receive(share)) {
    const auto* request = incoming->message ? std::get_if<StateRequest>(&*incoming->message) : nullptr;
    if (!request || core_.group().value == 0 || request->group != core_.group()) continue;
    if (faults_.current(now) != FaultKind::hang) answer(incoming->peer, *request, now);
  }
}

void ReplicaShell::answer(const std::string& peer, const StateRequest& request, Instant now) {
  switch (donor_.receive(peer, request.after, now)) {
    case Donor::Step::ignore: return;
    case Donor::Step::busy: {
      StateChunk busy;
      busy.answer = StateAnswer::busy;
      busy.checkpoint = request.checkpoint;
      busy.after = request.after;
      peers_.send(peer, busy);
      return;
    }
    case Donor::Step::read: break;
  }
  store_.read(peer, request, [this, peer](StateChunk chunk) {
    const bool ends = chunk.last || chunk.answer != StateAnswer::entries;
    peers_.send(peer, std::move(chunk));  // lost, if it cannot be sent: it will be asked for again
    donor_.answered(peer, ends, monotonic_now());
  });
}

void ReplicaShell::end_transfers(Instant now) {
  for (const std::string& peer : donor_.tick(now)) store_.release(peer);
}

// ---- for itself

void ReplicaShell::ask(ReplicaId donor, const StateRequest& request) {
  std::unique_ptr<Channel>& channel = donors_[donor];
  if (!channel) {
    const std::string endpoint = config_.endpoint_for_transfer(donor);
    channel = std::make_unique<Channel>(Channel::connect(context_, endpoint, donor_limits, random_bytes(16)));
    waiter_.watch(*channel);
  }
  channel->send({}, request);
}

void ReplicaShell::receive_chunks(Instant now) {
  for (auto& [donor, channel] : donors_) {
    Channel::Share share;
    while (auto incoming = channel->receive(share)) {
      auto* chunk = incoming->message ? std::get_if<StateChunk>(&*incoming->message) : nullptr;
      if (chunk) core_.receive(donor, std::move(*chunk), now);
    }
  }
  if (donors_.empty() || core_.importing()) return;
  for (auto& [donor, channel] : donors_) waiter_.forget(*channel);
  donors_.clear();
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
