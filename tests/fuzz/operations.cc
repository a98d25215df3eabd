// SPDX-License-Identifier: Apache-2.0
// The operations that a request carries, decoded and executed. The decoder is tally's own: it must
// accept what protobuf accepts, and make the same of it. Any operations must give results within
// the bound that was computed before, the same results when they are sent again, and a state whose
// digest is that of its data.
#include <algorithm>
#include <string>
#include <vector>

#include "protocol/limits.h"
#include "protocol/operation_codec.h"
#include "replica/state.h"
#include "target.h"
#include "tests/unit/protobuf_operation.h"

using namespace tally;

namespace {

constexpr std::int64_t second = 1'000'000'000;

// Time stands still, so that nothing expires between one order and the next.
Order order_of(std::uint64_t sequence, const Request& request) {
  Order order;
  order.id.sequence = Sequence(sequence);
  order.served = ServedTime{second};
  order.calendar = CalendarTime{1'700'000'000'000};
  order.requests.push_back(request);
  return order;
}

std::string apply(State& state, const Order& order) {
  std::string results;
  state.apply(order, results);
  return results;
}

// Encoded and decoded again, they must be the same, and protobuf must write the same bytes.
void check_encoding(const std::vector<Operation>& operations) {
  const std::string encoded = encode_operations(operations);
  std::vector<Operation> again;
  CHECK(decode_operations(encoded, again));
  CHECK(std::ranges::equal(operations, again, same));
  v1::Operations proto;
  CHECK(proto.ParseFromString(encoded) && proto.SerializeAsString() == encoded);
}

// What tally may refuse though protobuf accepts it: groups, and too many fields.
bool may_be_refused(std::string_view input) {
  return input.size() > limits::request_operations ||
         std::ranges::any_of(input, [](char byte) { return (byte & 7) == 3 || (byte & 7) == 4; });
}

void check_decoding(std::string_view input, bool taken, const std::vector<Operation>& operations) {
  v1::Operations proto;
  const bool taken_by_protobuf = proto.ParseFromArray(input.data(), static_cast<int>(input.size()));
  CHECK(taken ? taken_by_protobuf : !taken_by_protobuf || may_be_refused(input));
  if (!taken) return;
  CHECK(std::ranges::equal(proto.operations(), operations, same, view_of));
}

void check_result(std::string_view results, const std::vector<Operation>& operations, std::size_t worst) {
  ByteReader reader(results);
  const std::string_view bytes = reader.sized();
  CHECK(reader.at_end() && bytes.size() <= worst);
  const auto result = results::decode(bytes);
  CHECK(result && result->outcome == RequestOutcome::executed && result->operations.size() == operations.size());
  for (std::size_t place = 0; place < operations.size(); ++place) {
    const OperationResult& answer = result->operations[place];
    CHECK(answer.status >= OperationStatus::ok && answer.status <= last_operation_status);
    if (answer.status == OperationStatus::malformed || answer.status == OperationStatus::passed_over) continue;
    const Operation& operation = operations[place];
    const bool names = operation.kind < OperationKind::list || operation.kind == OperationKind::expire ||
                       operation.kind == OperationKind::check;
    CHECK(!names || is_valid_name(operation.name));
    CHECK(has_proper_terms(operation));
    CHECK(!answer.detail || operation.detail);
  }
}

void check_execution(std::string_view encoded, const std::vector<Operation>& operations) {
  const std::size_t worst = worst_result_bytes(operations);
  if (worst > limits::request_result_bytes) return;
  State state({}, 1);
  Request request;
  request.kind = RequestKind::open_session;
  apply(state, order_of(1, request));

  request = {};
  request.number = RequestNumber(1);
  request.result_limit = static_cast<std::uint32_t>(worst);
  request.operations = encoded;
  const std::string results = apply(state, order_of(2, request));
  check_result(results, operations, worst);
  CHECK(state.digest() == state.recomputed_digest());

  const Digest digest = state.digest();
  // A repetition is answered from the stored result (law 17).
  CHECK(apply(state, order_of(3, request)) == results);
  request.number = RequestNumber(2);
  request.read_only = true;
  // An order of reads changes nothing (law 6).
  apply(state, order_of(4, request));
  CHECK(state.digest() == digest);

  // At the end of all times.
  Order last = order_of(5, {});
  last.served = ServedTime{INT64_MAX};
  last.calendar = CalendarTime{INT64_MAX};
  apply(state, last);
  CHECK(state.digest() == state.recomputed_digest());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::bytes_of(data, size);
  std::vector<Operation> decoded;
  const bool taken = decode_operations(input, decoded);
  check_decoding(input, taken, decoded);
  if (!taken) return 0;
  CHECK(decoded.size() <= limits::request_operations);
  fuzz::accepted();
  check_encoding(decoded);
  check_execution(input, decoded);
  return 0;
}
