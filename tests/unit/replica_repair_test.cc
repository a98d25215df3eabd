// SPDX-License-Identifier: Apache-2.0
// How a replica gets a state that is right: scrub, trial, older checkpoints, import.
#include "protocol/limits.h"
#include "replica/state_entries.h"
#include "replica_bench.h"

using namespace tally;
using namespace tally::testing;

namespace {

// Gives a checkpoint of `donor` in one chunk to whoever asks.
StateChunk whole_checkpoint(const StateRequest& request, const Replica& donor) {
  StateChunk chunk;
  chunk.answer = StateAnswer::entries;
  chunk.checkpoint = request.checkpoint;
  chunk.after = request.after;
  chunk.header = *donor.header;
  for (const auto& [key, value] : donor.entries) BOOST_REQUIRE(append_entry(chunk.entries, key, value));
  chunk.through = donor.entries.rbegin()->first;
  chunk.last = true;
  return chunk;
}

// Puts what was imported into the replica's store, as its shell does.
void store_import(Replica& replica) {
  const ImportStep step = replica.steps.back();
  replica.entries.clear();
  visit_entries(step.chunk.entries, step.chunk.after, step.chunk.through, [&](auto key, auto value) {
    replica.entries.emplace(key, value);
    return true;
  });
  replica.header = step.chunk.header;
  replica.core->import_stored(step.attempt, ImportOutcome::finished, replica.now);
  replica.settle();
}

// Replica 1 must import: it has nothing, and the journal begins late. Replica 2 has a checkpoint of order 8.
struct CutJournal {
  Group healthy{4};
  Replica replica{1, 4};

  CutJournal() {
    healthy.count(9);
    healthy.replica.receive(standing_of(healthy.chain));  // checkpoint 4
    healthy.count(4);
    healthy.replica.receive(standing_of(healthy.chain));
    BOOST_REQUIRE((healthy.replica.core->checkpoint().value == 12u));
    replica.receive(standing());
  }
  ReplicaStanding standing(std::uint64_t recovery = 1) {
    ReplicaStanding now = standing_of(healthy.chain, recovery);
    now.journal_first = Sequence(11);
    now.donors = 0b110;
    now.agreed.state = healthy.replica.core->state()->digest();
    return now;
  }
  // What was agreed on is older than the last order.
  ReplicaStanding standing(const OrderState& agreed) {
    ReplicaStanding now = standing();
    now.agreed = agreed;
    return now;
  }
  // What the donor's checkpoint is of.
  OrderState checkpointed() const { return {healthy.replica.header->applied, healthy.replica.header->state}; }
  void import(const std::function<void(CheckpointHeader&)>& forge = [](CheckpointHeader&) {}) {
    const auto [donor, request] = replica.requests.back();
    StateChunk chunk = whole_checkpoint(request, healthy.replica);
    forge(chunk.header);
    replica.core->receive(donor, chunk, replica.now);
    replica.settle();
    store_import(replica);
  }
  void stream() {
    for (const Order& order : std::vector<Order>(healthy.journal))
      if (order.id.sequence > replica.core->applied().sequence) replica.receive(order);
  }
  std::uint64_t donor() const { return replica.requests.back().first.value; }
};

ReplicaStanding told(ReplicaStanding standing, std::uint64_t recovery, OutReason reason) {
  standing.recovery = Recovery(recovery);
  standing.reason = reason;
  standing.vote_from = standing.last.sequence.next();  // all is decided
  return standing;
}

ReplicaStanding dissent(const ReplicaStanding& standing, std::uint64_t recovery) {
  return told(standing, recovery, OutReason::dissent);
}

// Its replica has loaded checkpoint 2, of 6 orders that were executed before; a checkpoint of 6 waited for its turn.
struct Restarted : Group {
  Restarted() : Group(2) {
    count(5);
    replica.receive(standing_of(chain));
    replica.start();
    replica.receive(standing_of(chain));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(a_replica_scrubs_its_memory)

BOOST_AUTO_TEST_CASE(and_convicts_itself_on_an_idle_group) {
  Group group;
  group.count(5);
  group.replica.wait(seconds(5));
  BOOST_TEST(!group.replica.happened("state_mismatch"));
  BOOST_TEST(group.replica.core->flip_stored_counter());
  const Digest before = group.replica.votes.back().state;
  group.replica.wait(milliseconds(2'100));
  BOOST_TEST(group.replica.happened("state_mismatch"));
  group.deliver();
  BOOST_TEST((group.replica.votes.back().state != before));
  BOOST_TEST((group.replica.votes.back().state == group.replica.core->state()->recomputed_digest()));
}

BOOST_AUTO_TEST_CASE(at_a_bounded_rate) {
  Group group;
  std::vector<OwnedOperation> many;
  for (int batch = 0; batch < 10; ++batch) {
    many.clear();
    for (int count = 0; count < 4000; ++count) many.push_back(addition(std::to_string(batch * 4000 + count), 1));
    group.deliver({request(group.session, group.number + 1, many, group.number)});
    ++group.number;
  }
  BOOST_TEST(group.replica.core->state()->counters() == 40'000u);
  BOOST_TEST(group.replica.core->flip_stored_counter());
  group.replica.wait(seconds(7));  // a pass over 40'000 takes 2.4 s
  BOOST_TEST(group.replica.happened("state_mismatch"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_loaded_state_is_on_trial)

BOOST_AUTO_TEST_CASE(and_an_older_checkpoint_is_loaded_when_it_dissents) {
  Restarted group;
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 6u);
  group.replica.receive(dissent(standing_of(group.chain), 2));
  BOOST_TEST(group.replica.happened("repair_failed"));
  BOOST_TEST(group.replica.distrusted == std::vector<std::uint64_t>{2}, boost::test_tools::per_element());
  BOOST_TEST(group.replica.applied() == 0u);
  group.stream_from_applied();
  BOOST_TEST(group.replica.applied() == 6u);
}

BOOST_AUTO_TEST_CASE(until_a_vote_on_it_is_decided_and_nothing_came_of_it) {
  Restarted group;
  group.stream_from_applied();
  group.replica.receive(standing_of(group.chain));
  group.replica.wait(seconds(3));
  group.count(1);
  group.replica.receive(standing_of(group.chain));
  group.replica.receive(dissent(standing_of(group.chain), 2));
  BOOST_TEST(!group.replica.happened("repair_failed"));
  BOOST_TEST(group.replica.distrusted.empty());
}

// It found no majority: verdicts wait.
BOOST_AUTO_TEST_CASE(for_as_long_as_the_group_decides_nothing) {
  Restarted group;
  group.stream_from_applied();
  group.replica.receive(standing_of(group.chain));
  group.replica.wait(seconds(30));
  group.replica.receive(standing_of(group.chain));
  group.replica.receive(dissent(standing_of(group.chain), 2));
  BOOST_TEST(group.replica.happened("repair_failed"));
}

// Nobody compares votes on what is closed.
BOOST_AUTO_TEST_CASE(and_ballots_that_were_closed_undecided_prove_nothing_for_it) {
  Restarted group;
  ReplicaStanding closed = standing_of(group.chain);
  closed.agreed.order.sequence = Sequence(2);
  group.stream_from_applied();
  group.replica.receive(closed);
  group.replica.wait(seconds(3));
  group.replica.receive(closed);
  group.replica.receive(dissent(standing_of(group.chain), 2));
  BOOST_TEST(group.replica.happened("repair_failed"));
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_is_not_the_agreed_state_is_dropped_before_it_votes) {
  Restarted group;
  ReplicaStanding standing = standing_of(group.chain);
  standing.agreed.state = Digest{1, 2};  // f+1 replicas say so
  standing.vote_from = standing.last.sequence.next();
  group.replica.receive(standing);
  group.replica.votes.clear();
  group.stream_from_applied();
  BOOST_TEST(group.replica.votes.empty());
  BOOST_TEST(group.replica.happened("checkpoint_wrong"));
  BOOST_TEST(group.replica.distrusted == std::vector<std::uint64_t>{2}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(and_silence_proves_nothing_against_it) {
  Restarted group;
  group.stream_from_applied();
  const ReplicaStanding standing = told(standing_of(group.chain), 2, OutReason::silence);
  group.replica.receive(standing);
  BOOST_TEST(group.replica.distrusted.empty());
  BOOST_TEST(group.replica.applied() == 6u);  // and nothing is executed again
  BOOST_TEST((group.replica.reports.back().recovery == Recovery(2)));
}

// Found by the model: its votes on them counted no more, and the group waited for votes.
BOOST_AUTO_TEST_CASE(but_after_a_silence_what_is_undecided_is_executed_and_voted_on_again) {
  Restarted group;
  group.stream_from_applied();
  ReplicaStanding standing = told(standing_of(group.chain), 2, OutReason::silence);
  standing.vote_from = Sequence(5);
  group.replica.receive(standing);
  BOOST_TEST(group.replica.applied() == 2u);
  group.replica.votes.clear();
  group.stream_from_applied();
  BOOST_REQUIRE(group.replica.votes.size() == 2u);
  BOOST_TEST(group.replica.votes[0].order.sequence.value == 5u);
  BOOST_TEST(group.replica.votes[0].recovery.value == 2u);
}

BOOST_AUTO_TEST_CASE(and_votes_before_a_silence_prove_nothing_for_it) {
  Restarted group;
  group.stream_from_applied();
  group.replica.receive(standing_of(group.chain));  // a vote is decided
  const ReplicaStanding standing = told(standing_of(group.chain), 2, OutReason::silence);
  group.replica.receive(standing);
  group.replica.wait(seconds(3));
  group.replica.receive(standing);
  group.replica.receive(dissent(standing, 3));
  BOOST_TEST(group.replica.happened("repair_failed"));
  BOOST_TEST(group.replica.distrusted == std::vector<std::uint64_t>{2}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(and_what_was_captured_before_a_silence_goes_with_the_next_capture) {
  Group group(2);
  group.count(5);
  group.replica.receive(standing_of(group.chain));
  group.count(2);  // 8 waits
  const ReplicaStanding standing = told(standing_of(group.chain), 2, OutReason::silence);
  group.replica.receive(standing);
  BOOST_TEST(group.replica.core->checkpoint().value == 2u);
  group.count(2);
  group.replica.receive(standing_of(group.chain, 2));
  BOOST_TEST(group.replica.core->checkpoint().value == 10u);
  BOOST_TEST(group.replica.full_commits == 1);
}

// The journal was replaced by an older copy of it, and went on beyond the checkpoint.
BOOST_AUTO_TEST_CASE(and_one_that_nothing_follows_is_given_up_in_the_end) {
  for (const std::uint64_t forged_term : {1, 2}) {
    Group group(2);
    group.count(5);
    group.replica.receive(standing_of(group.chain));
    group.replica.header->applied.chain = Digest{1, 2};
    group.replica.header->applied.term = Term(forged_term);
    group.chain.term = Term(2);
    group.replica.start();
    group.replica.receive(standing_of(group.chain));
    group.stream_from_applied();
    group.replica.wait(seconds(9));
    group.stream_from_applied();
    BOOST_TEST(group.replica.applied() == 2u);
    group.replica.wait(seconds(2));
    group.stream_from_applied();
    BOOST_TEST(group.replica.happened("checkpoint_contradicted"));
    BOOST_TEST(group.replica.distrusted == std::vector<std::uint64_t>{2}, boost::test_tools::per_element());
    group.stream_from_applied();
    BOOST_TEST(group.replica.applied() == 6u);
  }
}

BOOST_AUTO_TEST_CASE(and_an_order_that_was_long_on_its_way_proves_nothing_against_it) {
  Restarted group;
  Order stray = group.journal[2];
  stray.previous = Digest{1, 2};
  stray.id.chain = chain_of(stray);
  group.replica.receive(stray);
  group.stream_from_applied();
  group.replica.wait(seconds(11));
  stray.id.sequence = Sequence(7);
  stray.id.chain = chain_of(stray);
  group.replica.receive(stray);
  BOOST_TEST(group.replica.applied() == 6u);
  BOOST_TEST(group.replica.loads == 2);
}

BOOST_AUTO_TEST_CASE(and_whoever_missed_an_earlier_recovery_rolls_back_for_it) {
  Restarted group;
  group.stream_from_applied();
  group.replica.receive(told(standing_of(group.chain), 3, OutReason::silence));  // 2 may have been for dissent
  BOOST_TEST(group.replica.applied() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_replica_that_loads)

BOOST_AUTO_TEST_CASE(shows_that_it_is_there_and_that_it_is_not_ready) {
  Group group;
  group.count(3);
  group.replica.slow_loads = true;
  group.replica.reports.clear();
  group.replica.receive(standing_of(group.chain, 2));
  BOOST_TEST(group.replica.core->loading());
  group.replica.core->tick(group.replica.now);
  group.replica.wait(milliseconds(1000));
  BOOST_TEST(group.replica.reports.size() == 4u);
  for (const ReplicaReport& report : group.replica.reports) BOOST_TEST((report.recovery == Recovery()));
  group.replica.core->nothing_to_restore(group.replica.now);
  group.replica.settle();
  BOOST_TEST((group.replica.reports.back().recovery == Recovery(2)));
}

BOOST_AUTO_TEST_CASE(refuses_a_checkpoint_of_other_semantics_or_of_another_group) {
  for (const bool semantics : {true, false}) {
    Group group(4);
    group.count(5);
    group.replica.receive(standing_of(group.chain));
    BOOST_REQUIRE(group.replica.header.has_value());
    if (semantics)
      group.replica.header->semantics += 1;
    else
      group.replica.header->group = GroupId(78);
    group.replica.receive(standing_of(group.chain, 2));
    BOOST_TEST(group.replica.fatal.has_value());
  }
}

BOOST_AUTO_TEST_CASE(refuses_a_checkpoint_of_another_version) {
  Replica replica;
  replica.slow_loads = true;
  replica.start();
  replica.core->load_rejected("an entry makes no sense");
  replica.settle();
  BOOST_TEST(replica.fatal.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_replica_imports)

BOOST_AUTO_TEST_CASE(when_the_journal_begins_after_what_it_has) {
  CutJournal cut;
  BOOST_REQUIRE(cut.replica.requests.size() == 1u);
  BOOST_TEST(cut.donor() == 2u);
  BOOST_TEST((cut.replica.requests[0].second == StateRequest{GroupId(77), {}, Sequence(10), ""}));
  cut.stream();  // it takes none
  BOOST_TEST(cut.replica.applied() == 0u);
  cut.import();
  BOOST_TEST(cut.replica.applied() == 12u);
  BOOST_TEST((cut.replica.reports.back().recovery == Recovery(1)));
  ReplicaStanding probation = cut.standing();
  probation.state = ReplicaState::probation;
  cut.replica.receive(probation);
  cut.stream();
  BOOST_TEST(cut.replica.applied() == 14u);
  cut.healthy.count(1);
  cut.stream();
  BOOST_REQUIRE(cut.replica.votes.size() == 1u);
  BOOST_TEST((cut.replica.votes.back().state == cut.healthy.replica.votes.back().state));
  cut.replica.receive(cut.standing());
  BOOST_TEST(cut.replica.requests.size() == 1u);
}

BOOST_AUTO_TEST_CASE(and_reports_meanwhile_as_one_that_is_not_ready) {
  CutJournal cut;
  cut.replica.reports.clear();
  cut.replica.wait(seconds(1));
  BOOST_TEST(cut.replica.reports.size() >= 4u);
  for (const ReplicaReport& report : cut.replica.reports) BOOST_TEST((report.recovery == Recovery()));
}

BOOST_AUTO_TEST_CASE(not_when_the_journal_leads_on_from_its_checkpoint) {
  CutJournal cut;
  cut.import();
  cut.replica.start();
  ReplicaStanding standing = cut.standing();
  standing.journal_first = Sequence(13);
  cut.replica.receive(standing);
  BOOST_TEST(cut.replica.requests.size() == 1u);
  standing.journal_first = Sequence(14);
  cut.replica.receive(standing);
  BOOST_TEST(cut.replica.requests.size() == 2u);
}

BOOST_AUTO_TEST_CASE(not_while_it_is_evicted) {
  CutJournal cut;
  Replica other(3, 4);
  ReplicaStanding standing = cut.standing();
  standing.state = ReplicaState::evicted;
  other.receive(standing);
  BOOST_TEST(other.requests.empty());
}

// A donor that lies, and whoever repeats its lie, would be f+1.
BOOST_AUTO_TEST_CASE(and_gives_no_vote_before_its_state_is_the_agreed_one) {
  CutJournal cut;
  cut.import();
  BOOST_TEST(cut.replica.reports.back().imported);
  cut.stream();
  BOOST_TEST(cut.replica.applied() == 14u);
  BOOST_TEST(cut.replica.votes.empty());
  cut.replica.wait(milliseconds(50));
  BOOST_TEST(!cut.replica.reports.back().imported);
  cut.healthy.count(1);
  cut.stream();
  BOOST_TEST(cut.replica.votes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(and_votes_on_what_follows_at_once_when_it_was_given_the_agreed_state_itself) {
  CutJournal cut;
  cut.replica.receive(cut.standing(cut.checkpointed()));
  cut.import();
  BOOST_TEST(!cut.replica.reports.back().imported);
  cut.stream();
  BOOST_TEST(cut.replica.votes.size() == 2u);
}

// What came too early is asked for again.
BOOST_AUTO_TEST_CASE(and_executes_nothing_beyond_the_agreed_order_until_it_is_proven) {
  CutJournal cut;
  cut.replica.receive(cut.standing(OrderState{}));
  cut.import();
  cut.stream();
  cut.replica.wait(seconds(9));
  cut.replica.receive(cut.standing(OrderState{}));
  BOOST_TEST(cut.replica.applied() == 12u);
  BOOST_TEST(cut.replica.votes.empty());
  BOOST_TEST(cut.replica.reports.back().imported);
  BOOST_TEST(!cut.replica.reports.back().resend);
  cut.replica.receive(cut.standing(cut.checkpointed()));
  BOOST_TEST(!cut.replica.reports.back().imported);
  BOOST_TEST(cut.replica.reports.back().resend);
  cut.stream();
  BOOST_TEST(cut.replica.votes.size() == 2u);
}

BOOST_AUTO_TEST_CASE(and_its_next_process_knows_that_nothing_proved_it) {
  CutJournal cut;
  cut.import();
  cut.replica.start();
  cut.replica.receive(cut.standing());
  BOOST_TEST(cut.replica.reports.back().imported);
  cut.stream();
  BOOST_TEST(cut.replica.votes.empty());
  BOOST_TEST(cut.replica.happened("import_proven"));
}

BOOST_AUTO_TEST_CASE(and_its_next_process_gives_up_what_no_order_follows) {
  for (const std::uint64_t forged_term : {1, 2}) {
    CutJournal cut;
    cut.import([&](CheckpointHeader& header) { header.applied = {Term(forged_term), Sequence(12), {1, 2}}; });
    cut.replica.start();
    cut.replica.receive(cut.standing());
    cut.stream();
    BOOST_TEST(cut.replica.distrusted.empty());
    cut.replica.wait(seconds(11));
    cut.replica.receive(cut.standing());
    BOOST_TEST(cut.replica.distrusted == std::vector<std::uint64_t>{12}, boost::test_tools::per_element());
    cut.replica.receive(cut.standing());
    BOOST_TEST(cut.donor() == 3u);
  }
}

BOOST_AUTO_TEST_CASE(and_replaces_it_by_a_checkpoint_of_its_own_once_it_is_proven) {
  CutJournal cut;
  cut.import();
  cut.stream();
  BOOST_TEST(cut.replica.header->imported);
  BOOST_TEST(cut.replica.core->checkpoint().value == 12u);
  cut.healthy.count(1);  // an order after the proof
  cut.stream();
  cut.replica.receive(cut.standing());
  BOOST_TEST(cut.replica.core->checkpoint().value == 15u);
  BOOST_TEST(!cut.replica.header->imported);
}

BOOST_AUTO_TEST_CASE(and_takes_over_the_recovery_that_it_is_in_when_it_is_done) {
  CutJournal cut;
  cut.replica.receive(cut.standing(5));
  BOOST_TEST(cut.replica.requests.size() == 1u);
  cut.import();
  BOOST_TEST((cut.replica.reports.back().recovery == Recovery(5)));
}

BOOST_AUTO_TEST_CASE(from_nobody_while_it_alone_may_be_asked) {
  CutJournal cut;
  cut.replica.start();
  cut.replica.requests.clear();
  ReplicaStanding standing = cut.standing();
  standing.donors = 0b001;
  cut.replica.receive(standing);
  BOOST_TEST(!cut.replica.core->importing());
  BOOST_TEST(cut.replica.requests.empty());
  BOOST_TEST((cut.replica.core->needs_state()));
  standing.donors = 0b100;
  cut.replica.receive(standing);
  BOOST_TEST(cut.donor() == 3u);
}

BOOST_AUTO_TEST_CASE(from_the_next_donor_when_the_first_one_lied) {
  CutJournal cut;
  ReplicaStanding standing = cut.standing();
  standing.agreed.state.low += 1;  // f+1 replicas say so
  cut.replica.receive(standing);
  cut.import();
  cut.stream();
  BOOST_TEST(cut.replica.votes.empty());
  BOOST_TEST(cut.replica.distrusted == std::vector<std::uint64_t>{12}, boost::test_tools::per_element());
  BOOST_REQUIRE(cut.replica.requests.size() == 2u);
  BOOST_TEST(cut.donor() == 3u);
  cut.import();
  BOOST_TEST(cut.replica.applied() == 12u);
}

// None comes to an evicted one.
BOOST_AUTO_TEST_CASE(and_does_not_blame_the_donor_for_orders_that_never_came) {
  CutJournal cut;
  cut.import();
  cut.replica.start();
  ReplicaStanding standing = cut.standing();
  standing.state = ReplicaState::evicted;
  cut.replica.receive(standing);
  cut.replica.wait(seconds(11));
  cut.replica.receive(standing);
  standing.state = ReplicaState::recovering;
  cut.replica.receive(standing);
  BOOST_TEST(cut.replica.distrusted.empty());
  cut.stream();
  BOOST_TEST(cut.replica.applied() == 14u);
}

// That it cannot, because it needs yet another state, says nothing against the donor.
BOOST_AUTO_TEST_CASE(and_gives_it_time_to_follow_once_it_is_free_to) {
  CutJournal cut;
  cut.import();
  cut.healthy.count(20);
  ReplicaStanding standing = cut.standing();
  standing.journal_first = Sequence(20);
  cut.replica.receive(standing);
  BOOST_TEST(cut.replica.core->importing());
  const int loads = cut.replica.loads;
  cut.replica.wait(seconds(11));
  cut.replica.receive(standing);
  BOOST_TEST(cut.replica.core->importing());
  BOOST_TEST(cut.replica.loads == loads);
  BOOST_TEST(cut.replica.distrusted.empty());
}

// The entries are right, and so is their digest: what is wrong is the order that they are said to be of.
BOOST_AUTO_TEST_CASE(from_the_next_donor_when_no_order_follows_what_came) {
  const auto forgeries = {
      std::function<void(CheckpointHeader&)>([](CheckpointHeader& header) { header.applied.sequence = Sequence(11); }),
      std::function<void(CheckpointHeader&)>([](CheckpointHeader& header) { header.applied.sequence = Sequence(99); }),
      std::function<void(CheckpointHeader&)>([](CheckpointHeader& header) {
        header.applied.chain = {1, 2};
      }),
      std::function<void(CheckpointHeader&)>([](CheckpointHeader& header) { header.applied.term = Term(9); })};
  for (const auto& forgery : forgeries) {
    CutJournal cut;
    cut.import(forgery);
    cut.stream();
    for (int second = 0; second < 12 && cut.replica.requests.size() == 1; ++second) {
      cut.replica.wait(seconds(1));
      cut.replica.receive(cut.standing());
    }
    BOOST_REQUIRE(cut.replica.requests.size() == 2u);
    BOOST_TEST(cut.donor() == 3u);
    cut.import();
    BOOST_TEST(cut.replica.applied() == 12u);
  }
}

BOOST_AUTO_TEST_CASE(from_the_next_donor_when_what_came_cannot_be_loaded) {
  CutJournal cut;
  const auto [donor, request] = cut.replica.requests.back();
  cut.replica.slow_loads = true;
  cut.replica.core->receive(donor, whole_checkpoint(request, cut.healthy.replica), cut.replica.now);
  cut.replica.settle();
  store_import(cut.replica);
  cut.replica.core->nothing_to_restore(cut.replica.now);
  cut.replica.settle();
  BOOST_TEST(cut.donor() == 3u);
}

BOOST_AUTO_TEST_CASE(when_there_is_much_to_execute_and_only_once) {
  Group healthy(4);
  healthy.count(13);
  healthy.replica.receive(standing_of(healthy.chain));
  healthy.count(4);
  healthy.replica.receive(standing_of(healthy.chain));  // checkpoint 16
  Replica replica(3, 1000);
  replica.import_orders = 10;
  replica.start();
  replica.receive(standing_of(healthy.chain));
  BOOST_TEST(replica.requests.empty());  // nothing was sealed yet
  BOOST_TEST((replica.reports.back().state_wanted == Sequence(10)));
  ReplicaStanding standing = standing_of(healthy.chain);
  standing.seal = {Sequence(16), {1}, 1'000'000};
  replica.receive(standing);
  BOOST_REQUIRE(replica.requests.size() == 1u);
  BOOST_TEST(replica.requests[0].first.value == 1u);
  BOOST_TEST((replica.requests[0].second.checkpoint == Sequence(16)));
  BOOST_TEST((replica.requests[0].second.least == Sequence(10)));
  replica.core->receive(ReplicaId(1), whole_checkpoint(replica.requests[0].second, healthy.replica), replica.now);
  replica.settle();
  store_import(replica);
  BOOST_TEST(replica.applied() == 16u);
  healthy.count(40);
  replica.receive(standing_of(healthy.chain));
  BOOST_TEST(replica.requests.size() == 1u);  // rather than run after the group for ever
}

BOOST_AUTO_TEST_CASE(but_executes_them_when_nobody_has_a_checkpoint) {
  Group healthy;
  healthy.count(20);
  Replica replica(3, 1000);
  replica.import_orders = 10;
  replica.start();
  ReplicaStanding standing = standing_of(healthy.chain);
  standing.seal = {Sequence(16), {1}, 1'000'000};
  replica.receive(standing);
  for (int time = 0; time < 2; ++time) {
    StateChunk none;
    none.answer = StateAnswer::none;
    none.checkpoint = standing.seal.checkpoint;
    replica.core->receive(replica.requests.back().first, none, replica.now);
    replica.settle();
  }
  BOOST_TEST(!replica.core->importing());
  BOOST_TEST((replica.reports.back().recovery == Recovery(1)));
  BOOST_TEST(replica.reports.back().resend);
  for (const Order& order : healthy.journal) replica.receive(order);
  BOOST_TEST(replica.applied() == 21u);
}

BOOST_AUTO_TEST_CASE(and_rolls_back_when_nobody_answers_and_the_journal_lost_orders_meanwhile) {
  Group group;
  group.count(5);
  group.replica.import_orders = 10;
  group.replica.start();
  group.replica.receive(standing_of(group.chain));
  group.stream_from_applied();
  ReplicaStanding far = standing_of(group.chain);
  far.last.sequence = Sequence(100);
  far.seal = {Sequence(50), {1}, 1'000'000};
  group.replica.receive(far);
  BOOST_REQUIRE(group.replica.core->importing());
  group.lose_tail(3);
  group.replica.receive(standing_of(group.chain));
  BOOST_REQUIRE(group.replica.core->importing());
  group.replica.wait(seconds(15));
  BOOST_TEST(group.replica.happened("rolled_back"));
  BOOST_TEST(!group.replica.core->importing());
  BOOST_TEST(group.replica.applied() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_store_that_lost_everything)

BOOST_AUTO_TEST_CASE(is_written_in_full_at_the_next_order) {
  Group group(1000);
  group.replica.every = 4;
  group.replica.start();
  group.replica.receive(standing_of(group.chain));
  group.stream_from_applied();
  group.count(4);
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.full_commits == 1);
  group.count(4);
  group.replica.failing_commits = 1;
  group.replica.failure = CommitFailure::lacks_base;
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(!group.replica.happened("state_mismatch"));
  group.count(1);
  group.replica.receive(standing_of(group.chain));
  BOOST_TEST(group.replica.full_commits == 2);
  BOOST_TEST((group.replica.core->checkpoint() == group.chain.last.sequence));
}

BOOST_AUTO_TEST_SUITE_END()
