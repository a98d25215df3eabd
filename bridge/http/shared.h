// SPDX-License-Identifier: Apache-2.0
// What all HTTP connections of one bridge share. Owned by main, moved on by Server, read by every
// Connection.
//
// Thread: the io_context's.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <unordered_set>

#include "bridge/admission.h"
#include "bridge/counts.h"
#include "bridge/http/answers.h"
#include "bridge/http/group_figures.h"
#include "bridge/http/limits.h"
#include "bridge/http/metrics.h"
#include "bridge/http/task.h"
#include "bridge/list_turns.h"
#include "bridge/site.h"

namespace tally::bridge::http {

class Connection;
class Feed;

struct Shared {
  // `secret`, `most_connections`: see Admission.
  Shared(Site& whole, std::uint64_t secret, std::size_t most_connections)
      : site(whole), admission(secret, most_connections) {}

  Site& site;
  Rules rules;
  Duration keep_alive_timeout;      // between two requests
  std::minstd_rand random;          // for Retry-After only
  std::string date;                 // of site.now, as the Date field says it
  GroupFigures* figures = nullptr;  // set before the first connection
  Feed* feed = nullptr;             // likewise
  // All that are open, or wait for the group to answer.
  std::unordered_set<Connection*> connections;
  Admission admission;
  WaitingList idle;  // the connections that wait for a request, the longest idle first
  DoorCounts counts;
  RefusalCounts refusals{};

  Circumstances circumstances() { return {retry_after_seconds(), site.group->reason(), site.group->advice()}; }
  std::uint32_t retry_after_seconds() {
    return http_limits::retry_after_first_seconds +
           static_cast<std::uint32_t>(random()) % http_limits::retry_after_spread_seconds;
  }
};

}  // namespace tally::bridge::http
