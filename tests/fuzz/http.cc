// SPDX-License-Identifier: Apache-2.0
// HTTP requests, as a connection parses them. What comes in two pieces must be parsed like what
// comes at once, and whatever is understood must keep to the limits. The first two bytes of the
// input say where it is divided.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>

#include "bridge/http/forwarded.h"
#include "bridge/http/limits.h"
#include "bridge/http/request_parser.h"
#include "bridge/http/task.h"
#include "protocol/limits.h"
#include "runtime/json_text.h"
#include "target.h"

using namespace tally;
using namespace tally::bridge;
using namespace tally::bridge::http;

namespace {

struct Parsed {
  HttpRequest request;
  std::size_t used = 0;
  std::optional<Problem> problem;
  bool done = false;
};

// Parses as bridge/http/connection.cc does: the bytes that were not used are offered again, with more
// behind them.
Parsed parse(std::string_view bytes, std::size_t first_piece) {
  Parsed parsed;
  RequestParser parser(parsed.request);
  std::size_t before = 0;
  for (const std::size_t arrived : {std::min(first_piece, bytes.size()), bytes.size()}) {
    if (arrived == before || parsed.problem || parser.is_done()) continue;
    before = arrived;
    RequestParser::error_code error;
    parsed.used += parser.put(boost::asio::buffer(bytes.data() + parsed.used, arrived - parsed.used), error);
    CHECK(parsed.used <= arrived);
    if (error && error != boost::beast::http::error::need_more) parsed.problem = parser.problem_of(error);
  }
  parsed.done = !parsed.problem && parser.is_done();
  return parsed;
}

bool same(const HttpRequest& one, const HttpRequest& other) {
  const auto texts = [](const HttpRequest& request) {
    return std::tie(request.target, request.host, request.origin, request.fetch_site, request.forwarded_for,
                    request.forwarded, request.content_type, request.content_encoding, request.authorization,
                    request.idempotency_key, request.body);
  };
  const auto flags = [](const HttpRequest& request) {
    return std::tie(request.method, request.is_http_1_1, request.expects_continue, request.has_content_type,
                    request.has_content_encoding, request.has_authorization, request.has_idempotency_key, request.hosts,
                    request.has_origin, request.has_fetch_site, request.has_body, request.is_prefetch);
  };
  return texts(one) == texts(other) && flags(one) == flags(other);
}

void check_task(const Task& task, const Rules& rules) {
  if (const auto* operation = std::get_if<OwnedOperation>(&task.work)) {
    const bool list = operation->kind == OperationKind::list;
    CHECK(is_valid_name(operation->name) || (list && operation->name.empty()));
    CHECK(operation->idempotency_key.size() <= limits::idempotency_key_bytes);
    CHECK(!list || (operation->limit >= 1 && operation->limit <= limits::list_entries));
    CHECK(task.changes() != (list || operation->kind == OperationKind::get));
    CHECK(task.changes() || operation->idempotency_key.empty());
    const Expiry& expiry = operation->expiry;
    const bool expires = expiry.kind == ExpiryKind::after;
    CHECK(expires ? expiry.milliseconds >= 1 && expiry.milliseconds <= largest_exact_in_json : expiry == Expiry());
    CHECK(!expires || (task.changes() && operation->detail));
  }
  if (const auto* command = std::get_if<AdminCommand>(&task.work)) {
    CHECK(command->token == rules.admin_token);
    CHECK(command->replica.value >= 1 && command->replica.value <= rules.replicas);
    CHECK(command->fault.duration.nanoseconds >= 0);
    CHECK(command->fault.probability >= 0 && command->fault.probability <= 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes = fuzz::bytes_of(data + 2, size - 2);
  const Parsed parsed = parse(bytes, bytes.size());
  const Parsed in_pieces = parse(bytes, data[0] + 256u * data[1]);
  CHECK(parsed.done == in_pieces.done);
  // Beast may notice a malformed head only when the head has come to its end.
  CHECK(parsed.problem || !in_pieces.problem);
  if (!parsed.done) return 0;
  fuzz::accepted();
  CHECK(parsed.used == in_pieces.used && same(parsed.request, in_pieces.request));
  CHECK(parsed.request.body.size() <= http_limits::body_bytes);

  const std::vector<AddressBlock> proxies = {*parse_block("10.0.0.0/8")};
  const IpAddress proxy = *parse_address("10.0.0.1"), stranger = *parse_address("192.0.2.1");
  CHECK(client_of(stranger, parsed.request, proxies) == stranger);
  const bool says_nothing = parsed.request.forwarded_for.empty() && parsed.request.forwarded.empty();
  CHECK(!says_nothing || client_of(proxy, parsed.request, proxies) == proxy);

  const Rules rules{"secret", 3, true, {"counter.example"}, {"https://page.example"}};
  if (const auto task = understand(parsed.request, rules))
    check_task(*task, rules);
  else
    CHECK(!task.error().detail.empty());
  return 0;
}
