// SPDX-License-Identifier: Apache-2.0
// Damage while nobody looks. Every byte of a small journal is flipped; files are lost, shortened,
// doubled, exchanged, and replaced by older ones. Then what was stable is served, or reading it
// gives nothing, or the journal refuses to open. It never silently has less.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>

#include "journal/format.h"
#include "journal_witness.h"

using namespace tally;

namespace {

// Three terms in small segments, with facts. All of it is synced and marked.
struct Damaged : CrashBench {
  SimulatedDisk whole;
  std::size_t refused = 0;
  std::size_t served_around = 0;
  std::size_t unharmed = 0;

  Damaged() {
    segment_bytes = 2 * 4096;
    begin();
    journal->prepare();
    append_facts();
    append(20, 90);
    append_facts();
    sync();
    begin();
    append(14, 200);
    append_facts();
    append(2, 90);
    sync();
    begin();
    append_facts();
    append(4, 90);
    sync_and_mark();
    witness.append_done(orders.all.size());
    whole = disk.power_cut(SimulatedDisk::kept);
    journal.reset();
  }

  void try_with(const std::string& what, const std::function<void(SimulatedDisk&)>& damage,
                std::size_t most_missing = 1) {
    SimulatedDisk left = whole;
    damage(left);
    auto opened = try_open(open_simulated_directory(left));
    if (!opened) {
      BOOST_TEST(contains(opened.error(), "the journal in /simulated cannot be used: "), opened.error());
      refused += 1;
      return;
    }
    const RecoveredJournal recovered = (*opened)->begin_term();
    BOOST_REQUIRE_MESSAGE((recovered.last == orders.last().id), what << ": the last order is another one");
    BOOST_REQUIRE_MESSAGE((recovered.served == orders.last().served), what << ": its time is another one");
    BOOST_REQUIRE_MESSAGE(recovered.term > witness.term, what << ": a term is begun twice");
    const Witness::Facts facts{recovered.view, recovered.agreed};
    BOOST_REQUIRE_MESSAGE((facts == witness.facts.back()), what << ": older facts");
    const std::size_t missing = count_missing(what, **opened);
    BOOST_REQUIRE_MESSAGE(missing <= most_missing, what << ": " << missing << " orders are missing");
    (missing > 0 ? served_around : unharmed) += 1;
  }

  std::size_t count_missing(const std::string& what, Journal& other) {
    std::size_t missing = 0;
    for (const Order& order : orders.all) {
      const auto bytes = other.read(order.id.sequence);
      BOOST_REQUIRE_MESSAGE((!bytes || *bytes == encoded(order)), what << ": an order is not what was appended");
      missing += bytes ? 0 : 1;
    }
    return missing;
  }
};

// The padding of a header is zeros, and it is enough to flip a few of them.
bool is_worth_a_flip(const std::string& content, std::size_t offset) {
  return offset % 64 == 0 || content.find_first_not_of('\0', offset < 8 ? 0 : offset - 8) < offset + 8;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal_damage, Damaged)

BOOST_AUTO_TEST_CASE(a_flipped_byte_is_harmless_or_served_around_or_refused) {
  for (const std::string& name : whole.names())
    for (std::size_t offset = 0; offset < whole.content(name).size(); ++offset)
      if (is_worth_a_flip(whole.content(name), offset))
        try_with(name + ", byte " + std::to_string(offset),
                 [&](SimulatedDisk& left) { left.flip(name, offset, static_cast<unsigned char>(1 << offset % 8)); });
  BOOST_TEST_MESSAGE(refused << " refused, " << served_around << " served around, " << unharmed << " unharmed");
  BOOST_TEST(refused > 1'000u);
  BOOST_TEST(served_around > 1'000u);
  BOOST_TEST(unharmed > 100u);
}

BOOST_AUTO_TEST_CASE(a_sector_of_zeros_or_of_noise_is_harmless_or_served_around_or_refused) {
  constexpr std::size_t sector = 512;
  for (const std::string& name : segments())
    for (std::size_t offset = 0; offset < whole.content(name).size(); offset += sector)
      for (const bool is_noise : {false, true})
        try_with(
            name + ", sector " + std::to_string(offset / sector),
            [&](SimulatedDisk& left) {
              std::string content = left.content(name);
              for (std::size_t byte = offset; byte < std::min(offset + sector, content.size()); ++byte)
                content[byte] = is_noise ? static_cast<char>(random()) : '\0';
              left.put(name, content);
            },
            8);
  BOOST_TEST(refused > 10u);
  BOOST_TEST(served_around > 10u);
}

BOOST_AUTO_TEST_CASE(a_short_file_is_harmless_or_served_around_or_refused) {
  for (const std::string& name : whole.names())
    for (std::size_t size = 0; size < whole.content(name).size(); size += 13)
      try_with(
          name + ", cut to " + std::to_string(size),
          [&](SimulatedDisk& left) { left.put(name, left.content(name).substr(0, size)); }, orders.all.size() / 2);
  BOOST_TEST(refused > 100u);
}

BOOST_AUTO_TEST_CASE(a_journal_that_lost_any_of_its_files_is_refused) {
  std::size_t files = 0;
  for (const std::string& name : whole.names()) {
    if (name == "spare" || name == "next") continue;
    try_with(name + " lost", [&](SimulatedDisk& left) { left.erase(name); });
    files += 1;
  }
  BOOST_TEST(refused == files);
}

BOOST_AUTO_TEST_CASE(exchanged_and_doubled_segments_are_refused) {
  std::size_t pairs = 0;
  for (const std::string& one : segments())
    for (const std::string& other : segments()) {
      if (one == other) continue;
      try_with(one + " in place of " + other, [&](SimulatedDisk& left) { left.put(other, left.content(one)); });
      pairs += 1;
      if (one > other) continue;
      try_with(one + " and " + other + " exchanged", [&](SimulatedDisk& left) { left.exchange(one, other); });
      pairs += 1;
    }
  BOOST_TEST(refused == pairs);
}

// A mark that is older proves less, but it is no sign of damage.
BOOST_AUTO_TEST_CASE(an_older_mark_does_not_keep_the_journal_from_opening) {
  JournalBench fresh;
  try_with("a mark of the beginning",
           [&](SimulatedDisk& left) { left.put("stable.mark", fresh.disk.content("stable.mark")); });
  BOOST_TEST(unharmed == 1u);
}

BOOST_AUTO_TEST_CASE(a_mark_with_one_damaged_slot_still_counts) {
  for (const std::size_t slot : {0, 512})
    for (std::size_t byte = 0; byte < 64; ++byte)
      try_with("slot at " + std::to_string(slot), [&](SimulatedDisk& left) { left.flip("stable.mark", slot + byte); });
  BOOST_TEST(unharmed == 128u);
  BOOST_TEST(refused == 0u);
  try_with("both slots", [](SimulatedDisk& left) {
    left.flip("stable.mark", 20);
    left.flip("stable.mark", 532);
  });
  BOOST_TEST(refused == 1u);
}

// Only the mark knows that the last order was stable.
BOOST_AUTO_TEST_CASE(a_damaged_last_order_is_refused_even_if_facts_follow_it) {
  const std::size_t count = orders.all.size();
  for (const bool has_facts : {false, true}) {
    journal.reset();
    disk = whole;
    orders.all.resize(count);
    begin();
    append(3, 100);
    if (has_facts) journal->append(view_of(7));
    sync_and_mark();
    if (has_facts) journal->append(view_of(8));
    const Place place = place_of(orders.last().id.sequence);
    disk.flip(place.name, place.offset + 60);
    BOOST_TEST(contains(refusal(), "cannot be used: "), "facts: " << has_facts);
    disk.flip(place.name, place.offset + 60);
    BOOST_TEST(refusal() == "");
  }
}

BOOST_AUTO_TEST_SUITE_END()
