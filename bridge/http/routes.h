// SPDX-License-Identifier: Apache-2.0
// The routes of the HTTP door, as one table: which method on which path does what, and what such a
// request must bring. The methods that a path allows, and the answers 404 and 405, follow from the
// table, and tests/contract/pages_test.py compares docs/http.md with it. A new route is a row in
// it; one that does something new also needs an Action.
//
// Pure; any bytes give a route or a problem.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bridge/http/limits.h"
#include "bridge/http/page_files.h"
#include "bridge/http/problem.h"
#include "bridge/http/request.h"
#include "protocol/administration.h"
#include "protocol/ids.h"

namespace tally::bridge::http {

enum class Action : std::uint8_t {
  hit,          // counts one
  look_at_hit,  // says what a hit would, and counts nothing
  increment,
  read,
  set,
  remove,
  list,
  cluster,
  evict,
  readmit,
  fault,
  livez,
  readyz,
  metrics,
  events,     // tells how the group is, until the connection ends
  page,       // the dashboard
  page_file,  // one of its files
  options,    // says which methods there are
};

enum class Token : std::uint8_t { ignored, shows_more, required };  // the admin token
// The JSON object that it must be.
enum class Body : std::uint8_t { ignored, empty, by, value, fault, role_fault };
// Whose pages may ask (law 30).
enum class Pages : std::uint8_t { all, own };
enum class Key : std::uint8_t { ignored, makes_repetition_harmless };  // Idempotency-Key

struct RouteRow {
  Method method = Method::other;
  std::string_view path;  // {name} stands for a counter's name, {id} for a replica's number,
  // {file} for a file of the dashboard
  Action action = Action::options;
  bool changes = false;  // false: nothing of it can have been applied, whatever became of it
  Token token = Token::ignored;
  Key key = Key::ignored;
  Pages pages = Pages::all;
  Body body = Body::ignored;
  AdminTarget target = AdminTarget::replica;        // of Action::fault
  std::array<std::string_view, 3> parameters = {};  // of the query; any other is refused
};

// Every route, those of one path together. A path with GET answers HEAD too, without the body; only
// where HEAD does something else it has a row of its own.
std::span<const RouteRow> route_rows();

struct Route {
  const RouteRow* row = nullptr;
  std::string name;   // of {name}, decoded and valid; of a list: the prefix, perhaps empty
  std::string after;  // of a list
  // Of a list: 1 .. tally::limits::list_entries.
  std::uint32_t limit = http_limits::list_entries_by_default;
  ReplicaId replica;               // of {id}: not zero
  const PageFile* file = nullptr;  // of {file}
  // Of Action::options: the Allow field.
  std::string allow;

  Action action() const { return row->action; }
};

// `target`: in origin form, absolute form or, for OPTIONS, asterisk form (RFC 9112, section 3.2).
tl::expected<Route, Problem> find_route(Method method, std::string_view target);

}  // namespace tally::bridge::http
