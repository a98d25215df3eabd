// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/finding.h"
#include "comparator_ballots.h"

using namespace tally;

namespace {

constexpr ReplicaId id(3);

struct Bench {
  WatchedReplica replica{id, {milliseconds(100), 1}};
  std::vector<Member> members;

  Bench() {
    for (const ReplicaId each : ReplicaIds(3)) members.push_back({each, MemberRole::voter, Recovery(4), {}});
    replica.adopt(members[2]);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_finding)

BOOST_AUTO_TEST_CASE(a_dissent_names_the_order_and_holds_all_votes_on_it) {
  Bench bench;
  Ballot ballot = voted_ballot(8, {"right", "right", "wrong"});
  ballot.decide(ballot.first_of(ReplicaId(1)), {});
  const Finding finding = dissent_of(bench.replica, ballot, bench.members);
  BOOST_TEST((finding.verdict == Verdict{id, Recovery(4), VerdictReason::dissent, Sequence(8)}));
  BOOST_TEST(std::get<DissentEvidence>(finding.evidence).votes.size() == 3u);
  BOOST_TEST(finding.event.name == "dissent_found");
  BOOST_TEST(finding.event.fields.back().value == "both");
}

BOOST_AUTO_TEST_CASE(a_replica_that_contradicted_itself_dissents_by_the_vote_that_differs) {
  Bench bench;
  Ballot ballot = voted_ballot(8, {"right", "right", "right"});
  ballot.cast(id, vote_on(8, "wrong"));
  ballot.decide(ballot.first_of(ReplicaId(1)), {});
  const Finding finding = dissent_of(bench.replica, ballot, bench.members);
  BOOST_TEST(std::get<DissentEvidence>(finding.evidence).votes.size() == 4u);
  BOOST_TEST(finding.event.fields.back().value == "both");
}

BOOST_AUTO_TEST_CASE(a_silence_names_the_newest_miss_and_lists_all_of_them) {
  Bench bench;
  BOOST_TEST(!bench.replica.expect(Sequence(9), at_ms(0)));
  BOOST_TEST(bench.replica.tick(at_ms(100)));
  const Finding finding = silence_of(bench.replica);
  BOOST_TEST((finding.verdict == Verdict{id, Recovery(4), VerdictReason::silence, Sequence(9)}));
  BOOST_TEST(std::get<SilenceEvidence>(finding.evidence).missed.size() == 1u);
  BOOST_TEST(finding.event.name == "silence_found");
}

BOOST_AUTO_TEST_SUITE_END()
