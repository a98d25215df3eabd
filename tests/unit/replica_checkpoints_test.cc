// SPDX-License-Identifier: Apache-2.0
// How captures of the running state become checkpoints, and which of them is sealed.
#include <boost/test/unit_test.hpp>

#include "replica/capturing.h"
#include "replica/own_seal.h"
#include "replica_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace {

// Replica 1 of one, whose checkpoints are due after every tenth order.
struct Bench {
  Capturing capturing{{ReplicaId(1), 10, 1, 1000, 1 << 20}};
  StateLimits limits;
  State state{limits, 1};
  OrderChain chain;
  ReplicaStanding standing;
  std::uint64_t numbered = 0;  // requests

  Bench() {
    standing.state = ReplicaState::voting;
    execute({open_session()});
  }
  void execute(std::vector<Request> requests = {}) {
    std::string results;
    state.apply(chain.next(std::move(requests)), results);
    standing.term = chain.term;
    standing.last = standing.agreed.order = chain.last;
    standing.stable = chain.last.sequence;
  }
  void execute_through(std::uint64_t sequence) {
    while (chain.last.sequence < Sequence(sequence)) execute();
  }
  // New counters, in one order.
  void make_counters(int count) {
    ++numbered;
    std::vector<OwnedOperation> additions;
    for (int number = 0; number < count; ++number)
      additions.push_back(addition("c" + std::to_string(numbered * 100'000) + std::to_string(number), 1));
    execute({request(session_named(1), numbered, additions, numbered - 1)});
  }
  Capturing::Step step(bool seals = false) { return capturing.step(state, standing, chain.last.sequence, 0, seals); }
  void finish() {
    CheckpointHeader header;
    header.applied = chain.last;
    capturing.finish(state, header);
  }
  std::optional<CheckpointDelta> release() { return capturing.release(standing, chain.last); }
  void commit() {
    BOOST_REQUIRE(step().may_end);
    finish();
    BOOST_REQUIRE(release());
    capturing.committed(chain.last.sequence);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(a_capture)

BOOST_AUTO_TEST_CASE(begins_when_it_is_due_and_ends_when_little_is_left) {
  Bench bench;
  bench.execute_through(9);
  BOOST_TEST(!bench.step().may_end);
  bench.execute();
  const Capturing::Step step = bench.step();
  BOOST_TEST(step.may_end);
  BOOST_TEST(!step.is_ready_now);  // nobody asked for a seal
  bench.finish();
  const auto delta = bench.release();
  BOOST_REQUIRE(delta);
  BOOST_TEST(delta->full);
  BOOST_TEST((delta->header.applied == bench.chain.last));
  BOOST_TEST(bench.capturing.is_committing());
  bench.capturing.committed(bench.chain.last.sequence);
  BOOST_TEST((bench.capturing.stored() == Sequence(10)));
}

BOOST_AUTO_TEST_CASE(of_much_goes_in_steps) {
  Bench bench;
  for (int order = 0; order < 8; ++order) bench.make_counters(4000);
  bench.execute_through(10);
  BOOST_TEST(!bench.step().may_end);
  BOOST_TEST(bench.capturing.has_steps_left());
  int steps = 1;
  while (!bench.step().may_end) BOOST_REQUIRE(++steps < 20);
  BOOST_TEST(steps > 4);
  bench.finish();
  BOOST_TEST(!bench.capturing.has_steps_left());
  BOOST_TEST(bench.release()->changes.size() > 32'000u);
}

BOOST_AUTO_TEST_CASE(for_a_seal_is_kept_open_until_its_order_comes) {
  Bench bench;
  bench.standing.seal_wanted = true;
  Capturing::Step step = bench.step();
  BOOST_TEST(step.is_ready_now);
  BOOST_TEST(!step.may_end);
  BOOST_TEST(bench.capturing.is_ready());
  BOOST_TEST(!bench.capturing.has_steps_left());
  bench.execute();
  step = bench.step();
  BOOST_TEST(!step.is_ready_now);  // it was said
  BOOST_TEST(!step.may_end);
  bench.execute();
  bench.standing.seal_wanted = false;
  bench.standing.seal.checkpoint = bench.chain.last.sequence.next();
  BOOST_TEST(!bench.step().may_end);  // the order is known, and not here yet
  bench.execute();
  BOOST_TEST(bench.step(true).may_end);
  bench.finish();
  BOOST_TEST(!bench.capturing.is_ready());
}

BOOST_AUTO_TEST_CASE(kept_open_for_a_seal_that_nobody_wants_any_more_ends) {
  Bench bench;
  bench.standing.seal_wanted = true;
  BOOST_TEST(!bench.step().may_end);
  bench.standing.seal_wanted = false;
  BOOST_TEST(bench.step().may_end);
}

BOOST_AUTO_TEST_CASE(that_could_not_be_written_joins_the_next_one) {
  Bench bench;
  bench.execute_through(10);
  bench.commit();
  bench.make_counters(3);
  bench.execute_through(20);
  BOOST_REQUIRE(bench.step().may_end);
  bench.finish();
  auto lost = bench.release();
  BOOST_REQUIRE(lost);
  const std::size_t changes = lost->changes.size();
  bench.capturing.failed(std::move(*lost), CommitFailure::not_written, bench.state);
  BOOST_TEST(!bench.capturing.is_committing());
  bench.execute_through(30);
  BOOST_REQUIRE(bench.step().may_end);
  bench.finish();
  const auto next = bench.release();
  BOOST_REQUIRE(next);
  BOOST_TEST(!next->full);
  BOOST_TEST(next->changes.size() >= changes);
}

BOOST_AUTO_TEST_CASE(is_full_and_due_at_once_when_the_store_lacks_what_it_builds_on) {
  Bench bench;
  bench.execute_through(10);
  BOOST_REQUIRE(bench.step().may_end);
  bench.finish();
  bench.capturing.failed(std::move(*bench.release()), CommitFailure::lacks_base, bench.state);
  bench.execute();
  BOOST_REQUIRE(bench.step().may_end);
  bench.finish();
  BOOST_TEST(bench.release()->full);
}

BOOST_AUTO_TEST_CASE(that_is_withdrawn_goes_with_the_next_one) {
  Bench bench;
  bench.execute_through(10);
  BOOST_REQUIRE(bench.step().may_end);
  bench.finish();
  bench.capturing.withdraw(bench.state);
  BOOST_TEST(!bench.release());
  bench.capturing.hurry();
  bench.execute();
  BOOST_REQUIRE(bench.step().may_end);
  bench.finish();
  const auto delta = bench.release();
  BOOST_REQUIRE(delta);
  BOOST_TEST(delta->full);
  BOOST_TEST((delta->header.applied.sequence == Sequence(11)));
}

BOOST_AUTO_TEST_CASE(is_the_last_once_when_the_process_is_to_end) {
  Bench bench;
  BOOST_TEST(!bench.capturing.takes_last());
  bench.capturing.skip_last();
  BOOST_TEST(!bench.capturing.is_drained());
  bench.capturing.drain();
  BOOST_TEST(bench.capturing.takes_last());
  BOOST_TEST(!bench.capturing.takes_last());
  BOOST_TEST(bench.capturing.is_drained());
}

BOOST_AUTO_TEST_CASE(that_is_being_committed_is_waited_for_before_the_last) {
  Bench bench;
  bench.execute_through(10);
  BOOST_REQUIRE(bench.step().may_end);
  bench.finish();
  BOOST_REQUIRE(bench.release());
  bench.capturing.drain();
  BOOST_TEST(!bench.capturing.takes_last());
  bench.capturing.committed(Sequence(10));
  BOOST_TEST(bench.capturing.takes_last());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(an_own_seal)

BOOST_AUTO_TEST_CASE(is_made_of_the_checkpoint_that_was_captured_for_it) {
  OwnSeal seal;
  BOOST_TEST(!seal.is_wanted_of(Sequence(10)));
  seal.begin(Sequence(10));
  BOOST_TEST(seal.is_wanted_of(Sequence(10)));
  BOOST_TEST(!seal.is_wanted_of(Sequence(11)));
  seal.drop();
  BOOST_TEST(!seal.is_wanted_of(Sequence(10)));
}

BOOST_AUTO_TEST_CASE(is_kept_for_as_long_as_it_is_told_of) {
  OwnSeal seal;
  const CheckpointSeal made{Sequence(10), {1}, 100};
  seal.made(Sequence(10), made);
  BOOST_TEST((seal.newest() == made));
  BOOST_TEST(!seal.is_over({Sequence(10), {}, 0}));  // it is being agreed
  BOOST_TEST(!seal.is_over(made));
  BOOST_TEST(seal.is_over({}));
  BOOST_TEST(!seal.is_over({}));  // once
  BOOST_TEST((seal.newest() == CheckpointSeal{}));
}

BOOST_AUTO_TEST_CASE(that_could_not_be_made_is_reported_without_content) {
  OwnSeal seal;
  seal.made(Sequence(10), std::nullopt);
  BOOST_TEST((seal.newest().checkpoint == Sequence(10)));
  BOOST_TEST(!seal.newest().is_known());
}

BOOST_AUTO_TEST_SUITE_END()
