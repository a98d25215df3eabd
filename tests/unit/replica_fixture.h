// SPDX-License-Identifier: Apache-2.0
// What the tests of replicas share: operations, requests, and the chain of orders of a distributor.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/operation_codec.h"
#include "protocol/operations.h"
#include "replica/state.h"

namespace tally::testing {

inline OwnedOperation addition(std::string name, std::int64_t value, std::string key = {}) {
  return {OperationKind::add, std::move(name), value, std::move(key), {}, 0};
}
inline OwnedOperation reading(std::string name) { return {OperationKind::get, std::move(name), 0, {}, {}, 0}; }
inline OwnedOperation setting(std::string name, std::int64_t value, std::string key = {}) {
  return {OperationKind::set, std::move(name), value, std::move(key), {}, 0};
}
inline OwnedOperation removal(std::string name, std::string key = {}) {
  return {OperationKind::remove, std::move(name), 0, std::move(key), {}, 0};
}
inline OwnedOperation listing(std::string prefix, std::string after, std::uint32_t limit) {
  return {OperationKind::list, std::move(prefix), 0, {}, std::move(after), limit};
}

inline SessionId session_named(std::uint64_t name) {
  SessionId session;
  std::memcpy(session.bytes.data(), &name, sizeof name);
  return session;
}

inline Request open_session(SessionId session = session_named(1)) {
  Request request;
  request.kind = RequestKind::open_session;
  request.session = session;
  request.result_limit = results::header_bytes;
  return request;
}
inline Request close_session(SessionId session) {
  Request request = open_session(session);
  request.kind = RequestKind::close_session;
  return request;
}
inline Request request(SessionId session, std::uint64_t number, const std::vector<OwnedOperation>& operations,
                       std::uint64_t acknowledged = 0) {
  Request request;
  request.session = session;
  request.number = RequestNumber(number);
  request.acknowledged = RequestNumber(acknowledged);
  request.result_limit = limits::request_result_bytes;
  std::vector<Operation> views;
  for (const OwnedOperation& operation : operations) views.push_back(operation.view());
  request.operations = encode_operations(views);
  return request;
}

// Makes the orders of one distributor; copy it to let its journal lose a tail.
class OrderChain {
 public:
  static constexpr std::int64_t first_calendar_ms = 1'700'000'000'000;

  Term term{1};
  ServedTime served;
  std::int64_t calendar_is_late_ms = 0;  // it moves on with served time, but for this
  OrderIdentity last;

  std::int64_t calendar_ms() const { return first_calendar_ms + served.nanoseconds / 1'000'000 - calendar_is_late_ms; }

  Order next(std::vector<Request> requests = {}) {
    Order order;
    order.id = {term, last.sequence.next(), {}};
    order.previous = last.chain;
    order.served = served;
    order.calendar = CalendarTime{calendar_ms()};
    order.semantics = limits::semantics_version;
    order.requests = std::move(requests);
    order.id.chain = chain_of(order);
    last = order.id;
    return order;
  }
};

inline std::vector<RequestResult> decode_results(std::string_view bytes) {
  std::vector<RequestResult> decoded;
  ByteReader reader(bytes);
  while (!reader.rest().empty()) decoded.push_back(results::decode(reader.sized()).value());
  return decoded;
}

}  // namespace tally::testing
