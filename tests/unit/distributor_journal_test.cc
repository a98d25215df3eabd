// SPDX-License-Identifier: Apache-2.0
// The journal's beginning, which moves when nobody needs it any more, and what the journal knows of decisions.
#include "distributor_bench.h"

using namespace tally;
using Bench = DistributorBench;

namespace {

constexpr std::uint64_t last = 10'000;
constexpr std::uint64_t slack = 100;
constexpr std::uint64_t least_cut = 50;
constexpr std::uint64_t most_bytes = 1'000;

DistributorConfig cutting_config() {
  DistributorConfig config = Bench::usual_config();
  config.journal_slack_orders = slack;
  config.journal_bytes = most_bytes;
  return config;
}

// Everything up to order 9'000 is known to be decided.
RecoveredJournal long_journal() {
  RecoveredJournal journal = Bench::empty_journal();
  journal.term = Term(2);
  journal.last = {Term(1), Sequence(last), Digest{1, 1}};
  journal.agreed = {{Term(1), Sequence(9'000), Digest{2, 2}}, {3, 3}};
  return journal;
}

struct Cutting : Bench {
  JournalSize size;

  explicit Cutting(const RecoveredJournal& found = long_journal()) : Bench(cutting_config(), found) {
    size.next_cut = Sequence(found.first.value + least_cut);
    observe(0);
  }

  void claim(std::uint64_t replica, std::uint64_t checkpoint) {
    ReplicaReport report = replica_report(Sequence(last));
    report.checkpoint = Sequence(checkpoint);
    give(replica, report);
  }
  void claim_all(std::uint64_t first, std::uint64_t second, std::uint64_t third) {
    claim(1, first);
    claim(2, second);
    claim(3, third);
  }
  void grow() { observe(most_bytes + 1); }
  void observe(std::uint64_t bytes) {
    size.bytes = bytes;
    core.observe_journal(size);
  }
  // Beyond the next beat. What the journal begins with then, if it was cut.
  std::uint64_t cut() {
    cut_below.reset();
    pass(milliseconds(300));
    if (cut_below) size.next_cut = Sequence(cut_below->value + least_cut);
    observe(size.bytes);
    return cut_below.value_or(Sequence()).value;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(distributor_journal)

// ---- the cut

BOOST_AUTO_TEST_CASE(nothing_is_cut_before_a_majority_of_voters_has_checkpoints) {
  Cutting bench;
  bench.grow();
  BOOST_TEST(bench.cut() == 0u);
  bench.claim(1, 5'000);
  BOOST_TEST(bench.cut() == 0u);
  bench.claim(2, 0);
  BOOST_TEST(bench.cut() == 0u);
  bench.claim(2, 4'000);
  BOOST_TEST(bench.cut() == 4'001u);
}

BOOST_AUTO_TEST_CASE(each_replica_pins_its_checkpoint_and_some_orders_before_it) {
  Cutting bench;
  bench.claim_all(5'000, 3'000, 4'000);
  BOOST_TEST(bench.cut() == 3'000 - slack + 1);
}

BOOST_AUTO_TEST_CASE(the_slowest_replica_pins_until_the_journal_is_too_large) {
  Cutting bench;
  bench.claim_all(5'000, 4'000, 0);
  bench.observe(most_bytes);
  BOOST_TEST(bench.cut() == 0u);
  bench.grow();
  BOOST_TEST(bench.cut() == 4'001u);
}

BOOST_AUTO_TEST_CASE(a_replica_that_was_never_heard_of_pins_everything_until_the_journal_is_too_large) {
  Cutting bench;
  bench.claim(1, 5'000);
  bench.claim(2, 4'000);
  BOOST_TEST(bench.cut() == 0u);
  bench.grow();
  BOOST_TEST(bench.cut() == 4'001u);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_nearer_to_the_beginning_than_the_slack_cuts_nothing) {
  Cutting bench;
  bench.claim_all(slack - 1, slack - 1, slack - 1);
  BOOST_TEST(bench.cut() == 0u);
}

BOOST_AUTO_TEST_CASE(the_journal_is_not_cut_by_less_than_can_go) {
  Cutting bench;
  const auto claim = [&](std::uint64_t cut) { bench.claim_all(slack + cut, slack + cut, slack + cut); };
  claim(least_cut - 1);
  BOOST_TEST(bench.cut() == 0u);
  claim(least_cut);
  BOOST_TEST(bench.cut() == least_cut + 1);
  claim(2 * least_cut - 1);
  BOOST_TEST(bench.cut() == 0u);
  claim(2 * least_cut);
  BOOST_TEST(bench.cut() == 2 * least_cut + 1);
}

// The journal's thread may be busy, and says later that it was done.
BOOST_AUTO_TEST_CASE(a_cut_is_asked_for_once) {
  Cutting bench;
  bench.claim_all(1'000, 1'000, 1'000);
  bench.pass(milliseconds(300));
  BOOST_TEST((bench.cut_below == Sequence(1'001 - slack)));
  bench.cut_below.reset();
  bench.claim_all(2'000, 2'000, 2'000);
  bench.pass(seconds(2));
  BOOST_TEST(!bench.cut_below);
  bench.size.next_cut = Sequence(1'500);  // as it is after the first cut
  bench.observe(0);
  bench.pass(milliseconds(300));
  BOOST_TEST((bench.cut_below == Sequence(2'001 - slack)));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_to_be_decided_is_not_cut) {
  Cutting bench;
  bench.claim_all(9'500, 9'600, 9'700);
  bench.grow();
  BOOST_TEST(bench.cut() == 9'001u);
}

BOOST_AUTO_TEST_CASE(a_huge_lying_claim_does_not_move_the_cut_beyond_honest_checkpoints) {
  Cutting bench;
  bench.claim_all(~std::uint64_t{0}, 3'000, 4'000);
  BOOST_TEST(bench.cut() == 3'000 - slack + 1);
  bench.grow();
  BOOST_TEST(bench.cut() == 4'001u);
  BOOST_TEST(bench.status().journal_first.value == 4'001u);
}

BOOST_AUTO_TEST_CASE(a_lying_claim_of_nothing_does_not_hold_the_journal_for_ever) {
  Cutting bench;
  bench.claim_all(5'000, 0, 4'000);
  bench.grow();
  BOOST_TEST(bench.cut() == 4'001u);
}

BOOST_AUTO_TEST_CASE(the_claim_of_a_replica_that_does_not_vote_moves_nothing) {
  Cutting bench;
  bench.comparator_is_alive();
  bench.accuse(3, VerdictReason::silence);
  bench.claim_all(5'000, 0, 6'000);
  bench.grow();
  BOOST_TEST(bench.cut() == 0u);
  bench.claim(2, 4'000);
  BOOST_TEST(bench.cut() == 4'001u);
}

BOOST_AUTO_TEST_CASE(a_replica_that_does_not_vote_pins_its_checkpoint_all_the_same) {
  Cutting bench;
  bench.comparator_is_alive();
  bench.accuse(3, VerdictReason::silence);
  bench.claim_all(5'000, 5'000, 2'000);
  BOOST_TEST(bench.cut() == 2'000 - slack + 1);
}

BOOST_AUTO_TEST_CASE(the_cut_is_told_to_replicas_and_people) {
  Cutting bench;
  bench.claim_all(5'000, 4'000, 3'000);
  bench.standings.clear();
  const std::uint64_t first = bench.cut();
  for (std::uint64_t id = 1; id <= 3; ++id) BOOST_TEST(bench.standings[id].back().journal_first.value == first);
  BOOST_TEST(bench.status().journal_first.value == first);
  BOOST_TEST(bench.happened("journal_cut"));
}

BOOST_AUTO_TEST_CASE(a_restart_goes_on_from_where_the_journal_begins) {
  RecoveredJournal found = long_journal();
  found.first = Sequence(4'001);
  Cutting bench(found);
  BOOST_TEST(bench.status().journal_first.value == 4'001u);
  bench.claim_all(4'000 + slack + least_cut - 1, 5'000, 5'000);
  BOOST_TEST(bench.standings[1].back().journal_first.value == 4'001u);
  BOOST_TEST(bench.cut() == 0u);
  bench.claim(1, 4'000 + slack + least_cut);
  BOOST_TEST(bench.cut() == 4'001 + least_cut);
}

BOOST_AUTO_TEST_CASE(voided_orders_are_forgotten_with_the_journal_that_held_them) {
  RecoveredJournal found = long_journal();
  found.view.members.resize(Bench::replicas);
  found.view.voided = {Sequence(200), Sequence(3'000), Sequence(9'500)};
  Cutting bench(found);
  bench.claim_all(4'000, 4'000, 3'099);
  BOOST_TEST(bench.cut() == 3'000u);
  BOOST_TEST(!bench.core.is_voided(Sequence(200)));
  BOOST_TEST(bench.core.is_voided(Sequence(3'000)));
  BOOST_TEST(bench.core.is_voided(Sequence(9'500)));
}

// ---- a full disk

BOOST_AUTO_TEST_CASE(without_room_nothing_is_ordered_and_it_goes_on_by_itself) {
  Started bench;
  bench.give_change(1);
  bench.agree();
  BOOST_TEST((bench.status().state == GroupState::ok));
  JournalSize full;
  full.has_room = false;
  bench.core.observe_journal(full);
  const Sequence last_order = bench.last_sequence();
  bench.give_change(2);
  bench.pass(seconds(3), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST((bench.last_sequence() == last_order));
  BOOST_REQUIRE(bench.refusals().size() == 1u);
  BOOST_TEST((bench.refusals()[0].reason == RefusalReason::unavailable));
  BOOST_TEST((bench.status().state == GroupState::unavailable));
  BOOST_TEST(bench.status().reason == "no_room");
  bench.core.observe_journal({});
  bench.give_change(3);
  BOOST_TEST((bench.last_sequence() > last_order));
  BOOST_TEST(bench.refusals().size() == 1u);
}

// ---- a slow disk

BOOST_AUTO_TEST_CASE(a_sync_that_takes_longer_than_a_second_is_told_until_one_is_quicker) {
  const auto pass = [](Bench& bench, Duration duration) {
    bench.pass(duration, milliseconds(50), [&] { bench.comparator_is_alive(); });
  };
  Started bench;
  bench.give_change(1);
  bench.agree();
  bench.sync_at_once = false;
  bench.give_change(2);
  pass(bench, milliseconds(900));
  BOOST_TEST((bench.status().state == GroupState::ok));
  pass(bench, milliseconds(200));
  BOOST_TEST((bench.status().state == GroupState::unavailable));
  BOOST_TEST(bench.status().reason == "journal_slow");

  bench.give_change(3);
  bench.sync();  // of the first; the second waits for another one
  BOOST_TEST(bench.status().reason == "journal_slow");
  bench.sync();
  BOOST_TEST((bench.status().state == GroupState::ok));
}

// ---- an order that cannot be read

BOOST_AUTO_TEST_CASE(behind_a_damaged_order_the_journal_begins_at_once_and_is_cut_later) {
  Cutting bench;
  bench.claim_all(4'500, 3'999, 3'000);
  bench.standings.clear();
  bench.core.journal_damaged(Sequence(4'000));
  bench.carry_out(bench.core.take_output());
  BOOST_REQUIRE(!bench.standings[1].empty());
  BOOST_TEST(bench.standings[1].back().journal_first.value == 4'001u);
  BOOST_TEST(bench.status().journal_first.value == 4'001u);
  BOOST_TEST(bench.happened("journal_damaged"));
  bench.grow();
  BOOST_TEST(bench.cut() == 0u);
  bench.claim(2, 4'000);
  BOOST_TEST(bench.cut() == 4'001u);
}

BOOST_AUTO_TEST_CASE(a_damaged_order_is_cut_off_though_a_replica_is_behind_and_few_orders_go) {
  RecoveredJournal found = long_journal();
  found.first = Sequence(4'000);
  Cutting bench(found);
  bench.claim_all(4'001, 4'001, 0);
  bench.core.journal_damaged(Sequence(4'001));
  BOOST_TEST(bench.cut() == 4'002u);
}

BOOST_AUTO_TEST_CASE(an_order_before_the_beginning_may_be_damaged) {
  Cutting bench;
  bench.claim_all(4'000, 4'000, 4'000);
  const std::uint64_t first = bench.cut();
  bench.forget();
  bench.core.journal_damaged(Sequence(first - 1));
  bench.turn();
  BOOST_TEST(!bench.happened("journal_damaged"));
  BOOST_TEST(bench.status().journal_first.value == first);
}

BOOST_AUTO_TEST_CASE(a_second_damaged_order_moves_the_beginning_on_and_an_earlier_one_does_not_move_it_back) {
  Cutting bench;
  for (const std::uint64_t damaged : {4'000, 5'000, 3'000}) bench.core.journal_damaged(Sequence(damaged));
  BOOST_TEST(bench.status().journal_first.value == 5'001u);
}

BOOST_AUTO_TEST_CASE(a_replica_that_is_behind_the_beginning_is_not_fed_and_keeps_nobody_awake) {
  RecoveredJournal found = long_journal();
  found.first = Sequence(4'001);
  Cutting bench(found);
  bench.apply(1, Sequence(100));
  bench.apply(2, Sequence(3'999));
  bench.apply(3, Sequence(4'000));
  BOOST_TEST(bench.delivered(1).second == 0u);
  BOOST_TEST(bench.delivered(2).second == 0u);
  BOOST_TEST((bench.delivered(3) == std::pair(4'001ul, 4'000 + limits::replica_window_orders)));
  bench.turns = 0;
  bench.pass(seconds(10));
  BOOST_TEST(bench.turns <= 10u * 8);
  bench.apply(1, Sequence(4'000));  // it has imported
  BOOST_TEST(bench.delivered(1).first == 4'001u);
}

BOOST_AUTO_TEST_CASE(a_replica_whose_next_order_is_damaged_is_not_tried_again) {
  Cutting bench;
  bench.apply(1, Sequence(0));
  bench.deliveries.clear();
  bench.core.journal_damaged(Sequence(150));  // as the shell does when it cannot read what it is to send
  bench.core.delivery_failed(ReplicaId(1), Sequence(150));
  bench.turns = 0;
  bench.pass(seconds(10));
  BOOST_TEST(bench.deliveries.empty());
  BOOST_TEST(bench.turns <= 10u * 8);
  BOOST_TEST(bench.standings[1].back().journal_first.value == 151u);
}

// ---- what is known to be decided

BOOST_AUTO_TEST_CASE(what_is_agreed_is_journaled_at_most_once_a_second_and_told_from_then_on) {
  Started bench;
  bench.agree();
  BOOST_REQUIRE(bench.journaled_agreements().size() == 1u);
  BOOST_TEST((bench.journaled_agreements()[0] == bench.state_after(Sequence(1))));
  for (std::uint64_t number = 1; number <= 9; ++number) {
    bench.pass(milliseconds(100));
    bench.give_change(number);
    bench.agree();
    bench.all_apply();
  }
  BOOST_TEST(bench.journaled_agreements().size() == 1u);
  BOOST_TEST(bench.standings[1].back().agreed.order.sequence.value == 1u);
  bench.pass(milliseconds(150), milliseconds(50), [&] { bench.agree(); });
  BOOST_REQUIRE(bench.journaled_agreements().size() == 2u);
  const Sequence agreed = bench.journaled_agreements()[1].order.sequence;
  BOOST_TEST(agreed.value >= 10u);
  bench.pass(milliseconds(1'400), milliseconds(50), [&] { bench.agree(); });  // with its sync and a beat
  BOOST_TEST((bench.standings[1].back().agreed.order.sequence >= agreed));
  BOOST_TEST(bench.journaled_agreements().size() == 3u);
}

BOOST_AUTO_TEST_CASE(what_is_closed_is_not_agreed) {
  Started bench;
  bench.agree();
  bench.give_change(1);
  bench.pass(limits::ballot_lifetime + seconds(1), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST((bench.decided() > Sequence(1)));
  BOOST_TEST(bench.journaled_agreements().size() == 1u);
  bench.all_apply();
  BOOST_TEST(bench.standings[1].back().agreed.order.sequence.value == 1u);
}

BOOST_AUTO_TEST_CASE(a_report_that_comes_late_takes_nothing_agreed_back) {
  Started bench;
  bench.give_change(1);
  bench.agree();
  ComparatorReport late = bench.report(bench.decided());
  late.agreed = bench.state_after(Sequence(1));
  bench.pass(seconds(2), milliseconds(50), [&] { bench.give(late); });
  BOOST_TEST((bench.journaled_agreements().back() == bench.state_after(Sequence(2))));
}

BOOST_AUTO_TEST_CASE(what_is_agreed_beyond_the_last_order_is_not_believed) {
  Started bench;
  bench.agree();
  ComparatorReport strange = bench.report(bench.decided());
  strange.agreed = {{Term(1), Sequence(1'000), {}}, {}};
  bench.pass(seconds(2), milliseconds(50), [&] { bench.give(strange); });
  BOOST_TEST(bench.journaled_agreements().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_restart_tells_what_the_journal_knows_to_be_agreed) {
  Cutting bench;
  bench.apply(1, Sequence(last));
  BOOST_TEST(bench.standings[1].back().agreed.order.sequence.value == 9'000u);
  BOOST_TEST(bench.standings[1].back().prove.value == 0u);
}

// Reads were decided whose orders the crash of a machine took, since they need no sync (law 6). The comparator still
// knows them when another order has their number: what it says of them is about another chain (law 2).
BOOST_AUTO_TEST_CASE(what_was_agreed_of_a_tail_that_the_journal_lost_is_not_taken_for_an_order_of_this_term) {
  Bench bench(Bench::usual_config(), long_journal());
  bench.comparator_is_alive();
  bench.all_apply();
  for (std::uint64_t number = 1; number <= 5; ++number) bench.give_read(number);
  ComparatorReport report = bench.report(Sequence(last));
  report.agreed = {{Term(1), Sequence(last + 3), Digest{8, 8}}, {8, 8}};
  BOOST_REQUIRE((bench.last_sequence() >= report.agreed.order.sequence));
  bench.pass(seconds(2), milliseconds(50), [&] { bench.give(report); });
  BOOST_TEST(bench.journaled_agreements().empty());
}

// Checkpoints go by it: a group that finds no majority is asked to reproduce what the journal knows (laws 4, 14).
BOOST_AUTO_TEST_CASE(what_is_agreed_is_not_told_before_its_record_is_synced) {
  Started bench;
  bench.sync_at_once = false;
  bench.agree();
  BOOST_REQUIRE(bench.journaled_agreements().size() == 1u);
  bench.pass(milliseconds(400), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_REQUIRE(!bench.standings[1].empty());
  BOOST_TEST(bench.standings[1].back().agreed.order.sequence.value == 0u);
  bench.sync();
  bench.pass(milliseconds(400), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_TEST(bench.standings[1].back().agreed.order.sequence.value == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_agreed_is_not_told_by_a_sync_that_began_before_its_record) {
  Started bench;
  bench.sync_at_once = false;
  bench.give_change(1);
  const std::uint64_t earlier = bench.journal.size();
  bench.agree();
  BOOST_REQUIRE(bench.journal.size() > earlier);
  bench.core.synced(earlier, bench.now);
  bench.synced = earlier;
  bench.pass(milliseconds(400), milliseconds(50), [&] { bench.comparator_is_alive(); });
  BOOST_REQUIRE(!bench.standings[1].empty());
  BOOST_TEST(bench.standings[1].back().agreed.order.sequence.value == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
