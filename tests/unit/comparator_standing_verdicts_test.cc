// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/standing_verdicts.h"
#include "comparator_ballots.h"

using namespace tally;

namespace {

constexpr ReplicaId id(3);
constexpr Verdict silence{id, Recovery(1), VerdictReason::silence, Sequence(5)};
constexpr Verdict dissent{id, Recovery(1), VerdictReason::dissent, Sequence(6)};

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_standing_verdicts)

BOOST_AUTO_TEST_CASE(a_verdict_takes_effect_when_its_record_is_written) {
  StandingVerdicts verdicts;
  verdicts.add(dissent, MemberRole::voter, 7);
  BOOST_TEST(verdicts.effective().empty());
  BOOST_TEST(!verdicts.written_through(6));
  BOOST_TEST(verdicts.written_through(7));
  BOOST_TEST(verdicts.effective().size() == 1u);
  BOOST_TEST(!verdicts.written_through(8), "it has taken effect already");
}

BOOST_AUTO_TEST_CASE(a_dissent_takes_the_place_of_a_silence_and_nothing_that_of_a_dissent) {
  StandingVerdicts verdicts;
  verdicts.add(silence, MemberRole::voter, 1);
  BOOST_TEST(!verdicts.has_room_for(id, VerdictReason::silence));
  BOOST_TEST(verdicts.has_room_for(id, VerdictReason::dissent));
  verdicts.add(dissent, MemberRole::voter, 2);
  verdicts.written_through(2);
  BOOST_TEST(verdicts.effective().size() == 1u);
  BOOST_TEST(!verdicts.has_room_for(id, VerdictReason::silence));
  BOOST_TEST(!verdicts.has_room_for(id, VerdictReason::dissent));
}

BOOST_AUTO_TEST_CASE(a_silence_may_be_withdrawn_and_a_dissent_not) {
  StandingVerdicts verdicts;
  verdicts.add(silence, MemberRole::voter, 1);
  verdicts.withdraw_silence(id);
  BOOST_TEST(verdicts.has_room_for(id, VerdictReason::silence));
  verdicts.add(dissent, MemberRole::voter, 2);
  verdicts.withdraw_silence(id);
  BOOST_TEST(!verdicts.has_room_for(id, VerdictReason::dissent));
}

BOOST_AUTO_TEST_CASE(a_verdict_stands_until_a_view_shows_another_life_or_a_lesser_role) {
  const auto stands_after = [](MemberRole found_as, MemberRole shown_as, Recovery recovery) {
    StandingVerdicts verdicts;
    verdicts.add(dissent, found_as, 1);
    verdicts.show({id, shown_as, recovery, {}});
    return !verdicts.has_room_for(id, VerdictReason::dissent);
  };
  BOOST_TEST(stands_after(MemberRole::voter, MemberRole::voter, Recovery(1)));
  BOOST_TEST(stands_after(MemberRole::observed, MemberRole::voter, Recovery(1)), "a promotion crossed it on the way");
  BOOST_TEST(!stands_after(MemberRole::voter, MemberRole::observed, Recovery(1)));
  BOOST_TEST(!stands_after(MemberRole::observed, MemberRole::none, Recovery(1)));
  BOOST_TEST(!stands_after(MemberRole::voter, MemberRole::voter, Recovery(2)));
}

BOOST_AUTO_TEST_CASE(whoever_has_a_verdict_against_it_is_accused_before_it_takes_effect) {
  StandingVerdicts verdicts;
  verdicts.add(silence, MemberRole::voter, 1);
  BOOST_TEST((verdicts.unaccused_of(set_of({1, 3})) == set_of({1})));
  BOOST_TEST((verdicts.unaccused_of(set_of({1, 2})) == set_of({1, 2})));
}

BOOST_AUTO_TEST_SUITE_END()
