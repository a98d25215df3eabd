// SPDX-License-Identifier: Apache-2.0
// The journal by examples: what was appended comes back. Each example is run on a simulated disk
// and in a real directory.
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include "journal/format.h"
#include "journal_bench.h"
#include "temporary_directory.h"

using namespace tally;

namespace {

struct Real : TemporaryDirectory, JournalBench {
  Real() { create(); }
  ~Real() override { journal.reset(); }
  std::unique_ptr<Directory> directory() override { return open_posix_directory(path); }
};
using Simulated = JournalBench;
using Both = boost::mpl::list<Simulated, Real>;

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_examples)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_new_journal_begins_with_term_one_and_no_order, Bench, Both) {
  Bench bench;
  const RecoveredJournal found = bench.open();
  BOOST_TEST((found.term == Term(1)));
  BOOST_TEST((found.group == bench_group));
  BOOST_TEST((found.first == Sequence(1)));
  BOOST_TEST((found.last == OrderIdentity{}));
  BOOST_TEST((found.view.number == ViewNumber(1)));
  BOOST_TEST(found.view.members.size() == bench_replicas);
  BOOST_TEST((found.agreed == OrderState{}));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_order_is_read_as_it_was_appended, Bench, Both) {
  Bench bench;
  bench.open();
  bench.append(3, 100'000);
  for (const Order& order : bench.orders.all) BOOST_TEST(bench.serves(order.id.sequence));
  BOOST_TEST(!bench.journal->read(Sequence(4)));
  BOOST_TEST(!bench.journal->read(Sequence(0)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(orders_can_be_read_at_random, Bench, Both) {
  Bench bench;
  bench.open();
  bench.append(60, 300);
  for (std::uint64_t step = 0; step < 120; ++step)
    BOOST_TEST(bench.serves(Sequence(1 + (step % 3 == 0 ? step / 3 : bench.random.below(60)))));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reader_goes_on_with_what_is_appended_behind_it, Bench, Both) {
  Bench bench;
  bench.open();
  for (std::uint64_t number = 1; number <= 60; ++number) {
    BOOST_TEST(!bench.journal->read(Sequence(number)));
    bench.append(1, 300);
    BOOST_TEST(bench.serves(Sequence(number)));
    if (number % 7 == 0) bench.journal->append(view_of(number));
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_reopened_journal_knows_its_last_order, Bench, Both) {
  Bench bench;
  bench.open();
  bench.append(300);
  bench.journal->sync();
  const RecoveredJournal found = bench.open();
  BOOST_TEST((found.last == bench.orders.last().id));
  BOOST_TEST((found.served == bench.orders.last().served));
  BOOST_TEST((found.calendar == bench.orders.last().calendar));
  for (const Order& order : bench.orders.all) BOOST_TEST(bench.serves(order.id.sequence));
}

// What was appended is neither synced nor marked. It is in the page cache, which survives a process
// that is killed.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_killed_process_loses_nothing_that_was_appended, Bench, Both) {
  Bench bench;
  bench.open();
  bench.append(100, 300);
  BOOST_TEST((bench.open().last == bench.orders.last().id));
  for (const Order& order : bench.orders.all) BOOST_TEST(bench.serves(order.id.sequence));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_term_grows_with_each_opening, Bench, Both) {
  Bench bench;
  for (std::uint64_t term = 1; term <= 5; ++term) {
    BOOST_TEST((bench.open().term == Term(term)));
    if (term != 3) bench.append(1);
  }
  BOOST_TEST((bench.open().last == bench.orders.last().id));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_opening_without_a_term_changes_nothing, Bench, Both) {
  Bench bench;
  bench.open();
  for (int times = 0; times < 3; ++times) BOOST_TEST(bench.refusal() == "");
  BOOST_TEST((bench.open().term == Term(2)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_newest_facts_come_back_with_everything_in_them, Bench, Both) {
  Bench bench;
  bench.open();
  bench.append(3);
  const OrderState agreed{bench.orders.at(Sequence(2)).id, {7, 8}};
  bench.journal->append(view_of(11));
  bench.journal->append(view_of(12));
  bench.journal->append(agreed);
  for (int times = 0; times < 3; ++times) {
    BOOST_TEST((bench.open().view == view_of(12)));
    BOOST_TEST((bench.found.agreed == agreed));
    BOOST_TEST((bench.found.last == bench.orders.last().id));
  }
}

// Facts alone fill segments, none of which has an order.
BOOST_AUTO_TEST_CASE_TEMPLATE(facts_without_orders_take_no_more_than_one_segment, Bench, Both) {
  Bench bench;
  bench.open();
  bench.append(1);
  for (std::uint64_t number = 1; number <= 200; ++number) bench.journal->append(view_of(number));
  bench.journal->sync();
  BOOST_TEST(bench.journal->size().bytes <= 2 * bench.segment_bytes);
  BOOST_TEST(bench.serves(Sequence(1)));
  BOOST_TEST((bench.open().view == view_of(200)));
  BOOST_TEST(bench.serves(Sequence(1)));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(facts_survive_the_cut_of_the_segment_that_they_were_appended_to, Bench, Both) {
  Bench bench;
  bench.open();
  bench.journal->append(view_of(12));
  bench.append(100, 300);
  const OrderState agreed{bench.orders.at(Sequence(90)).id, {7, 8}};
  bench.journal->append(agreed);
  bench.sync_and_mark();
  bench.journal->cut_below(Sequence(100));
  BOOST_TEST((bench.open().view == view_of(12)));
  BOOST_TEST((bench.found.agreed == agreed));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_record_larger_than_a_segment_is_kept, Bench, Both) {
  Bench bench;
  bench.open();
  bench.append(2);
  bench.append(1, 5 * bench.segment_bytes);
  bench.append(2);
  bench.sync_and_mark();
  for (const Order& order : bench.orders.all) BOOST_TEST(bench.serves(order.id.sequence));
  BOOST_TEST((bench.open().last == bench.orders.last().id));
  for (const Order& order : bench.orders.all) BOOST_TEST(bench.serves(order.id.sequence));
}

// What a term begins with is stable. So a cut beyond the old mark does not make the next opening
// refuse.
BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_term_begins_with_is_marked, Bench, Both) {
  Bench bench;
  bench.open();
  bench.append(100, 300);
  bench.journal->sync();
  bench.journal->mark_stable(bench.orders.at(Sequence(40)).id);
  bench.open();
  bench.journal->cut_below(Sequence(100));
  BOOST_TEST((bench.open().last == bench.orders.last().id));
}

// Bytes that a client made to look like a record must not make a search hash what follows them.
BOOST_AUTO_TEST_CASE(a_record_head_is_not_accepted_under_another_salt) {
  RecordHead head;
  head.type = RecordType::order;
  head.size = most_record_bytes;
  head.number = 9;
  const auto encoded = encode_record_head(head, 1, {});
  const std::string_view bytes(encoded.data(), encoded.size());
  BOOST_TEST((decode_record_head(bytes, 1) == head));
  BOOST_TEST(!decode_record_head(bytes, 2));
  for (std::size_t place = sizeof(std::uint64_t); place < bytes.size(); ++place) {
    std::string flipped(bytes);
    flipped[place] = static_cast<char>(flipped[place] ^ 1);
    BOOST_TEST(!decode_record_head(flipped, 1));
  }
}

BOOST_AUTO_TEST_SUITE_END()
