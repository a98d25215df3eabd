// SPDX-License-Identifier: Apache-2.0
#include "scenarios/scripted_client.h"

#include <utility>

#include "protocol/turn.h"
#include "simulation/world.h"

namespace tally::scenarios {

ScriptedClient::ScriptedClient(simulation::World& world, Narrator& narrator, const std::string& name,
                               std::uint64_t number)
    : Node(world, name, 2), narrator_(narrator), number_(number) {}

// Pauses are jittered by a share of 512; its middle leaves them as they are.
void ScriptedClient::begin() {
  SessionConfig config;
  config.incarnation = Incarnation(number_);
  config.requests_in_flight = 8;
  config.random = [number = number_] { return number * 512 + 256; };
  core_ = std::make_unique<SessionCore>(config, clock());
}

void ScriptedClient::end() {
  core_.reset();
  calls_.clear();
}

void ScriptedClient::call(OwnedOperation operation, Duration patience) {
  const CallId id{++last_call_};
  calls_.emplace(id, operation);
  core_->submit(id, {std::move(operation)}, clock() + patience);
  wake();
}

Instant ScriptedClient::turn() {
  const Instant now = clock();
  carry_out(tally::turn(*core_, now, [&](SessionCore&) {
    for (const std::size_t channel : {comparator_channel, distributor_channel})
      for (const simulation::Arrival& arrival : take(channel))
        if (arrival.message) {
          Message message = *arrival.message;
          core_->receive(message, now);
        }
  }));
  return core_->next_deadline();
}

void ScriptedClient::carry_out(SessionOutput output) {
  for (const CompletedCall& completed : output.completed) {
    const auto call = calls_.extract(completed.call);
    narrator_.write(name() + ": " + narrator_.wording().text(call.mapped(), completed.answers.at(0)));
  }
  for (Message& message : output.to_distributor) {
    const simulation::Sent sent = world_.network.send_up(*distributor_, simulation::parcel(message));
    const auto* request = std::get_if<ClientRequest>(&message);
    if (sent != simulation::Sent::sent && request) core_->not_sent(request->request, clock());
  }
  for (Message& message : output.to_comparator)
    world_.network.send_up(*comparator_, simulation::parcel(std::move(message)));
}

}  // namespace tally::scenarios
