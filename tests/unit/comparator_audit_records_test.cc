// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/audit_records.h"

using namespace tally;

BOOST_AUTO_TEST_SUITE(comparator_audit_records)

BOOST_AUTO_TEST_CASE(records_are_numbered_on_from_the_head_of_the_log) {
  AuditRecords records({7, "seven"}, "");
  BOOST_TEST(records.add({{}, Term(1), CreationRecord{}}) == 8u);
  BOOST_TEST(records.add({{}, Term(2), CreationRecord{}}) == 9u);
  const auto taken = records.take();
  BOOST_REQUIRE(taken.size() == 2u);
  BOOST_TEST(taken[1].term.value == 2u);
  BOOST_TEST(records.take().empty());
}

BOOST_AUTO_TEST_CASE(the_head_is_the_newest_record_that_is_on_disk) {
  AuditRecords records({}, "");
  for (int count = 0; count < 3; ++count) records.add({});
  BOOST_TEST(records.written_through(2, "two"));
  BOOST_TEST(!records.written_through(1, "one"), "an older one is no news");
  BOOST_TEST(to_text(records.head()) == "2:two");
}

BOOST_AUTO_TEST_CASE(a_head_that_the_journal_knows_and_the_log_does_not_have_is_missed) {
  const AuditRecords records({7, "seven"}, "");
  BOOST_TEST(records.lacks("8:eight"));
  BOOST_TEST(records.lacks("7:other"));
  BOOST_TEST(!records.lacks("7:seven"));
  BOOST_TEST(!records.lacks("6:whatever"), "an older record is in the log, which was verified when it was opened");
  BOOST_TEST(!records.lacks(""));
  BOOST_TEST(!records.lacks("no head at all"));
}

BOOST_AUTO_TEST_CASE(what_an_operator_gave_up_is_not_missed) {
  const AuditRecords records({}, "8:eight");
  BOOST_TEST(!records.lacks("8:eight"));
  BOOST_TEST(records.lacks("9:nine"));
}

BOOST_AUTO_TEST_SUITE_END()
