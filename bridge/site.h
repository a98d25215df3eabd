// SPDX-License-Identifier: Apache-2.0
// What all doors of one bridge share. Owned by main, moved on by Service, read by every connection.
//
// Thread: the io_context's.
#pragma once

#include <cstdint>
#include <vector>

#include "bridge/door.h"
#include "bridge/exchange.h"
#include "bridge/group_watch.h"
#include "bridge/key_shares.h"
#include "bridge/list_turns.h"
#include "runtime/network.h"

namespace tally::bridge {

struct Site {
  // `keys`: how many idempotency keys may pass within their window. `secret`: see SourceHash.
  Site(std::uint64_t keys, std::uint64_t secret) : key_shares(keys, secret), list_turns(secret) {}

  std::vector<AddressBlock> proxies;  // trusted
  Exchange* exchange = nullptr;       // set before the first connection, like the next two
  GroupWatch* group = nullptr;
  std::vector<const Door*> doors;  // all of this bridge
  Instant now;                     // renewed with every tick, which is good enough for deadlines
  bool draining = false;
  KeyShares key_shares;
  ListTurns list_turns;

  bool is_ready() const { return !draining && group->serves(now); }
};

}  // namespace tally::bridge
