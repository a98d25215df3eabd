// SPDX-License-Identifier: Apache-2.0
// Request targets: whatever is found in one must keep to the limits. The first byte of the input
// chooses the method.
#include "bridge/http/routes.h"
#include "protocol/limits.h"
#include "protocol/operations.h"
#include "target.h"

using namespace tally;
using bridge::http::Action;
using bridge::http::Method;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto method = static_cast<Method>(data[0] % (static_cast<unsigned>(Method::other) + 1));
  const std::string_view target = fuzz::bytes_of(data + 1, size - 1);
  const auto route = bridge::http::find_route(method, target);
  if (!route) {
    CHECK(!route.error().detail.empty());
    return 0;
  }
  fuzz::accepted();
  CHECK(target.size() <= bridge::http_limits::target_bytes && method != Method::other);
  const bridge::http::RouteRow& row = *route->row;
  const bool has_name = row.path.find("{name}") != std::string_view::npos;
  CHECK(is_valid_name(route->name) || (!has_name && route->name.empty()));
  CHECK(route->after.empty() || is_valid_name(route->after));
  CHECK(route->limit >= 1 && route->limit <= limits::list_entries);
  CHECK((row.action == Action::options) == (method == Method::options) &&
        route->allow.empty() == (method != Method::options));
  CHECK((route->replica.value != 0) == (row.path.find("{id}") != std::string_view::npos));
  return 0;
}
