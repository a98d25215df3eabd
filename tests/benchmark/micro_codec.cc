// SPDX-License-Identifier: Apache-2.0
// What bytes cost: operations, orders and votes, encoded and decoded; digests and the chain.
// `scripts/bench --micro` runs this. Where an argument is a number of operations, the items are
// operations.
#include <benchmark/benchmark.h>

#include "protocol/operation_codec.h"
#include "tests/benchmark/micro.h"
#include "wire/codec.h"

namespace tally::benchmark {
namespace {

using ::benchmark::DoNotOptimize;

std::string_view header_of(const wire::EncodedMessage& message) {
  return {message.header.data(), message.header.size()};
}

void encode_operations(::benchmark::State& run) {
  const Names names(1000);
  const auto operations = additions(names, operations_of(run));
  for (auto _ : run) DoNotOptimize(encode_operations(operations));
  count_operations(run);
}
BENCHMARK(encode_operations)->Arg(1)->Arg(1024);

void decode_operations(::benchmark::State& run) {
  const Names names(1000);
  const std::string bytes = encode_operations(additions(names, operations_of(run)));
  std::vector<Operation> operations;
  for (auto _ : run) {
    operations.clear();
    DoNotOptimize(decode_operations(bytes, operations));
  }
  count_operations(run);
}
BENCHMARK(decode_operations)->Arg(1)->Arg(1024);

void encode_order(::benchmark::State& run) {
  const Names names(1000);
  const Order order = order_of(1, {request_of(1, additions(names, operations_of(run)))});
  for (auto _ : run) DoNotOptimize(wire::encode(order));
}
BENCHMARK(encode_order)->Arg(1)->Arg(1024);

void decode_order(::benchmark::State& run) {
  const Names names(1000);
  const auto encoded = wire::encode(order_of(1, {request_of(1, additions(names, operations_of(run)))}));
  for (auto _ : run) DoNotOptimize(wire::decode(header_of(encoded), encoded.body));
}
BENCHMARK(decode_order)->Arg(1)->Arg(1024);

void encode_vote(::benchmark::State& run) {
  const Vote vote = vote_of(1, operations_of(run));
  for (auto _ : run) DoNotOptimize(wire::encode(vote));
}
BENCHMARK(encode_vote)->Arg(1)->Arg(1024);

void decode_vote(::benchmark::State& run) {
  const auto encoded = wire::encode(vote_of(1, operations_of(run)));
  for (auto _ : run) DoNotOptimize(wire::decode(header_of(encoded), encoded.body));
}
BENCHMARK(decode_vote)->Arg(1)->Arg(1024);

void digest(::benchmark::State& run) {
  const std::string bytes(static_cast<std::size_t>(run.range(0)), 'x');
  for (auto _ : run) DoNotOptimize(digest_of(bytes));
  run.SetBytesProcessed(static_cast<std::int64_t>(run.iterations()) * run.range(0));
}
BENCHMARK(digest)->Arg(32)->Arg(32 << 10);

void chain(::benchmark::State& run) {
  const Names names(1000);
  const Order order = order_of(1, {request_of(1, additions(names, operations_of(run)))});
  for (auto _ : run) DoNotOptimize(chain_of(order));
}
BENCHMARK(chain)->Arg(1)->Arg(1024);

}  // namespace
}  // namespace tally::benchmark
