// SPDX-License-Identifier: Apache-2.0
// How a client of a drill increments a counter: by the client library, or by HTTP. One thread uses
// a door; those of the client library share one Client.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/drill/check.h"
#include "client/client.h"

namespace tally::cli {

struct DoorAnswer {
  Increment::Outcome outcome = Increment::Outcome::unknown;
  std::int64_t value = 0;
  Sequence sequence;
  std::string why;  // of another outcome than `answered`
};

class CounterDoor {
 public:
  CounterDoor() = default;
  virtual ~CounterDoor() = default;
  CounterDoor(const CounterDoor&) = delete;
  CounterDoor& operator=(const CounterDoor&) = delete;

  // Adds one to the counter. `key` is the idempotency key; empty: none.
  virtual DoorAnswer increment(const std::string& counter, const std::string& key) = 0;
};

std::unique_ptr<CounterDoor> client_door(Client& client);
// `port` says where the bridge listens at present, on 127.0.0.1; 0: nowhere. It is called from the
// thread that uses the door.
std::unique_ptr<CounterDoor> http_door(std::function<std::uint16_t()> port);

}  // namespace tally::cli
