// SPDX-License-Identifier: Apache-2.0
// What is not a whole journal, or not this group's, is refused with a sentence, and nothing is
// written.
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <map>

#include "journal/format.h"
#include "journal/stable_mark.h"
#include "journal_bench.h"

using namespace tally;

namespace {

using Operation = SimulatedDisk::Operation;

// Four segments of two terms, with orders, facts and a mark.
struct Written : JournalBench {
  Written() {
    open();
    journal->append(view_of(2));
    append_segments(2);
    open();
    append_segments(4);
    journal.reset();
    BOOST_REQUIRE(segments().size() == 4u);
  }

  std::map<std::string, std::string> all() const {
    std::map<std::string, std::string> files;
    for (const std::string& name : disk.names()) files[name] = disk.content(name);
    return files;
  }
  // The journal is refused with these words and with its path, and stays as it is.
  void refuses(const std::string& words, std::uint32_t configured = bench_replicas) {
    const auto before = all();
    const std::string said = refusal(configured);
    BOOST_TEST(contains(said, words), "\"" << said << "\" does not say \"" << words << '"');
    BOOST_TEST(contains(said, "the journal in /simulated cannot be "), said);
    BOOST_TEST((all() == before));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal_refusals, Written)

BOOST_AUTO_TEST_CASE(a_whole_journal_is_not_refused) {
  BOOST_TEST(refusal() == "");
  open();
  BOOST_TEST((found.last == orders.last().id));
}

// ---- identity and mark

BOOST_AUTO_TEST_CASE(a_directory_without_an_identity_is_not_a_journal) {
  disk.erase("identity");
  refuses("it is not a journal: the file identity is missing");
}

BOOST_AUTO_TEST_CASE(an_empty_directory_is_not_a_journal) {
  disk = SimulatedDisk();
  refuses("it is not a journal: the file identity is missing");
}

BOOST_AUTO_TEST_CASE(a_damaged_identity_is_refused_whichever_byte_is_wrong) {
  for (std::size_t offset = 0; offset < disk.content("identity").size(); ++offset) {
    disk.flip("identity", offset);
    refuses("the file identity is damaged");
    disk.flip("identity", offset);
  }
  disk.put("identity", "");
  refuses("the file identity is damaged");
}

BOOST_AUTO_TEST_CASE(a_missing_mark_is_refused) {
  disk.erase("stable.mark");
  refuses("the file stable.mark is missing");
}

BOOST_AUTO_TEST_CASE(an_empty_or_random_mark_is_refused) {
  disk.put("stable.mark", "");
  refuses("the file stable.mark is damaged");
  std::string noise(1024, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  for (const std::string& content : {std::string(1024, '\0'), noise, noise.substr(0, 100)}) {
    disk.put("stable.mark", content);
    refuses("the file stable.mark is damaged");
  }
}

BOOST_AUTO_TEST_CASE(the_mark_of_another_group_is_refused) {
  JournalBench other;
  other.start_over(GroupId(78));
  disk.put("stable.mark", other.disk.content("stable.mark"));
  refuses("the file stable.mark is another group's");
}

// ---- segments

BOOST_AUTO_TEST_CASE(a_segment_of_another_group_is_refused) {
  JournalBench other;
  other.start_over(GroupId(78));
  other.open();
  disk.put(segments()[0], other.disk.content(other.segments()[0]));
  refuses(segments()[0] + " belongs to another group");
}

BOOST_AUTO_TEST_CASE(an_unknown_file_is_named_and_left_alone) {
  disk.put("notes.txt", "mine");
  refuses("notes.txt does not belong there; move it away");
  disk.erase("notes.txt");
  for (const char* name : {"orders-1", "orders-0000000000000000000x", "orders-00000000000000000000", "spare.old"}) {
    disk.put(name, "");
    refuses(std::string(name) + " does not belong there; move it away");
    disk.erase(name);
  }
}

BOOST_AUTO_TEST_CASE(lost_and_found_may_be_in_the_directory) {
  disk.put("lost+found", "");
  BOOST_TEST(refusal() == "");
}

BOOST_AUTO_TEST_CASE(a_missing_segment_in_the_middle_is_refused) {
  const auto names = segments();
  for (const std::size_t place : {1, 2}) {
    const std::string content = disk.content(names[place]);
    disk.erase(names[place]);
    refuses("the segment between " + names[place - 1] + " and " + names[place + 1] + " is missing");
    disk.put(names[place], content);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_first_segment_that_was_not_cut_is_refused) {
  disk.erase(segments().front());
  refuses("the segment with order 1 is missing");
}

BOOST_AUTO_TEST_CASE(a_missing_first_segment_behind_the_cut_is_refused) {
  open();
  journal->cut_below(segment_first(segments()[2])->next());
  journal.reset();
  BOOST_TEST(refusal() == "");
  const Sequence first = *segment_first(segments()[0]);
  disk.erase(segments().front());
  refuses("the segment with order " + std::to_string(first.value) + " is missing");
}

BOOST_AUTO_TEST_CASE(a_missing_newest_segment_is_refused) {
  disk.erase(segments().back());
  refuses("was stable and is not there");
}

BOOST_AUTO_TEST_CASE(a_missing_segment_of_a_term_without_an_order_is_refused) {
  open();
  journal.reset();
  disk.erase(segments().back());
  refuses("term 3 was begun and is not there");
}

BOOST_AUTO_TEST_CASE(damage_in_what_a_term_began_with_is_refused) {
  open();
  append(3);
  open();  // this marks what it begins with
  journal.reset();
  disk.flip(segments().back(), disk.content(segments().back()).size() - 20);
  refuses("was stable and is not there");
}

BOOST_AUTO_TEST_CASE(a_journal_that_lost_all_its_segments_is_refused) {
  for (const std::string& name : segments()) disk.erase(name);
  refuses("its segments are missing");
}

BOOST_AUTO_TEST_CASE(an_older_copy_beside_a_newer_mark_is_refused) {
  const SimulatedDisk older = disk;
  open();
  append(5);
  sync_and_mark();
  journal.reset();
  const std::string mark = disk.content("stable.mark");
  disk = older.power_cut(SimulatedDisk::kept);
  BOOST_TEST(refusal() == "");
  disk.put("stable.mark", mark);
  refuses("an older copy was put in its place");
}

// The copy is of the same term, so only the mark knows that it is older.
BOOST_AUTO_TEST_CASE(an_older_copy_of_the_newest_segment_is_refused) {
  open();
  append(1);
  sync_and_mark();
  const std::string name = segments().back();
  const std::string older = disk.content(name);
  append(3);
  sync_and_mark();
  BOOST_REQUIRE(segments().back() == name);
  journal.reset();
  disk.put(name, older);
  refuses("was stable and is not there");
}

BOOST_AUTO_TEST_CASE(a_tail_that_was_exchanged_for_another_one_is_refused) {
  open();
  const SimulatedDisk before = disk;
  append(3);
  sync_and_mark();
  journal.reset();
  const std::string mark = disk.content("stable.mark");
  disk = before.power_cut(SimulatedDisk::kept);
  orders.all.resize(orders.all.size() - 3);
  open();
  found.term = Term(found.term.value + 5);  // this gives the orders another chain
  append(3);
  sync_and_mark();
  journal.reset();
  disk.put("stable.mark", mark);
  refuses("is not the one that was stable");
}

BOOST_AUTO_TEST_CASE(exchanged_segments_are_refused) {
  const auto names = segments();
  disk.exchange(names[1], names[2]);
  refuses(names[1] + " holds what belongs to " + names[2]);
}

BOOST_AUTO_TEST_CASE(a_doubled_segment_is_refused) {
  const auto names = segments();
  disk.put(segment_name(orders.last().id.sequence.next().next()), disk.content(names.back()));
  refuses("holds what belongs to " + names.back());
}

BOOST_AUTO_TEST_CASE(a_damaged_or_short_header_is_refused) {
  for (const std::string& name : segments()) {
    const std::string content = disk.content(name);
    for (const std::size_t offset : {0u, 9u, 13u, 17u, 24u, 60u, 150u}) {
      disk.flip(name, offset);
      refuses("the header of " + name + " is damaged");
      disk.flip(name, offset);
    }
    for (const std::size_t size : {0u, 1u, 100u, 4095u}) {
      disk.put(name, content.substr(0, size));
      refuses("the header of " + name + " is damaged");
    }
    disk.put(name, content);
  }
}

BOOST_AUTO_TEST_CASE(damage_in_what_was_stable_is_refused_and_named) {
  open();
  append(3);
  sync_and_mark();
  const std::size_t end = disk.content(segments().back()).find_last_not_of('\0');
  append(1);  // its record says how far the journal was synced
  const std::string name = segments().back();
  disk.flip(name, end);
  refuses("in " + name + " is damaged: it was stable");
}

// The chain that the mark has vouches for what is behind the damaged order, and whoever needs that
// order imports a state.
BOOST_AUTO_TEST_CASE(a_damaged_order_before_the_mark_is_served_around) {
  open();
  const Sequence damaged = orders.last().id.sequence.next();
  append(3);
  sync_and_mark();
  disk.flip(segments().back(), 4096 + 60);
  open();
  BOOST_TEST((found.last == orders.last().id));
  BOOST_TEST(!journal->read(damaged));
  BOOST_TEST(journal->read(damaged.next()).has_value());
  BOOST_TEST((journal->scrub(damaged, 1).damaged == damaged));
}

// No record and no order behind the fact tells that it was there.
BOOST_AUTO_TEST_CASE(damage_in_the_very_last_fact_is_refused) {
  open();
  append(2);
  journal->append(view_of(4));
  sync_and_mark();
  const std::string name = segments().back();
  disk.flip(name, disk.content(name).find_last_not_of('\0'));
  refuses("in " + name + " is damaged: it was stable");
}

BOOST_AUTO_TEST_CASE(a_damaged_fact_before_the_mark_is_refused) {
  open();
  journal->append(view_of(3));
  append(3);
  sync_and_mark();
  const std::string name = segments().back();
  disk.flip(name, 4096 + 60);
  refuses("in " + name + " is damaged: it was stable");
}

BOOST_AUTO_TEST_CASE(a_segment_of_another_history_is_refused) {
  // Its orders differ only in their term, and so in their chains.
  Written other;
  other.start_over();
  other.open();
  other.found.term = Term(9);
  other.append_segments(2);
  const std::string name = other.segments()[1];
  BOOST_REQUIRE(name == segments()[1]);
  // With a mark of the beginning, all of the journal is followed.
  disk.put("stable.mark", JournalBench().disk.content("stable.mark"));
  disk.put(name, other.disk.content(name));
  for (const std::string& later : segments())
    if (later > name) disk.erase(later);
  refuses(name + " does not continue the segment before it");
}

BOOST_AUTO_TEST_CASE(an_order_that_makes_no_sense_is_refused) {
  const SimulatedDisk before = disk;
  const std::size_t count = orders.all.size();
  const auto with = [&](auto change) {
    journal.reset();
    disk = before;
    orders.all.resize(count);
    open();
    Order order = orders.next(found.term);
    change(order);
    tally::append(*journal, order);
    journal->sync();
    refuses("order " + std::to_string(count + 1) + " is damaged");
  };
  // Its content does not fit its chain.
  with([](Order& order) { order.requests[0].operations += 'y'; });
  // It follows another chain.
  with([](Order& order) {
    order.previous.low += 1;
    order.id.chain = chain_of(order);
  });
  with([](Order& order) {  // it has another number
    order.id.sequence = order.id.sequence.next();
    order.id.chain = chain_of(order);
  });
}

// ---- what it was made for

BOOST_AUTO_TEST_CASE(another_number_of_replicas_is_refused) {
  refuses("it belongs to a group of 3 replicas, but 5 are configured", 5);
}

// The view has no record of its own if nobody was ever evicted.
BOOST_AUTO_TEST_CASE(another_number_of_replicas_is_refused_even_if_the_view_never_changed) {
  start_over();
  open();
  BOOST_TEST(contains(refusal(5), "it belongs to a group of 3 replicas, but 5 are configured"));
  BOOST_TEST(refusal(3) == "");
}

BOOST_AUTO_TEST_CASE(orders_of_another_version_are_refused_and_the_sentence_says_what_to_do) {
  const std::string name = segments().back();
  std::string content = disk.content(name);
  SegmentHeader header = *decode_segment_header(content);
  header.semantics += 1;
  const std::string bytes = encode_segment_header(header);
  disk.put(name, content.replace(0, bytes.size(), bytes));
  refuses("it has orders of version " + std::to_string(header.semantics));
  refuses("tally list");
}

BOOST_AUTO_TEST_CASE(what_rocksdb_wrote_is_refused_and_the_sentence_says_what_to_do) {
  disk = SimulatedDisk();
  for (const char* name : {"CURRENT", "MANIFEST-000005", "000004.log", "LOCK", "stable.mark"}) disk.put(name, "x");
  refuses("it was written by an unreleased tally that kept it in RocksDB");
}

BOOST_AUTO_TEST_CASE(a_journal_in_use_is_refused_until_its_user_ends) {
  open();
  const auto second = try_open();
  BOOST_REQUIRE(!second);
  BOOST_TEST(contains(second.error(), "another process uses it"), second.error());
  BOOST_TEST(refusal() == "");
}

// ---- what cannot be read now, which proves nothing

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_is_refused_as_unreadable) {
  for (const std::string& name : {std::string("identity"), std::string("stable.mark"), segments()[0], segments()[2]}) {
    disk.fail({Operation::open, EACCES, 1, name, true});
    refuses("cannot be read: /simulated/" + name + ": Permission denied");
    disk.heal();
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_refused_as_unreadable) {
  for (const std::string& name : {std::string("identity"), std::string("stable.mark"), segments()[0], segments()[3]}) {
    disk.fail({Operation::read, EIO, 1, name, true});
    refuses("cannot be read: /simulated/" + name + ": Input/output error");
    disk.heal();
  }
}

BOOST_AUTO_TEST_CASE(any_read_that_fails_is_told_as_such) {
  std::uint64_t nth = 1;
  for (;; ++nth) {
    disk.fail({Operation::read, EIO, nth});
    const std::string said = refusal();
    if (said.empty()) break;
    BOOST_TEST(contains(said, "Input/output error"), said);
    disk.heal();
  }
  BOOST_TEST(nth > 6u);
}

// ---- a new journal

BOOST_AUTO_TEST_CASE(a_journal_is_not_made_where_something_is) {
  const auto before = all();
  const auto made = create_journal(*directory(), bench_group, "now");
  BOOST_REQUIRE(!made);
  BOOST_TEST(contains(made.error(), "/simulated is not empty: identity is there"), made.error());
  BOOST_TEST((all() == before));
}

BOOST_AUTO_TEST_CASE(a_journal_that_cannot_be_made_says_why_and_is_made_when_it_can) {
  for (const Operation operation :
       {Operation::write, Operation::sync, Operation::create, Operation::rename, Operation::sync_directory}) {
    disk = SimulatedDisk();
    for (std::uint64_t nth = 1;; ++nth) {
      disk.fail({operation, ENOSPC, nth});
      const auto made = create_journal(*directory(), bench_group, "now");
      disk.heal();
      if (made) break;
      BOOST_TEST(contains(made.error(), "No space left on device"), made.error());
      if (disk.has("identity")) disk = SimulatedDisk();
    }
    BOOST_TEST(refusal() == "");
  }
}

BOOST_AUTO_TEST_SUITE_END()
