// SPDX-License-Identifier: Apache-2.0
// What the micro-benchmarks share: requests, orders and votes like those on the hot path.
#pragma once

#include <benchmark/benchmark.h>
#include <cstdint>
#include <string>
#include <vector>

#include "protocol/bytes.h"
#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/operation_codec.h"
#include "protocol/operations.h"

namespace tally::benchmark {

inline std::size_t operations_of(const ::benchmark::State& run) { return static_cast<std::size_t>(run.range(0)); }

inline void count_operations(::benchmark::State& run) {
  run.SetItemsProcessed(static_cast<std::int64_t>(run.iterations()) * run.range(0));
}

// "counter-0" and so on. Views of the names stay valid as long as this object lives.
class Names {
 public:
  explicit Names(std::size_t count) {
    for (std::size_t number = 0; number < count; ++number) names_.push_back("counter-" + std::to_string(number));
  }

  std::size_t size() const { return names_.size(); }
  const std::string& operator[](std::size_t place) const { return names_[place]; }
  // A name at random (xorshift64, Marsaglia 2003).
  const std::string& next() const {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return names_[random_ % names_.size()];
  }

 private:
  std::vector<std::string> names_;
  mutable std::uint64_t random_ = 88172645463325252u;
};

inline Operation addition(const std::string& name) { return {OperationKind::add, name, 1, {}, {}, 0}; }

inline std::vector<Operation> additions(const Names& names, std::size_t count) {
  std::vector<Operation> operations;
  for (std::size_t place = 0; place < count; ++place) operations.push_back(addition(names.next()));
  return operations;
}

inline Request request_of(std::uint64_t number, const std::vector<Operation>& operations, SessionId session = {}) {
  Request request;
  request.session = session;
  request.number = RequestNumber(number);
  request.acknowledged = RequestNumber(number - 1);
  request.result_limit = limits::request_result_bytes;
  request.operations = encode_operations(operations);
  return request;
}

// An order that is not chained to any other.
inline Order order_of(std::uint64_t sequence, std::vector<Request> requests) {
  Order order;
  order.id = {Term(1), Sequence(sequence), Digest{1, sequence}};
  order.served = ServedTime{static_cast<std::int64_t>(sequence)};
  order.calendar = CalendarTime{static_cast<std::int64_t>(sequence)};
  order.semantics = limits::semantics_version;
  order.requests = std::move(requests);
  return order;
}

inline Vote vote_of(std::uint64_t sequence, std::size_t operations) {
  std::string result;
  results::append_header(result, RequestOutcome::executed, Sequence(sequence), static_cast<std::uint32_t>(operations));
  for (std::size_t place = 0; place < operations; ++place)
    results::append_operation(result, OperationStatus::ok, static_cast<std::int64_t>(sequence + place));
  Vote vote;
  vote.order = {Term(1), Sequence(sequence), Digest{1, sequence}};
  vote.incarnation = Incarnation(9);
  vote.recovery = Recovery(1);
  vote.state = Digest{2, sequence};
  append_sized(vote.results, result);
  return vote;
}

}  // namespace tally::benchmark
