// SPDX-License-Identifier: Apache-2.0
// Method and request target → what is asked for. Pure; any bytes give a route or a problem.
//
// One table holds every path and its methods; 404, 405 and Allow follow from it. A new route is a row there and a case
// in requests.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bridge/http/limits.h"
#include "bridge/http/problem.h"
#include "protocol/ids.h"

namespace tally::bridge::http {

enum class Method : std::uint8_t { get, head, post, put, remove, options, other };

enum class Endpoint : std::uint8_t {
  counters,
  counter,
  increment,
  hit,
  cluster,
  evict,
  readmit,
  fault,
  livez,
  readyz,
  metrics,
  options
};

struct Route {
  Endpoint endpoint = Endpoint::livez;
  std::string name;   // counter, increment, hit: decoded and valid; counters: the prefix, perhaps empty
  std::string after;  // counters
  std::uint32_t limit = http_limits::list_entries_by_default;  // counters: 1 .. tally::limits::list_entries
  ReplicaId replica;                                           // evict, readmit, fault: not zero
  std::string_view allow;                                      // options: what the Allow field says
};

// `target`: in origin form, absolute form or, for OPTIONS, asterisk form (RFC 9112, section 3.2), at most
// http_limits::target_bytes.
tl::expected<Route, Problem> find_route(Method method, std::string_view target);

}  // namespace tally::bridge::http
