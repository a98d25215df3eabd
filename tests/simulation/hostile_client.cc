// SPDX-License-Identifier: Apache-2.0
#include "simulation/hostile_client.h"

#include <array>
#include <cstring>

#include "protocol/limits.h"
#include "protocol/operation_codec.h"
#include "simulation/world.h"

namespace tally::simulation {
namespace {

constexpr std::size_t remembered = 32;

}  // namespace

HostileClient::HostileClient(World& world) : Node(world, "hostile", 2) {}

void HostileClient::begin() {
  next_ = clock();
  world_.network.send_up(*comparator_, parcel(ClientHello{Incarnation(random_.next())}));
  world_.network.send_up(*distributor_, parcel(ClientHello{Incarnation(random_.next())}));
}

Instant HostileClient::turn() {
  for (const std::size_t channel : {comparator_channel, distributor_channel}) take(channel);
  if (next_ > clock()) return next_;
  const std::uint64_t burst = random_.chance(0.1) ? random_.between(50, 400) : random_.between(1, 5);
  for (std::uint64_t count = 0; count < burst; ++count) world_.network.send_up(*distributor_, parcel(draw_request()));
  next_ = clock() + random_.about(milliseconds(60));
  return next_;
}

// A secret that is new, or one of its own, or the name of somebody's session in place of a secret.
SessionSecret HostileClient::draw_secret() {
  if (!secrets_.empty() && random_.chance(0.6)) return random_.pick(secrets_);
  const std::array<std::uint64_t, 2> drawn{random_.next(), random_.next()};
  SessionSecret secret;
  static_assert(sizeof drawn == sizeof secret.bytes);
  std::memcpy(secret.bytes.data(), drawn.data(), sizeof drawn);
  if (random_.chance(0.3))
    if (const auto somebodys = world_.referee.session_after({secret.bytes})) secret.bytes = somebodys->bytes;
  secrets_.push_back(secret);
  if (secrets_.size() > remembered) secrets_.erase(secrets_.begin());
  return secret;
}

std::uint64_t HostileClient::draw_number() {
  const std::vector<std::uint64_t> edges = {
      0, 1, limits::session_window, std::uint64_t{1} << 62, UINT64_MAX - 1, UINT64_MAX};
  return random_.chance(0.2) ? random_.pick(edges) : random_.between(1, 2 * limits::session_window);
}

// Operations like those of honest clients, under keys like theirs, but whose changes carry no tag.
// Now and then they are mere bytes.
std::string HostileClient::draw_operations() {
  if (random_.chance(0.1)) return std::string(random_.below(200), static_cast<char>(random_.next()));
  std::vector<Operation> operations(random_.below(4));
  std::vector<std::string> texts(2 * operations.size());
  for (std::size_t place = 0; place < operations.size(); ++place) {
    Operation& operation = operations[place];
    texts[2 * place] = "counter" + std::to_string(random_.below(20));
    texts[2 * place + 1] = random_.chance(0.5) ? "key" + std::to_string(random_.below(100)) : std::string();
    operation.kind = static_cast<OperationKind>(random_.below(static_cast<std::size_t>(last_operation_kind) + 2));
    operation.name = texts[2 * place];
    operation.idempotency_key = texts[2 * place + 1];
    operation.limit = static_cast<std::uint32_t>(random_.chance(0.9) ? random_.below(2'000) : random_.next());
    if (random_.chance(0.5)) draw_terms(operation);
  }
  return encode_operations(operations);
}

void HostileClient::draw_terms(Operation& operation) {
  const std::vector<std::int64_t> edges = {0, 1, -1, INT64_MIN, INT64_MAX, INT64_MAX - 1};
  operation.expiry.kind = static_cast<ExpiryKind>(random_.below(5));
  operation.expiry.milliseconds =
      random_.chance(0.3) ? random_.pick(edges) : static_cast<std::int64_t>(random_.below(5'000));
  operation.conditions = static_cast<std::uint32_t>(random_.chance(0.9) ? random_.below(128) : random_.next());
  operation.detail = random_.chance(0.5);
  const bool has_no_name = operation.kind == OperationKind::scan || operation.kind == OperationKind::count;
  if (has_no_name && random_.chance(0.8)) {
    const std::uint32_t limit = operation.limit;
    const OperationKind kind = operation.kind;
    operation = {};
    operation.kind = kind;
    operation.limit = limit;
    operation.value = random_.chance(0.2) ? random_.pick(edges) : static_cast<std::int64_t>(random_.below(20));
  }
}

ClientRequest HostileClient::draw_request() {
  // The same number comes again, perhaps with other content.
  if (!sent_.empty() && random_.chance(0.3)) {
    ClientRequest again = random_.pick(sent_);
    if (random_.chance(0.5)) again.request.operations = draw_operations();
    if (random_.chance(0.2)) again.request.read_only = !again.request.read_only;
    return again;
  }
  ClientRequest sent;
  sent.secret = draw_secret();
  Request& request = sent.request;
  request.kind = random_.chance(0.3)   ? RequestKind::open_session
                 : random_.chance(0.1) ? RequestKind::close_session
                                       : RequestKind::operations;
  request.read_only = random_.chance(0.2);
  request.number = RequestNumber(draw_number());
  request.acknowledged = RequestNumber(random_.chance(0.6) ? random_.below(4) : draw_number());
  request.attempt = static_cast<std::uint32_t>(random_.between(0, 3));
  request.result_limit =
      random_.chance(0.3) ? limits::request_result_bytes : static_cast<std::uint32_t>(random_.below(4'000));
  request.operations = draw_operations();
  sent_.push_back(sent);
  if (sent_.size() > remembered) sent_.erase(sent_.begin());
  return sent;
}

}  // namespace tally::simulation
