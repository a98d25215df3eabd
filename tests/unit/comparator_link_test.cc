// SPDX-License-Identifier: Apache-2.0
#include "distributor/comparator_link.h"

#include <boost/test/unit_test.hpp>

using namespace tally;

namespace {

const Instant start = Instant{} + seconds(10);

ComparatorReport report_of(std::uint64_t incarnation) {
  ComparatorReport report;
  report.incarnation = Incarnation(incarnation);
  VoterTally& tally = report.voters.emplace_back();
  tally.replica = ReplicaId(2);
  tally.votes = 5;
  return report;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_link)

BOOST_AUTO_TEST_CASE(only_the_first_report_of_a_process_is_new) {
  ComparatorLink link(start);
  BOOST_TEST(link.receive(report_of(1), start));
  BOOST_TEST(!link.receive(report_of(1), start));
  BOOST_TEST(link.receive(report_of(2), start));
}

BOOST_AUTO_TEST_CASE(it_is_present_for_a_second_after_each_report) {
  ComparatorLink link(start);
  BOOST_TEST(!link.is_present(start), "it has not reported yet,");
  BOOST_TEST(link.was_heard_lately(start + seconds(1)), "but may be about to");
  BOOST_TEST(!link.was_heard_lately(start + milliseconds(1'001)));
  link.receive(report_of(1), start + seconds(5));
  BOOST_TEST(link.is_present(start + seconds(6)));
  BOOST_TEST(!link.is_present(start + milliseconds(6'001)));
  link.forgive(start + seconds(9));
  BOOST_TEST(link.is_present(start + seconds(10)));
}

BOOST_AUTO_TEST_CASE(a_replicas_tally_is_found_by_its_id) {
  ComparatorLink link(start);
  BOOST_TEST(link.tally_of(ReplicaId(2)) == nullptr);
  link.receive(report_of(1), start);
  BOOST_REQUIRE(link.tally_of(ReplicaId(2)) != nullptr);
  BOOST_TEST(link.tally_of(ReplicaId(2))->votes == 5u);
  BOOST_TEST(link.tally_of(ReplicaId(1)) == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
