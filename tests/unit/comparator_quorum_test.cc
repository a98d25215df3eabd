// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <rapidcheck.h>
#include <set>
#include <string>
#include <vector>

#include "comparator/quorum.h"
#include "protocol/quorum.h"

using namespace tally;

namespace {

// The naive twin is the definition, word for word, with sets and maps. It even tries every future
// to find out whether a decision is impossible.
struct NaiveCount {
  AnswerIndex decided = no_answer;
  std::uint32_t votes = 0;
  std::set<ReplicaId> missing;
  bool impossible = false;
};

AnswerIndex naive_decision(const PerReplica<AnswerIndex>& answers, const std::set<ReplicaId>& voters) {
  std::map<AnswerIndex, std::size_t> counted;
  for (const ReplicaId voter : voters)
    if (answers[voter] != no_answer && answers[voter] != other_order) ++counted[answers[voter]];
  for (const auto& [answer, votes] : counted)
    if (2 * votes > answers.size()) return answer;
  return no_answer;
}

// Equal votes of the missing are the best they can do, and a new answer of theirs is as good as
// any.
bool naive_can_be_decided(const PerReplica<AnswerIndex>& answers, const std::set<ReplicaId>& voters) {
  for (AnswerIndex wish = 1; wish <= most_answers; ++wish) {
    PerReplica<AnswerIndex> future = answers;
    for (const ReplicaId voter : voters)
      if (future[voter] == no_answer) future[voter] = wish;
    if (naive_decision(future, voters) != no_answer) return true;
  }
  return false;
}

NaiveCount naive_count(const PerReplica<AnswerIndex>& answers, const std::set<ReplicaId>& voters) {
  NaiveCount count;
  count.decided = naive_decision(answers, voters);
  for (const ReplicaId voter : voters) {
    if (answers[voter] == no_answer) count.missing.insert(voter);
    if (count.decided != no_answer && answers[voter] == count.decided) ++count.votes;
  }
  count.impossible = !naive_can_be_decided(answers, voters);
  return count;
}

std::set<ReplicaId> ids_in(ReplicaSet set) {
  std::set<ReplicaId> ids;
  for (const ReplicaId replica : ReplicaIds(limits::most_replicas))
    if (set.contains(replica)) ids.insert(replica);
  return ids;
}

PerReplica<AnswerIndex> answers_of(const std::vector<AnswerIndex>& answers) {
  PerReplica<AnswerIndex> per_replica(answers.size());
  std::ranges::copy(answers, per_replica.values().begin());
  return per_replica;
}

VoteCount count_votes(const std::vector<AnswerIndex>& answers, ReplicaSet voters) {
  CastAnswers cast;
  std::ranges::copy(answers, cast.values().begin());
  return tally::count_votes(cast, voters, quorum_of(answers.size()));
}

// Is empty if both agree, and else names what they disagree about.
std::string disagreement(const std::vector<AnswerIndex>& answers, ReplicaSet voters) {
  const VoteCount count = count_votes(answers, voters);
  const NaiveCount naive = naive_count(answers_of(answers), ids_in(voters));
  std::string what;
  if (count.decided != naive.decided) what += " decided";
  if (count.votes != naive.votes) what += " votes";
  if (ids_in(count.missing) != naive.missing) what += " missing";
  if (count.impossible != naive.impossible) what += " impossible";
  return what;
}

ReplicaSet voters_of(std::uint32_t bits) {
  ReplicaSet voters;
  for (const ReplicaId replica : ReplicaIds(limits::most_replicas)) {
    if ((bits & 1) != 0) voters.insert(replica);
    bits >>= 1;
  }
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

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_quorum)

BOOST_AUTO_TEST_CASE(a_set_of_replicas_is_iterated_in_order_of_their_ids) {
  ReplicaSet set;
  for (const std::uint64_t id : {7, 1, 3}) set.insert(ReplicaId(id));
  std::vector<std::uint64_t> seen;
  for (const ReplicaId replica : set) seen.push_back(replica.value);
  BOOST_TEST((seen == std::vector<std::uint64_t>{1, 3, 7}));
  set.erase(ReplicaId(3));
  BOOST_TEST(set.size() == 2u);
}

BOOST_AUTO_TEST_CASE(one_replica_decides_alone) {
  BOOST_TEST(count_votes({no_answer}, voters_of(1)).decided == no_answer);
  const VoteCount count = count_votes({1}, voters_of(1));
  BOOST_TEST(count.decided == 1);
  BOOST_TEST(count.votes == 1u);
}

BOOST_AUTO_TEST_CASE(two_of_three_decide) {
  const VoteCount count = count_votes({1, 2, 1}, voters_of(0b111));
  BOOST_TEST(count.decided == 1);
  BOOST_TEST(count.votes == 2u);
}

BOOST_AUTO_TEST_CASE(an_evicted_replicas_vote_does_not_count) {
  const VoteCount count = count_votes({1, 1, no_answer}, voters_of(0b101));
  BOOST_TEST(count.decided == no_answer);
  BOOST_TEST((count.missing == voters_of(0b100)));
  BOOST_TEST(!count.impossible);
}

BOOST_AUTO_TEST_CASE(two_live_replicas_that_disagree_are_no_coin_toss) {
  const VoteCount count = count_votes({1, 2, no_answer}, voters_of(0b011));
  BOOST_TEST(count.decided == no_answer);
  BOOST_TEST(count.impossible);
}

BOOST_AUTO_TEST_CASE(a_majority_for_another_order_decides_nothing) {
  const VoteCount count = count_votes({other_order, other_order, 1}, voters_of(0b111));
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

// These are all 4^7 patterns of three answers and none, with every set of voters that evictions can
// leave, which has at least f+1 of them (law 13).
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

// Whatever f replicas answer, and in whatever order votes come, what is decided is what the correct
// ones say.
BOOST_AUTO_TEST_CASE(f_faulty_replicas_never_decide_and_never_prevent) {
  BOOST_TEST(rc::check("f faulty replicas never decide and never prevent", [] {
    const std::size_t configured = *rc::gen::element<std::size_t>(1, 3, 5, 7);
    std::vector<AnswerIndex> answers;
    while (answers.size() + 1 < quorum_of(configured))  // f of them
      answers.push_back(*rc::gen::inRange<AnswerIndex>(no_answer, other_order + 1));
    while (answers.size() < configured) answers.push_back(*rc::gen::inRange<AnswerIndex>(no_answer, 2));
    const VoteCount count = count_votes(answers, voters_of((1u << configured) - 1));
    RC_ASSERT(count.decided == no_answer || count.decided == 1);
    RC_ASSERT(!count.impossible);
  }));
}

BOOST_AUTO_TEST_SUITE_END()
