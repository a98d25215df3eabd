// SPDX-License-Identifier: Apache-2.0
// What all connections of one bridge share. Owned by main, changed by Server, read by every Connection.
//
// Thread: the io_context's.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "bridge/admission.h"
#include "bridge/counts.h"
#include "bridge/exchange.h"
#include "bridge/http/answers.h"
#include "bridge/http/group_figures.h"
#include "bridge/http/limits.h"
#include "bridge/http/metrics.h"
#include "bridge/http/requests.h"
#include "bridge/key_shares.h"
#include "bridge/limits.h"
#include "bridge/list_turns.h"

namespace tally::bridge::http {

class Connection;

struct Site {
  // `keys`: that may pass within the window. `secret`: see SourceHash.
  Site(std::uint64_t keys, std::uint64_t secret) : admission(secret), key_shares(keys, secret), list_turns(secret) {}

  Rules rules;
  std::vector<AddressBlock> proxies;  // trusted
  Duration keep_alive_timeout;        // between two requests
  std::minstd_rand random;            // for Retry-After only
  Exchange* exchange = nullptr;       // set before the first connection, like the next one
  GroupFigures* figures = nullptr;
  Instant now;                       // renewed every tick: good enough for deadlines
  std::string date;                  // of now, as the Date field says it
  Instant group_seen = {INT64_MIN};  // when the last status with a majority came
  std::string reason = "starting";   // why the last one had none, or that none came; empty: it had
  std::string advice = "Wait: this bridge has not heard of the group yet.";
  bool draining = false;
  std::unordered_set<Connection*> connections;  // all that are open, or wait for the group to answer
  Admission admission;
  WaitingList idle;  // those that wait for a request, the longest idle first
  KeyShares key_shares;
  ListTurns list_turns;
  DoorCounts counts;
  RefusalCounts refusals{};

  bool is_ready() const { return !draining && exchange->available() && now <= group_seen + door_limits::ready_for; }
  Circumstances circumstances() { return {retry_after_seconds(), reason, advice}; }
  std::uint32_t retry_after_seconds() {
    return http_limits::retry_after_first_seconds +
           static_cast<std::uint32_t>(random()) % http_limits::retry_after_spread_seconds;
  }
};

}  // namespace tally::bridge::http
