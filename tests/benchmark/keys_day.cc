// SPDX-License-Identifier: Apache-2.0
// A virtual day of idempotency keys on a replica's state, with nothing around it. There are 5,000
// increments with keys in each second of the group's service; one in a hundred repeats what came
// nearly ten minutes ago. None may be refused, and no repetition may be counted. The argument is
// the number of hours. The default is 24, which takes a quarter of an hour of processor time.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/operation_codec.h"
#include "protocol/operations.h"
#include "replica/state.h"

namespace {

using namespace tally;

constexpr std::uint64_t keys_a_second = 5'000;
constexpr std::uint64_t keys_an_order = 250;
constexpr std::uint64_t repeated_after = keys_a_second * 599;
constexpr std::uint64_t repetition_every = 100;

struct Day {
  State state{StateLimits{}, 42};
  SessionId session{{1}};
  std::uint64_t orders = 0;
  std::uint64_t requests = 0;
  std::uint64_t keys = 0;  // how many have been used so far
  std::string results;

  std::vector<RequestResult> execute(Request request) {
    Order order;
    order.id = {Term(1), Sequence(++orders), Digest{1, orders}};
    order.served = ServedTime{static_cast<std::int64_t>(keys * (1'000'000'000 / keys_a_second))};
    order.calendar = CalendarTime{1'700'000'000'000 + order.served.nanoseconds / 1'000'000};
    order.semantics = limits::semantics_version;
    if (orders == 1) order.key_secret = {7, 9};
    request.session = session;
    request.principal = Principal::bridges;
    order.requests = {std::move(request)};
    results.clear();
    state.apply(order, results);
    ByteReader reader(results);
    return {results::decode(reader.sized()).value()};
  }

  bool open() {
    Request request;
    request.kind = RequestKind::open_session;
    request.result_limit = results::header_bytes;
    return execute(request)[0].outcome == RequestOutcome::session_opened;
  }

  // Executes one order. Returns false if an operation was answered wrongly.
  bool step() {
    std::vector<std::string> names;
    std::vector<bool> again;
    while (names.size() < keys_an_order) {
      const bool repeats = keys > repeated_after && names.size() % repetition_every == repetition_every - 1;
      names.push_back("key-" + std::to_string(repeats ? keys - repeated_after : ++keys));
      again.push_back(repeats);
    }
    std::vector<Operation> operations;
    for (const std::string& name : names) operations.push_back({OperationKind::add, "hits", 1, name, {}, 0});
    Request request;
    request.number = RequestNumber(++requests);
    request.acknowledged = RequestNumber(requests - 1);
    request.result_limit = limits::request_result_bytes;
    request.operations = encode_operations(operations);
    const RequestResult result = execute(std::move(request))[0];
    if (result.outcome != RequestOutcome::executed || result.operations.size() != names.size()) return false;
    for (std::size_t place = 0; place < names.size(); ++place) {
      const OperationResult& one = result.operations[place];
      if (one.status != OperationStatus::ok || one.first_sequence.has_value() != again[place]) return false;
      if (!again[place]) counted = one.value;
    }
    return true;
  }
  std::int64_t counted = 0;
};

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const double hours = count > 1 ? std::strtod(arguments[1], nullptr) : 24;
  const auto wanted = static_cast<std::uint64_t>(hours * 3600) * keys_a_second;
  Day day;
  if (!day.open()) return 1;
  while (day.keys < wanted) {
    if (day.step()) continue;
    std::printf("after %llu keys one was refused, or a repetition was counted\n",
                static_cast<unsigned long long>(day.keys));
    return 1;
  }
  const bool exact = static_cast<std::uint64_t>(day.counted) == day.keys;
  std::printf("%.2f hours, %llu keys, counted %lld, none refused, %zu MiB at most\n", hours,
              static_cast<unsigned long long>(day.keys), static_cast<long long>(day.counted), resident_kib() / 1024);
  return exact ? 0 : 1;
}
