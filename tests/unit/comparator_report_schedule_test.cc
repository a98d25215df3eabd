// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/report_schedule.h"
#include "comparator_ballots.h"

using namespace tally;

namespace {

// It has reported at 1000 ms that ballot 5 was decided.
ReportSchedule reported() {
  ReportSchedule schedule;
  schedule.reported(Sequence(5), at_ms(1000));
  return schedule;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparator_report_schedule)

BOOST_AUTO_TEST_CASE(the_first_report_is_due_at_once) {
  ReportSchedule schedule;
  BOOST_TEST(schedule.is_due());
  schedule.reported({}, at_ms(0));
  BOOST_TEST(!schedule.is_due());
}

BOOST_AUTO_TEST_CASE(while_nothing_is_decided_a_report_is_due_every_50_ms) {
  ReportSchedule schedule = reported();
  BOOST_TEST((schedule.next(Sequence(5)) == at_ms(1050)));
  schedule.tick(Sequence(5), at_ms(1049));
  BOOST_TEST(!schedule.is_due());
  schedule.tick(Sequence(5), at_ms(1050));
  BOOST_TEST(schedule.is_due());
}

BOOST_AUTO_TEST_CASE(while_ballots_are_decided_a_report_is_due_every_10_ms) {
  ReportSchedule schedule = reported();
  BOOST_TEST((schedule.next(Sequence(6)) == at_ms(1010)));
  schedule.tick(Sequence(6), at_ms(1010));
  BOOST_TEST(schedule.is_due());
}

BOOST_AUTO_TEST_CASE(after_64_decisions_a_report_is_due_whatever_the_clock_says) {
  ReportSchedule schedule = reported();
  for (int count = 0; count < 63; ++count) schedule.count_decision();
  BOOST_TEST(!schedule.is_due());
  schedule.count_decision();
  BOOST_TEST(schedule.is_due());
  schedule.reported(Sequence(69), at_ms(1001));
  BOOST_TEST(!schedule.is_due());
}

BOOST_AUTO_TEST_CASE(what_is_to_be_acted_upon_hastens_the_report) {
  ReportSchedule schedule = reported();
  schedule.hasten();
  BOOST_TEST(schedule.is_due());
  BOOST_TEST(schedule.is_hastened());
}

BOOST_AUTO_TEST_SUITE_END()
