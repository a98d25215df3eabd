// SPDX-License-Identifier: Apache-2.0
// Damage while the journal runs. Reading a damaged order gives nothing, the scrub finds it, and
// everything beside it is served.
#include <boost/test/unit_test.hpp>
#include <vector>

#include "journal/format.h"
#include "journal_bench.h"

using namespace tally;

namespace {

using Operation = SimulatedDisk::Operation;

struct Scrub : JournalBench {
  Scrub() {
    open();
    append_segments(3);
  }
  // Scrubs everything in steps of so many bytes, and returns the orders that were found damaged.
  std::vector<std::uint64_t> damaged(std::size_t bytes = 1'000) {
    std::vector<std::uint64_t> orders_found;
    Sequence place;
    do {
      const Journal::Scrubbed scrubbed = journal->scrub(place, bytes);
      BOOST_REQUIRE((scrubbed.next.value == 0 || scrubbed.next > place));
      if (scrubbed.damaged) orders_found.push_back(scrubbed.damaged->value);
      place = scrubbed.next;
    } while (place.value != 0);
    return orders_found;
  }
  void damage(Sequence sequence) { disk.flip(place_of(sequence).name, place_of(sequence).offset + 60); }
  // All orders are served but these.
  void serves_others(const std::vector<std::uint64_t>& damaged_orders) {
    for (const Order& order : orders.all) {
      const bool is_damaged = std::ranges::count(damaged_orders, order.id.sequence.value) > 0;
      if (is_damaged)
        BOOST_TEST(!journal->read(order.id.sequence));
      else
        BOOST_TEST(serves(order.id.sequence), "order " << order.id.sequence.value);
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal_scrub, Scrub)

BOOST_AUTO_TEST_CASE(a_scrub_goes_on_where_it_stopped_and_ends_at_the_last_order) {
  for (const std::size_t bytes : {1u, 700u, 5'000u, 1'000'000u}) BOOST_TEST(damaged(bytes).empty());
  std::uint64_t steps = 0;
  Sequence place;
  do {
    place = journal->scrub(place, 1).next;
    ++steps;
  } while (place.value != 0);
  BOOST_TEST(steps > orders.all.size() / 3);
  BOOST_TEST((journal->scrub(orders.last().id.sequence, 1).next == Sequence()));
  BOOST_TEST((journal->scrub(orders.last().id.sequence.next(), 1).next == Sequence()));
}

BOOST_AUTO_TEST_CASE(a_scrub_of_a_journal_without_orders_ends) {
  start_over();
  open();
  BOOST_TEST(damaged().empty());
  journal->append(view_of(1));
  BOOST_TEST(damaged().empty());
}

BOOST_AUTO_TEST_CASE(a_scrub_begins_at_the_first_order_that_is_there) {
  journal->cut_below(*segment_first(segments()[1]));
  BOOST_TEST(damaged().empty());
}

BOOST_AUTO_TEST_CASE(facts_between_the_orders_are_passed_over) {
  for (std::uint64_t number = 1; number <= 20; ++number) {
    append(1, 300);
    journal->append(view_of(number));
  }
  BOOST_TEST(damaged().empty());
  serves_others({});
}

BOOST_AUTO_TEST_CASE(damage_is_found_told_and_served_around) {
  const std::uint64_t last = orders.last().id.sequence.value;
  const std::uint64_t second = segment_first(segments()[1])->value;
  for (const std::vector<std::uint64_t>& places :
       {std::vector<std::uint64_t>{1}, {3}, {4, 5}, {second - 1}, {second}, {second - 1, second}, {last}, {last - 1}}) {
    for (const std::uint64_t sequence : places) damage(Sequence(sequence));
    for (const std::size_t bytes : {1u, 1'000u, 100'000u}) BOOST_TEST((damaged(bytes) == places));
    serves_others(places);
    start_over();
    open();
    append_segments(3);
  }
}

// The record is that of a synced order in the middle of the journal. Only reads of this order are
// affected.
BOOST_AUTO_TEST_CASE(whichever_byte_of_a_record_is_flipped_its_neighbours_are_served) {
  const auto [name, offset, size] = place_of(Sequence(4));
  for (std::uint64_t byte = offset; byte < offset + size; ++byte) {
    disk.flip(name, byte);
    const auto bytes = journal->read(Sequence(4));
    const bool in_padding = bytes == encoded(orders.at(Sequence(4)));
    BOOST_TEST((!bytes || (in_padding && byte + record_alignment > offset + size)));
    BOOST_TEST(serves(Sequence(3)));
    BOOST_TEST(serves(Sequence(5)));
    BOOST_TEST(damaged().size() == (in_padding ? 0u : 1u));
    disk.flip(name, byte);
  }
  BOOST_TEST(serves(Sequence(4)));
}

BOOST_AUTO_TEST_CASE(a_damaged_order_before_the_mark_does_not_keep_the_journal_from_opening) {
  damage(Sequence(3));
  open();
  BOOST_TEST((found.last == orders.last().id));
  serves_others({3});
  BOOST_TEST((damaged() == std::vector<std::uint64_t>{3}));
}

BOOST_AUTO_TEST_CASE(an_order_counts_as_damaged_while_the_disk_does_not_give_it_back) {
  disk.fail({Operation::read, EIO, 1, segments()[0], true});
  BOOST_TEST(!journal->read(Sequence(2)));
  BOOST_TEST(serves(orders.last().id.sequence));
  BOOST_TEST((journal->scrub(Sequence(2), 10).damaged == Sequence(2)));
  disk.heal();
  BOOST_TEST(serves(Sequence(2)));
  BOOST_TEST(damaged().empty());
}

BOOST_AUTO_TEST_CASE(a_scrub_finds_an_order_that_is_not_what_its_chain_says) {
  const std::uint64_t place = orders.all.size() + 1;
  Order forged = orders.next(found.term);
  forged.requests[0].operations += 'y';
  tally::append(*journal, forged);
  append(2);
  BOOST_TEST((damaged() == std::vector{place}));
}

BOOST_AUTO_TEST_CASE(a_scrub_finds_an_order_that_does_not_continue_the_one_before_it) {
  const std::uint64_t place = orders.all.size() + 1;
  Order other = orders.next(found.term);
  other.served = ServedTime{5};
  other.id.chain = chain_of(other);
  tally::append(*journal, other);
  append(2);
  BOOST_TEST((journal->scrub(Sequence(place), SIZE_MAX).damaged == Sequence(place + 1)));
}

BOOST_AUTO_TEST_SUITE_END()
