// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/present_view.h"
#include "comparator_ballots.h"
#include "comparator_setup.h"

using namespace tally;

namespace {

struct Bench {
  PresentView present{self, 3, GroupId()};
  std::vector<Event> events;

  bool believes(const View& view) { return present.believes(view, events); }
  void adopt(const View& view) {
    present.raise_term(view.term);
    present.adopt(view);
  }
};

View view_of(std::uint64_t term, std::uint64_t number) {
  View view = first_view(3);
  view.term = Term(term);
  view.number = ViewNumber(number);
  return view;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_present_view)

BOOST_AUTO_TEST_CASE(a_view_tells_who_votes_and_who_takes_part) {
  Bench bench;
  BOOST_TEST(!bench.present.is_current());
  View view = view_of(1, 1);
  view.members[0].role = MemberRole::none;
  view.members[2].role = MemberRole::observed;
  BOOST_TEST(bench.believes(view));
  bench.adopt(view);
  BOOST_TEST(bench.present.is_current());
  BOOST_TEST((bench.present.voters() == set_of({2})));
  BOOST_TEST((bench.present.participants() == set_of({2, 3})));
  BOOST_TEST(bench.present.group().value == view.group.value);
}

BOOST_AUTO_TEST_CASE(a_view_that_was_said_to_another_comparator_is_not_believed) {
  Bench bench;
  View view = view_of(1, 1);
  view.comparator = Incarnation(self.value + 1);
  BOOST_TEST(!bench.believes(view));
  BOOST_TEST(bench.events.empty());
}

BOOST_AUTO_TEST_CASE(older_terms_and_views_are_not_believed) {
  Bench bench;
  bench.adopt(view_of(2, 5));
  BOOST_TEST(!bench.believes(view_of(1, 9)));
  BOOST_TEST(!bench.believes(view_of(2, 4)));
  BOOST_TEST(bench.believes(view_of(2, 5)));
  BOOST_TEST(bench.believes(view_of(3, 1)), "a higher term counts, whatever the number of its view");
}

BOOST_AUTO_TEST_CASE(a_view_that_is_repeated_is_no_news) {
  Bench bench;
  BOOST_TEST(bench.present.is_news(view_of(1, 1)));
  bench.adopt(view_of(1, 1));
  BOOST_TEST(!bench.present.is_news(view_of(1, 1)));
  BOOST_TEST(bench.present.is_news(view_of(1, 2)));
  BOOST_TEST(!bench.present.is_first_of_term(view_of(1, 2)));
  BOOST_TEST(bench.present.is_news(view_of(2, 1)));
  BOOST_TEST(bench.present.is_first_of_term(view_of(2, 1)));
}

BOOST_AUTO_TEST_CASE(after_a_higher_term_the_view_is_not_current_until_one_of_that_term_comes) {
  Bench bench;
  bench.adopt(view_of(1, 1));
  BOOST_TEST(!bench.present.raise_term(Term(1)));
  BOOST_TEST(bench.present.raise_term(Term(2)));
  BOOST_TEST(!bench.present.is_current());
  BOOST_TEST(bench.present.is_known());
  bench.adopt(view_of(2, 1));
  BOOST_TEST(bench.present.is_current());
}

BOOST_AUTO_TEST_CASE(a_view_that_does_not_name_each_replica_in_its_place_is_told_once) {
  Bench bench;
  View few = view_of(1, 1);
  few.members.pop_back();
  View twisted = view_of(1, 1);
  std::swap(twisted.members[0], twisted.members[1]);
  BOOST_TEST(!bench.believes(few));
  BOOST_TEST(!bench.believes(twisted));
  BOOST_REQUIRE(bench.events.size() == 1u);
  BOOST_TEST(bench.events[0].name == "view_malformed");
  BOOST_TEST(bench.believes(view_of(1, 1)));
  BOOST_TEST(!bench.believes(few));
  BOOST_TEST(bench.events.size() == 2u, "it is news again after a view that was believed");
}

BOOST_AUTO_TEST_CASE(a_view_of_another_group_is_told) {
  Bench bench;
  bench.adopt(view_of(1, 1));
  View other = view_of(1, 2);
  other.group = GroupId(other.group.value + 1);
  BOOST_TEST(!bench.believes(other));
  BOOST_REQUIRE(bench.events.size() == 1u);
  BOOST_TEST(bench.events[0].name == "group_mismatched");
}

BOOST_AUTO_TEST_SUITE_END()
