// SPDX-License-Identifier: Apache-2.0
#include "comparator/ballot.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <rapidcheck.h>
#include <set>

#include "comparator/collected_ballot.h"
#include "comparator/release.h"
#include "protocol/bytes.h"

using namespace tally;

namespace {

// The naive twin: the definition, word for word, with sets and maps. It even tries every future to find out whether a
// decision is impossible.
struct NaiveCount {
  AnswerIndex decided = no_answer;
  std::uint32_t votes = 0;
  std::set<std::size_t> dissenting;
  std::set<std::size_t> missing;
  bool impossible = false;
};

AnswerIndex naive_decision(const std::vector<AnswerIndex>& answers, const std::set<std::size_t>& voters) {
  std::map<AnswerIndex, std::size_t> counted;
  for (const std::size_t voter : voters)
    if (answers[voter] != no_answer && answers[voter] != other_order) ++counted[answers[voter]];
  for (const auto& [answer, votes] : counted)
    if (votes >= (answers.size() - 1) / 2 + 1) return answer;
  return no_answer;
}

// Equal votes of the missing are the best they can do, and a new answer of theirs is as good as any.
bool naive_can_be_decided(std::vector<AnswerIndex> answers, const std::set<std::size_t>& voters) {
  for (AnswerIndex wish = 1; wish <= most_answers; ++wish) {
    std::vector<AnswerIndex> future = answers;
    for (const std::size_t voter : voters)
      if (future[voter] == no_answer) future[voter] = wish;
    if (naive_decision(future, voters) != no_answer) return true;
  }
  return false;
}

NaiveCount naive_count(const std::vector<AnswerIndex>& answers, const std::set<std::size_t>& voters) {
  NaiveCount count;
  count.decided = naive_decision(answers, voters);
  for (std::size_t place = 0; place < answers.size(); ++place) {
    const bool is_voter = voters.count(place) == 1;
    if (is_voter && answers[place] == no_answer) count.missing.insert(place);
    if (count.decided == no_answer) continue;
    if (is_voter && answers[place] == count.decided) ++count.votes;
    if (answers[place] != no_answer && answers[place] != count.decided) count.dissenting.insert(place);
  }
  count.impossible = !naive_can_be_decided(answers, voters);
  return count;
}

std::set<std::size_t> places_in(VoterSet set) {
  std::set<std::size_t> places;
  for (std::size_t place = 0; place < most_replicas; ++place)
    if (set.contains(replica_at(place))) places.insert(place);
  return places;
}

// Empty if both agree; else what they disagree about.
std::string disagreement(const std::vector<AnswerIndex>& answers, VoterSet voters) {
  CastAnswers cast{};
  std::copy(answers.begin(), answers.end(), cast.begin());
  const VoteCount count = count_votes(cast, voters, Quorum{answers.size()});
  const NaiveCount naive = naive_count(answers, places_in(voters));
  std::string what;
  if (count.decided != naive.decided) what += " decided";
  if (count.votes != naive.votes) what += " votes";
  if (places_in(count.dissenting) != naive.dissenting) what += " dissenting";
  if (places_in(count.missing) != naive.missing) what += " missing";
  if (count.impossible != naive.impossible) what += " impossible";
  return what;
}

VoterSet voters_of(std::uint32_t bits) {
  VoterSet voters;
  for (std::size_t place = 0; place < most_replicas; ++place)
    if ((bits >> place & 1) != 0) voters.insert(replica_at(place));
  return voters;
}

// Every pattern of {missing, three answers, another order} and every set of voters.
std::size_t compare_all_patterns(std::size_t configured) {
  constexpr std::array<AnswerIndex, 5> choices = {no_answer, 1, 2, 3, other_order};
  std::size_t compared = 0;
  std::vector<std::size_t> pattern(configured, 0);
  for (bool more = true; more;) {
    std::vector<AnswerIndex> answers;
    for (const std::size_t choice : pattern) answers.push_back(choices[choice]);
    for (std::uint32_t bits = 0; bits < (1u << configured); ++bits, ++compared) {
      const std::string what = disagreement(answers, voters_of(bits));
      if (!what.empty()) BOOST_FAIL("pattern " << compared << " of " << configured << ":" << what);
    }
    more = false;
    for (std::size_t place = 0; place < configured && !more; ++place) {
      pattern[place] = (pattern[place] + 1) % choices.size();
      more = pattern[place] != 0;
    }
  }
  return compared;
}

Vote vote_of(std::string results, std::uint64_t state = 1, std::uint64_t chain = 1) {
  Vote vote;
  vote.order = {Term(1), Sequence(1), Digest{0, chain}};
  vote.state = {0, state};
  vote.results = std::move(results);
  return vote;
}

Ballot ballot_of(std::uint64_t chain) {
  Ballot ballot;
  ballot.order = {Term(1), Sequence(1), Digest{0, chain}};
  return ballot;
}

std::string parts(std::initializer_list<std::string_view> results) {
  std::string bytes;
  for (const std::string_view result : results) append_sized(bytes, result);
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ballot)

BOOST_AUTO_TEST_CASE(one_replica_decides_alone) {
  CastAnswers answers{};
  BOOST_TEST(count_votes(answers, voters_of(1), Quorum{1}).decided == no_answer);
  answers[0] = 1;
  const VoteCount count = count_votes(answers, voters_of(1), Quorum{1});
  BOOST_TEST(count.decided == 1);
  BOOST_TEST(count.votes == 1u);
}

BOOST_AUTO_TEST_CASE(two_of_three_decide_and_the_third_dissents) {
  const VoteCount count = count_votes({1, 2, 1}, voters_of(0b111), Quorum{3});
  BOOST_TEST(count.decided == 1);
  BOOST_TEST(count.votes == 2u);
  BOOST_TEST((count.dissenting == voters_of(0b010)));
}

BOOST_AUTO_TEST_CASE(an_evicted_replicas_vote_does_not_count) {
  const VoteCount count = count_votes({1, 1, no_answer}, voters_of(0b101), Quorum{3});
  BOOST_TEST(count.decided == no_answer);
  BOOST_TEST((count.missing == voters_of(0b100)));
  BOOST_TEST(!count.impossible);
}

BOOST_AUTO_TEST_CASE(two_live_replicas_that_disagree_are_no_coin_toss) {
  const VoteCount count = count_votes({1, 2, no_answer}, voters_of(0b011), Quorum{3});
  BOOST_TEST(count.decided == no_answer);
  BOOST_TEST(count.impossible);
}

BOOST_AUTO_TEST_CASE(a_majority_for_another_order_decides_nothing) {
  const VoteCount count = count_votes({other_order, other_order, 1}, voters_of(0b111), Quorum{3});
  BOOST_TEST(count.decided == no_answer);
  BOOST_TEST(count.impossible);
}

BOOST_AUTO_TEST_CASE(counting_agrees_with_the_naive_twin_on_all_patterns_of_one_and_three) {
  BOOST_TEST(compare_all_patterns(1) == 5u * 2u);
  BOOST_TEST(compare_all_patterns(3) == 125u * 8u);
}

BOOST_AUTO_TEST_CASE(counting_agrees_with_the_naive_twin_on_all_patterns_of_five) {
  BOOST_TEST(compare_all_patterns(5) == 3125u * 32u);
}

// All 4^7 patterns of three answers and none, with every set of voters that evictions can leave: at least f+1 (law 13).
BOOST_AUTO_TEST_CASE(counting_agrees_with_the_naive_twin_on_all_patterns_of_seven) {
  std::size_t compared = 0;
  for (std::uint32_t pattern = 0; pattern < (1u << 14); ++pattern) {
    std::vector<AnswerIndex> answers;
    for (std::size_t place = 0; place < 7; ++place)
      answers.push_back(static_cast<AnswerIndex>(pattern >> (2 * place) & 3));
    for (std::uint32_t bits = 0; bits < 128; ++bits) {
      if (voters_of(bits).size() < 4) continue;
      const std::string what = disagreement(answers, voters_of(bits));
      if (!what.empty()) BOOST_FAIL("pattern " << pattern << ", voters " << bits << ":" << what);
      ++compared;
    }
  }
  BOOST_TEST(compared == 16384u * 64u);
}

BOOST_AUTO_TEST_CASE(counting_agrees_with_the_naive_twin_on_random_patterns) {
  BOOST_TEST(rc::check("counting agrees with the naive twin", [] {
    const std::size_t configured = *rc::gen::element<std::size_t>(1, 3, 5, 7);
    const auto answers = *rc::gen::container<std::vector<AnswerIndex>>(
        configured, rc::gen::inRange<AnswerIndex>(no_answer, other_order + 1));
    const auto bits = *rc::gen::inRange<std::uint32_t>(0, 1u << configured);
    RC_ASSERT(disagreement(answers, voters_of(bits)).empty());
  }));
}

// Whatever f replicas answer, and in whatever order votes come: what is decided is what the correct ones say.
BOOST_AUTO_TEST_CASE(f_faulty_replicas_never_decide_and_never_prevent) {
  BOOST_TEST(rc::check("f faulty replicas never decide and never prevent", [] {
    const std::size_t configured = *rc::gen::element<std::size_t>(1, 3, 5, 7);
    const Quorum quorum{configured};
    CastAnswers answers{};
    for (std::size_t place = 0; place < configured; ++place)
      answers[place] = place < quorum.faulty() ? *rc::gen::inRange<AnswerIndex>(no_answer, other_order + 1)
                                               : *rc::gen::inRange<AnswerIndex>(no_answer, 2);
    const VoteCount count = count_votes(answers, voters_of((1u << configured) - 1), quorum);
    RC_ASSERT(count.decided == no_answer || count.decided == 1);
    RC_ASSERT(!count.impossible);
  }));
}

BOOST_AUTO_TEST_CASE(votes_are_equal_only_if_order_state_and_results_are) {
  const OrderAnswer answer(vote_of("results"));
  BOOST_TEST(is_equal(answer, vote_of("results")));
  BOOST_TEST(!is_equal(answer, vote_of("resultz")));
  BOOST_TEST(!is_equal(answer, vote_of("result")));
  BOOST_TEST(!is_equal(answer, vote_of("results", 2)));
  BOOST_TEST(!is_equal(answer, vote_of("results", 1, 2)));
}

BOOST_AUTO_TEST_CASE(votes_are_compared_with_a_digest_once_the_results_are_gone) {
  OrderAnswer answer(vote_of("results"));
  answer.reduce();
  BOOST_TEST(answer.results.empty());
  BOOST_TEST(is_equal(answer, vote_of("results")));
  BOOST_TEST(!is_equal(answer, vote_of("resultz")));
  BOOST_TEST(!is_equal(answer, vote_of("")));
}

BOOST_AUTO_TEST_CASE(a_difference_names_what_differs) {
  const OrderAnswer decided(vote_of("a"));
  const auto difference = [&](Vote vote) { return to_string(difference_of(decided, OrderAnswer(std::move(vote)))); };
  BOOST_TEST(difference(vote_of("a")) == "none");
  BOOST_TEST(difference(vote_of("b")) == "results");
  BOOST_TEST(difference(vote_of("a", 2)) == "state");
  BOOST_TEST(difference(vote_of("b", 2)) == "both");
  BOOST_TEST(difference(vote_of("a", 1, 2)) == "order");
  OrderAnswer reduced(vote_of("b"));
  reduced.reduce();
  BOOST_TEST(to_string(difference_of(decided, reduced)) == "results");
}

BOOST_AUTO_TEST_CASE(equal_answers_are_kept_once) {
  CollectedBallot ballot;
  ballot.cast(ReplicaId(1), vote_of("1234"));
  ballot.cast(ReplicaId(2), vote_of("1234"));
  ballot.cast(ReplicaId(3), vote_of("12"));
  BOOST_TEST(ballot.kept_bytes() == 6u);
  BOOST_TEST(ballot.first_of(ReplicaId(1)) == ballot.first_of(ReplicaId(2)));
  BOOST_TEST(ballot.first_of(ReplicaId(1)) != ballot.first_of(ReplicaId(3)));
}

BOOST_AUTO_TEST_CASE(ahead_of_the_ballot_the_newest_vote_of_a_replica_stands) {
  CollectedBallot ballot;
  ballot.cast(ReplicaId(1), vote_of("old", 1, 1));
  ballot.cast(ReplicaId(1), vote_of("new", 1, 2));
  ballot.open(ballot_of(2), {});
  BOOST_TEST(ballot.answer(ballot.first_of(ReplicaId(1))).results == "new");
  BOOST_TEST(ballot.kept_bytes() == 3u);
}

BOOST_AUTO_TEST_CASE(on_an_open_ballot_the_first_vote_of_a_replica_stands) {
  CollectedBallot ballot;
  ballot.open(ballot_of(1), {});
  BOOST_TEST((ballot.cast(ReplicaId(1), vote_of("one")) == CollectedBallot::Cast::first));
  BOOST_TEST((ballot.cast(ReplicaId(1), vote_of("one")) == CollectedBallot::Cast::repeated));
  BOOST_TEST((ballot.cast(ReplicaId(1), vote_of("two")) == CollectedBallot::Cast::different));
  BOOST_TEST((ballot.cast(ReplicaId(1), vote_of("three")) == CollectedBallot::Cast::excess));
  BOOST_TEST(ballot.answer(ballot.first_of(ReplicaId(1))).results == "one");
  BOOST_TEST(ballot.answer(ballot.second_of(ReplicaId(1))).results == "two");
}

BOOST_AUTO_TEST_CASE(votes_on_another_order_are_marked_as_such) {
  CollectedBallot ballot;
  ballot.cast(ReplicaId(1), vote_of("a", 1, 7));
  ballot.cast(ReplicaId(2), vote_of("a", 1, 1));
  ballot.open(ballot_of(1), {});
  BOOST_TEST(ballot.answers()[0] == other_order);
  BOOST_TEST(ballot.answers()[1] != other_order);
}

BOOST_AUTO_TEST_CASE(a_struck_vote_never_was) {
  CollectedBallot ballot;
  ballot.cast(ReplicaId(1), vote_of("a"));
  ballot.strike(ReplicaId(1));
  BOOST_TEST(ballot.answers()[0] == no_answer);
  BOOST_TEST(ballot.held_bytes(ReplicaId(1)) == 0u);
  BOOST_TEST(ballot.kept_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(reducing_keeps_the_decided_answer_first) {
  CollectedBallot ballot;
  ballot.open(ballot_of(1), {});
  ballot.cast(ReplicaId(1), vote_of("wrong"));
  ballot.cast(ReplicaId(2), vote_of("right"));
  ballot.cast(ReplicaId(3), vote_of("right"));
  ballot.decide(ballot.first_of(ReplicaId(2)), {});
  ballot.reduce_to(6);
  BOOST_TEST(ballot.kept_bytes() == 5u);
  BOOST_TEST(ballot.answer(ballot.decided()).results == "right");
  ballot.reduce_to(0);
  BOOST_TEST(ballot.kept_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(results_are_split_by_request_and_gathered_by_client) {
  const ClientId one{"one"};
  const ClientId two{"two"};
  const SessionId session{{1}};
  std::vector<AddressedDecisions> messages;
  const auto operations = release({Term(1), Sequence(9), {}},
                                  {{one, session, RequestNumber(1)},
                                   {two, session, RequestNumber(2)},
                                   {one, session, RequestNumber(3)},
                                   {one, session, RequestNumber(4)}},
                                  parts({"a", "b", "", "d"}), 2, messages);
  BOOST_REQUIRE(operations.has_value());
  BOOST_TEST(*operations == 0U);  // these are no results of any
  BOOST_REQUIRE(messages.size() == 2u);
  BOOST_TEST(messages[0].client.routing_id == "one");
  BOOST_REQUIRE(messages[0].decisions.decisions.size() == 3u);
  BOOST_TEST(messages[0].decisions.decisions[1].number.value == 3u);
  BOOST_TEST(messages[0].decisions.decisions[2].result == "d");
  BOOST_TEST(messages[1].decisions.decisions[0].result == "b");
  BOOST_TEST(messages[1].decisions.decisions[0].votes == 2u);
}

BOOST_AUTO_TEST_CASE(results_that_do_not_split_are_not_released) {
  const std::vector<BallotEntry> entries(2);
  std::vector<AddressedDecisions> messages;
  for (const std::string& results : {parts({"a"}), parts({"a", "b", "c"}), parts({"a", "b"}) + "x", std::string("ab")})
    BOOST_TEST(!release({}, std::vector(entries), results, 2, messages));
  BOOST_TEST(messages.empty());
}

BOOST_AUTO_TEST_SUITE_END()
