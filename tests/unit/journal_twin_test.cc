// SPDX-License-Identifier: Apache-2.0
// The journal beside a naive twin, which is a map and some fields. Both live through random
// histories with segments of a few KiB. The second test lets one thread act in the middle of what
// the other one does.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>

#include "journal/format.h"
#include "journal_witness.h"

using namespace tally;

namespace {

using Operation = SimulatedDisk::Operation;

struct Twin {
  std::map<Sequence, std::string> orders;
  RecoveredJournal facts;
  Sequence kept{1};       // no order from this one on may be forgotten
  Sequence forgotten{1};  // no order before this one is there
};

struct Twins : JournalBench {
  Twin twin;
  std::size_t reads = 0;
  std::size_t terms = 0;

  void reopen() {
    open();
    terms += 1;
    const RecoveredJournal& expected = twin.facts;
    BOOST_REQUIRE((found.group == bench_group && found.term == expected.term.next()));
    BOOST_REQUIRE((found.last == expected.last && found.served == expected.served));
    BOOST_REQUIRE((found.calendar == expected.calendar && found.agreed == expected.agreed));
    BOOST_REQUIRE((found.view == expected.view || expected.term == Term()));
    BOOST_REQUIRE((found.first >= twin.forgotten && found.first <= twin.kept));
    twin.facts = found;
  }

  void append_order() {
    append(1, random.below(40) == 0 ? 2 * segment_bytes : random.below(400));
    const Order& order = orders.last();
    twin.orders[order.id.sequence] = encoded(order);
    twin.facts.last = order.id;
    twin.facts.served = order.served;
    twin.facts.calendar = order.calendar;
  }

  void append_view() {
    twin.facts.view = view_of(random.below(1'000'000));
    journal->append(twin.facts.view);
  }

  void append_agreed() {
    twin.facts.agreed = {twin.facts.last, {random(), random()}};
    journal->append(twin.facts.agreed);
  }

  void read() {
    const std::uint64_t last = twin.facts.last.sequence.value;
    const bool is_near_the_end = random.below(2) == 0;
    std::uint64_t place = is_near_the_end ? last + 2 - std::min(last, random.below(40)) : random.below(last + 3);
    for (std::uint64_t count = 1 + random.below(8); count > 0; --count, ++place) {
      reads += 1;
      const auto bytes = journal->read(Sequence(place));
      const auto known = twin.orders.find(Sequence(place));
      if (known == twin.orders.end())
        BOOST_REQUIRE(!bytes);
      else if (bytes)
        BOOST_REQUIRE((*bytes == known->second && Sequence(place) >= twin.forgotten));
      else
        BOOST_REQUIRE(Sequence(place) < twin.kept);
    }
  }

  void cut() {
    const std::uint64_t stable = twin.facts.last.sequence.value;
    const Sequence first(stable - std::min(stable, random.below(60)));
    const Sequence next_cut = journal->size().next_cut;
    journal->cut_below(first);
    twin.kept = std::max(twin.kept, first);
    if (next_cut <= first) twin.forgotten = std::max(twin.forgotten, next_cut);
    BOOST_REQUIRE((journal->size().next_cut > first));
  }

  void scrub() {
    Sequence place(random.below(twin.facts.last.sequence.value + 2));
    do {
      const Journal::Scrubbed scrubbed = journal->scrub(place, 1 + random.below(3'000));
      BOOST_REQUIRE(!scrubbed.damaged);
      place = scrubbed.next;
    } while (place.value != 0);
  }

  void size() {
    std::uint64_t on_disk = 0;
    for (const std::string& name : segments()) on_disk += disk.content(name).size();
    BOOST_REQUIRE(journal->size().bytes > 0);
    BOOST_REQUIRE(journal->size().bytes <= on_disk);
    BOOST_REQUIRE(journal->size().has_room);
  }

  void step() {
    switch (random.below(16)) {
      case 10: return append_view();
      case 11: return append_agreed();
      case 12: return journal->sync(), journal->mark_stable(twin.facts.last);
      case 13: return cut();
      case 14: return random.below(4) == 0 ? scrub() : size();
      case 15: return random.below(4) == 0 ? reopen() : static_cast<void>(journal->prepare());
      default: return random.below(3) == 0 ? read() : append_order();
    }
  }
};

// While one thread appends and reads, a second one syncs, cuts, prepares or scrubs in the middle of
// its operations; and the other way round.
struct Threads : CrashBench {
  bool is_inside = false;

  void first_thread() {
    const std::uint64_t what = random.below(8);
    if (what < 6)
      append(1 + random.below(3), random.below(1'500));
    else if (what == 6)
      append_facts();
    else
      journal->read(Sequence(1 + random.below(orders.all.size() + 1)));
  }

  void second_thread() {
    switch (random.below(6)) {
      case 0: journal->prepare(); return;
      case 1:
        witness.cut = std::max(witness.cut, witness.stable - std::min(witness.stable, random.below(30)));
        return journal->cut_below(Sequence(witness.cut + 1));
      case 2: {
        const auto damaged =
            journal->scrub(Sequence(1 + random.below(orders.all.size() + 1)), random.below(9'000)).damaged;
        BOOST_REQUIRE_MESSAGE(!damaged, "order " << damaged.value_or(Sequence()).value << " is not damaged");
        return;
      }
      default: {
        // An append that has not returned is not stable, and one in the middle of this sync need
        // not be either.
        const std::size_t orders_before = returned;
        const std::size_t facts_before = returned_facts;
        journal->sync();
        witness.stable = std::max(witness.stable, orders_before);
        witness.synced = std::max(witness.synced, facts_before);
      }
    }
  }
  std::size_t returned = 0;
  std::size_t returned_facts = 0;

  void run(std::uint64_t steps) {
    disk.watch = [this](Operation, const std::string& name) {
      if (random.below(100) == 0) cut_power("in the middle");
      if (is_inside || name == "stable.mark" || random.below(3) > 0) return;
      is_inside = true;
      if (first_is_running)
        second_thread();
      else
        first_thread(), count_returned();
      is_inside = false;
    };
    count_returned();
    for (; steps > 0; --steps) {
      first_is_running = random.below(2) == 0;
      if (first_is_running)
        first_thread(), count_returned();
      else
        second_thread();
    }
    disk.watch = nullptr;
  }
  void count_returned() {
    returned = orders.all.size();
    returned_facts = witness.facts.size() - 1;
  }
  bool first_is_running = false;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_twin)

BOOST_AUTO_TEST_CASE(a_hundred_thousand_random_steps_agree_with_a_naive_twin) {
  std::size_t reads = 0;
  std::size_t terms = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Twins twins;
    twins.random.state = seed;
    twins.segment_bytes = 4096 * (2 + seed % 3);
    twins.reopen();
    for (int steps = 0; steps < 1'000; ++steps) twins.step();
    twins.reopen();
    twins.scrub();
    reads += twins.reads;
    terms += twins.terms;
  }
  BOOST_TEST(reads > 10'000u);
  BOOST_TEST(terms > 1'000u);
}

BOOST_AUTO_TEST_CASE(what_one_thread_does_in_the_middle_of_the_other_breaks_no_promise) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Threads threads;
    threads.random.state = seed;
    threads.begin();
    for (int life = 0; life < 12; ++life) {
      threads.run(40);
      threads.cut_power("life " + std::to_string(life), 2);
      threads.crash(threads.mixed());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
