// SPDX-License-Identifier: Apache-2.0
// What a decision costs: the counting of votes alone, and the whole core, from the ballot and three
// votes to the decisions.
#include <benchmark/benchmark.h>

#include "comparator/quorum.h"
#include "protocol/quorum.h"
#include "tests/benchmark/micro.h"
#include "tests/unit/comparator_setup.h"

namespace tally::benchmark {
namespace {

constexpr std::size_t replicas = 3;

void count(::benchmark::State& run) {
  ReplicaSet voters;
  CastAnswers answers;
  for (const ReplicaId replica : ReplicaIds(replicas)) {
    voters.insert(replica);
    answers[replica] = 1;
  }
  for (auto _ : run) ::benchmark::DoNotOptimize(count_votes(answers, voters, quorum_of(replicas)));
}
BENCHMARK(count);

// Takes what the core has to say, and acts as if the audit log were written at once.
std::size_t turn(ComparatorCore& core, Instant now, std::uint64_t& records) {
  if (core.next_deadline() <= now) core.tick(now);
  const ComparatorOutput output = core.take_output();
  if (!output.audit.empty()) core.audit_written(records += output.audit.size(), "hash");
  return output.decisions.size();
}

// One order with one request of so many operations. The votes are made outside the measured time.
void decide(::benchmark::State& run) {
  ComparatorCore core(filled({}, replicas));
  Instant now = Instant{} + seconds(1);
  std::uint64_t records = 0;
  core.receive(first_view(replicas), now);
  turn(core, now, records);
  std::uint64_t sequence = 0;
  std::size_t decided = 0;
  for (auto _ : run) {
    run.PauseTiming();
    ++sequence;
    now = now + microseconds(100);
    const Vote vote = vote_of(sequence, operations_of(run));
    std::vector<Vote> votes(replicas, vote);
    BallotCalls ballots{Term(1), {{vote.order, {{ClientId{"c"}, SessionId{{1}}, RequestNumber(sequence)}}}}};
    run.ResumeTiming();
    core.receive(std::move(ballots), now);
    for (std::uint64_t id = 1; id <= replicas; ++id) core.receive(ReplicaId(id), std::move(votes[id - 1]), now);
    decided += turn(core, now, records);
  }
  if (decided != sequence) run.SkipWithError("it was not decided");
}
BENCHMARK(decide)->Arg(1)->Arg(1024);

}  // namespace
}  // namespace tally::benchmark
