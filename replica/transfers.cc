// SPDX-License-Identifier: Apache-2.0
#include "replica/transfers.h"

#include <utility>

#include "protocol/limits.h"
#include "runtime/clock.h"

namespace tally {
namespace {

constexpr ChannelLimits peer_limits{limits::state_queue_messages, limits::report_bytes, wire::kinds<StateRequest>()};
constexpr ChannelLimits donor_limits{limits::state_queue_messages, limits::message_bytes, wire::kinds<StateChunk>()};

}  // namespace

Transfers::Transfers(const Config& config, ReplicaId id, zmq::context_t& context, Waiter& waiter, StoreThread& store,
                     ReplicaCore& core)
    : config_(config),
      context_(context),
      waiter_(waiter),
      store_(store),
      core_(core),
      peers_(Channel::bind(context, config.endpoint_for_transfer(id), peer_limits, false)) {
  waiter_.watch(peers_);
}

void Transfers::receive(bool hangs, Instant now) {
  receive_requests(hangs, now);
  receive_chunks(now);
}

// ---- to other replicas

void Transfers::receive_requests(bool hangs, Instant now) {
  Channel::Share share;
  while (auto incoming = peers_.receive(share)) {
    const auto* request = incoming->message ? std::get_if<StateRequest>(&*incoming->message) : nullptr;
    if (!request || core_.group().value == 0 || request->group != core_.group()) continue;
    if (!hangs) answer(incoming->peer, *request, now);
  }
}

void Transfers::answer(const std::string& peer, const StateRequest& request, Instant now) {
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
    peers_.send(peer, std::move(chunk));  // one that cannot be sent will be asked for again
    donor_.answered(peer, ends, monotonic_now());
  });
}

void Transfers::tick(Instant now) {
  for (const std::string& peer : donor_.tick(now)) store_.release(peer);
}

// ---- from donors

void Transfers::ask(ReplicaId donor, const StateRequest& request) {
  std::unique_ptr<Channel>& channel = donors_[donor];
  if (!channel) {
    const std::string endpoint = config_.endpoint_for_transfer(donor);
    channel = std::make_unique<Channel>(Channel::connect(context_, endpoint, donor_limits, random_bytes(16)));
    waiter_.watch(*channel);
  }
  channel->send({}, request);
}

void Transfers::receive_chunks(Instant now) {
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

}  // namespace tally
