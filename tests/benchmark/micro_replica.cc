// SPDX-License-Identifier: Apache-2.0
// What it costs to execute operations and keep the digest of the state, among few and among many
// counters. The items are operations.
#include <algorithm>
#include <benchmark/benchmark.h>

#include "protocol/operation_codec.h"
#include "replica/state.h"
#include "tests/benchmark/micro.h"

namespace tally::benchmark {
namespace {

// A state with one session. Each order has one request.
class Replica {
 public:
  explicit Replica(const Names& names) {
    Request open;
    open.kind = RequestKind::open_session;
    open.session = session_;
    open.result_limit = results::header_bytes;
    execute(std::move(open));
    for (std::size_t begin = 0; begin < names.size(); begin += limits::request_operations) {
      std::vector<Operation> operations;
      for (std::size_t place = begin; place < std::min(names.size(), begin + limits::request_operations); ++place)
        operations.push_back(addition(names[place]));
      execute(next(operations));
    }
  }

  Request next(const std::vector<Operation>& operations) { return request_of(++number_, operations, session_); }

  void execute(Request request) { execute(order_of(++sequence_, {std::move(request)})); }
  void execute(const Order& order) {
    results_.clear();
    state_.apply(order, results_);
  }
  std::uint64_t next_sequence() { return ++sequence_; }
  const std::string& results() const { return results_; }
  const State& state() const { return state_; }

 private:
  State state_{StateLimits{}, 42};
  SessionId session_{{1}};
  std::uint64_t sequence_ = 0;
  std::uint64_t number_ = 0;
  std::string results_;
};

// The arguments are the operations in an order, and the number of counters. Decoding is included,
// as it is in a replica.
void execute(::benchmark::State& run) {
  const Names names(static_cast<std::size_t>(run.range(1)));
  Replica replica(names);
  for (auto _ : run) {
    run.PauseTiming();
    const Order order = order_of(replica.next_sequence(), {replica.next(additions(names, operations_of(run)))});
    run.ResumeTiming();
    replica.execute(order);
  }
  if (replica.results().size() < results::header_bytes + operations_of(run) * results::operation_bytes)
    run.SkipWithError("it was not executed");
  count_operations(run);
}
BENCHMARK(execute)->Args({1024, 1000})->Args({1024, 1'000'000})->Args({64, 1000});

void state_digest(::benchmark::State& run) {
  const Names names(1000);
  const Replica replica(names);
  for (auto _ : run) ::benchmark::DoNotOptimize(replica.state().digest());
}
BENCHMARK(state_digest);

void recomputed_state_digest(::benchmark::State& run) {
  const Names names(operations_of(run));
  const Replica replica(names);
  for (auto _ : run) ::benchmark::DoNotOptimize(replica.state().recomputed_digest());
  count_operations(run);
}
BENCHMARK(recomputed_state_digest)->Arg(1000)->Arg(1'000'000);

}  // namespace
}  // namespace tally::benchmark
