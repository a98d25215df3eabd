// SPDX-License-Identifier: Apache-2.0
// The trial of a loaded state: what it may do meanwhile, and what speaks for it and against it.
#include <boost/test/unit_test.hpp>

#include "replica/trial.h"

using namespace tally;

namespace {

const Instant start{seconds(100).nanoseconds};
const Sequence checkpoint(50);

OrderIdentity order(std::uint64_t sequence) { return {Term(1), Sequence(sequence), {sequence, sequence}}; }

ReplicaStanding standing(std::uint64_t agreed, ReplicaState state = ReplicaState::voting) {
  ReplicaStanding standing;
  standing.state = state;
  standing.agreed.order = order(agreed);
  return standing;
}

struct Bench {
  Trial trial;

  explicit Bench(bool imported = false) { trial.begin(checkpoint, imported, start); }
  bool passes(const ReplicaStanding& standing, Duration later) {
    return trial.passes_by_votes(standing, Sequence(70), start + later);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(a_trial)

BOOST_AUTO_TEST_CASE(is_not_needed_by_the_empty_state) {
  Trial trial;
  trial.begin(Sequence(), false, start);
  BOOST_TEST(!trial.is_on());
  BOOST_TEST(trial.may_execute(Sequence(1), {}));
}

BOOST_AUTO_TEST_CASE(lets_an_imported_state_execute_as_far_as_orders_are_agreed) {
  Bench own;
  Bench imported(true);
  const OrderState agreed{order(60), {1, 2}};
  BOOST_TEST(own.trial.may_execute(Sequence(61), agreed));
  BOOST_TEST(imported.trial.is_on_import());
  BOOST_TEST(imported.trial.may_execute(Sequence(60), agreed));
  BOOST_TEST(!imported.trial.may_execute(Sequence(61), agreed));
  imported.trial.end();
  BOOST_TEST(imported.trial.may_execute(Sequence(61), agreed));
}

BOOST_AUTO_TEST_CASE(compares_a_state_after_the_agreed_order_alone) {
  Bench bench(true);
  const OrderState agreed{order(60), {1, 2}};
  BOOST_TEST(bench.trial.can_be_examined(order(60), agreed));
  BOOST_TEST(!bench.trial.can_be_examined(order(59), agreed));
  BOOST_TEST(!bench.trial.can_be_examined(order(60), {order(60), {}}));  // what was agreed is not known
  bench.trial.end();
  BOOST_TEST(!bench.trial.can_be_examined(order(60), agreed));
}

BOOST_AUTO_TEST_CASE(passes_when_votes_are_decided_and_no_verdict_follows) {
  Bench bench;
  BOOST_TEST(!bench.passes(standing(60), {}));  // no vote was made
  bench.trial.voted(Sequence(61));
  bench.trial.voted(Sequence(62));
  BOOST_TEST(!bench.passes(standing(60), {}));  // the first vote is not decided
  BOOST_TEST(!bench.passes(standing(61), {}));
  BOOST_TEST(!bench.passes(standing(65), milliseconds(1999)));
  BOOST_TEST(!bench.passes(standing(61), seconds(2)));  // nothing was decided meanwhile
  BOOST_TEST(bench.passes(standing(65), seconds(2)));
}

BOOST_AUTO_TEST_CASE(does_not_pass_by_votes_that_nobody_judges) {
  Bench bench;
  bench.trial.voted(Sequence(51));
  for (const ReplicaState state : {ReplicaState::evicted, ReplicaState::recovering, ReplicaState::quarantined}) {
    BOOST_TEST(!bench.passes(standing(60, state), {}));
    BOOST_TEST(!bench.passes(standing(65, state), seconds(5)));
  }
  BOOST_TEST(!bench.passes(standing(60, ReplicaState::probation), seconds(5)));
  BOOST_TEST(bench.passes(standing(65, ReplicaState::probation), seconds(7)));
}

BOOST_AUTO_TEST_CASE(does_not_pass_by_what_was_agreed_beyond_its_own_orders) {
  Bench bench;
  bench.trial.voted(Sequence(51));
  BOOST_TEST(!bench.passes(standing(71), {}));
  BOOST_TEST(!bench.passes(standing(72), seconds(5)));
}

BOOST_AUTO_TEST_CASE(begins_anew_with_the_votes_when_those_until_now_are_forgotten) {
  Bench bench;
  bench.trial.voted(Sequence(51));
  BOOST_TEST(!bench.passes(standing(60), {}));
  bench.trial.forget_votes();
  BOOST_TEST(!bench.passes(standing(65), seconds(3)));
  bench.trial.voted(Sequence(66));
  BOOST_TEST(!bench.passes(standing(66), seconds(3)));
  BOOST_TEST(bench.passes(standing(67), seconds(5)));
}

BOOST_AUTO_TEST_CASE(of_an_imported_state_is_not_passed_by_votes) {
  Bench bench(true);
  bench.trial.voted(Sequence(51));
  BOOST_TEST(!bench.passes(standing(60), {}));
  BOOST_TEST(!bench.passes(standing(65), seconds(5)));
}

BOOST_AUTO_TEST_CASE(is_lost_when_nothing_comes_but_contradictions) {
  Bench bench;
  BOOST_TEST(!bench.trial.is_refuted_by_contradiction(start));
  BOOST_TEST(!bench.trial.is_refuted_by_contradiction(start + milliseconds(9999)));
  BOOST_TEST(bench.trial.is_refuted_by_contradiction(start + seconds(10)));
  bench.trial.was_followed();
  BOOST_TEST(!bench.trial.is_refuted_by_contradiction(start + seconds(20)));
}

BOOST_AUTO_TEST_CASE(may_be_over_and_the_checkpoint_be_contradicted_all_the_same) {
  Bench bench;
  bench.trial.end();
  BOOST_TEST(!bench.trial.is_refuted_by_contradiction(start));
  BOOST_TEST(bench.trial.is_refuted_by_contradiction(start + seconds(10)));
}

BOOST_AUTO_TEST_CASE(of_an_imported_state_is_lost_when_nothing_follows_though_orders_are_sent) {
  Bench bench(true);
  BOOST_TEST(!bench.trial.is_refuted_by_silence(start + milliseconds(9999)));
  bench.trial.excuse(start + seconds(5));
  BOOST_TEST(!bench.trial.is_refuted_by_silence(start + seconds(10)));
  BOOST_TEST(bench.trial.is_refuted_by_silence(start + seconds(15)));
  BOOST_TEST(!Bench().trial.is_refuted_by_silence(start + seconds(15)));  // its own
}

BOOST_AUTO_TEST_CASE(forgets_everything_when_another_one_begins) {
  Bench bench(true);
  bench.trial.hold_orders();
  bench.trial.voted(Sequence(51));
  BOOST_TEST(!bench.trial.is_refuted_by_contradiction(start));
  bench.trial.begin(Sequence(40), false, start);
  BOOST_TEST((bench.trial.checkpoint() == Sequence(40)));
  BOOST_TEST(!bench.trial.holds_orders());
  BOOST_TEST(!bench.passes(standing(60), {}));
  BOOST_TEST(!bench.passes(standing(65), seconds(5)));
  BOOST_TEST(!bench.trial.is_refuted_by_contradiction(start + seconds(10)));
}

BOOST_AUTO_TEST_SUITE_END()
