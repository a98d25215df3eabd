// SPDX-License-Identifier: Apache-2.0
#include "runtime/doors.h"

#include <algorithm>
#include <utility>

namespace tally {

Doors::Doors(zmq::context_t& context, const std::string& bridges, const std::string& clients, ChannelLimits limits)
    : doors_{{{Principal::bridges, Channel::bind(context, bridges, limits, true)},
              {Principal::clients, Channel::bind(context, clients, limits, true)}}} {}

void Doors::watch_by(Waiter& waiter) {
  for (Door& door : doors_) waiter.watch(door.channel);
}

SendResult Doors::send(const ClientId& client, Message message) {
  return std::ranges::find(doors_, client.principal, &Door::principal)
      ->channel.send(client.routing_id, std::move(message));
}

}  // namespace tally
