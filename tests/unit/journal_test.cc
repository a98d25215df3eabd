// SPDX-License-Identifier: Apache-2.0
// The journal on RocksDB, in real directories: what comes back, and what a torn or damaged file makes of it.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <rocksdb/db.h>
#include <set>
#include <string>
#include <thread>
#include <unistd.h>

#include "distributor/rocksdb_journal.h"
#include "distributor/stable_mark.h"
#include "wire/codec.h"

using namespace tally;
namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t replicas = 3;
constexpr GroupId group{77};
constexpr GroupId other_group{78};

// A directory that is gone with the test.
struct Directory {
  Directory() {
    std::string pattern = (fs::temp_directory_path() / "tally-journal-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(pattern.data()));
    path = pattern;
  }
  ~Directory() { fs::remove_all(path); }
  fs::path path;
};

std::string encoded(const Order& order) {
  const wire::EncodedMessage message = wire::encode(order);
  return std::string(message.header.data(), message.header.size()) + message.body;
}

// Orders as a distributor makes them, each continuing the chain.
struct Orders {
  std::vector<Order> all;

  const Order& next(Term term, std::size_t operation_bytes = 20) {
    Order order;
    order.previous = all.empty() ? Digest{} : all.back().id.chain;
    order.id = {term, Sequence(all.size() + 1), {}};
    order.served = ServedTime{static_cast<std::int64_t>(all.size()) * 1'000};
    order.calendar = CalendarTime{1'700'000'000'000 + static_cast<std::int64_t>(all.size())};
    Request request;
    request.session = {{1}};
    request.number = RequestNumber(all.size() + 1);
    request.operations = std::string(operation_bytes, 'x');
    order.requests.push_back(std::move(request));
    order.id.chain = chain_of(order);
    return all.emplace_back(std::move(order));
  }
};

struct Fixture {
  Directory directory;
  Orders orders;
  std::unique_ptr<Journal> journal;

  std::string place() const { return (directory.path / "journal").string(); }

  RecoveredJournal open(GroupId new_group = group) {
    journal.reset();
    auto opened = open_rocksdb_journal(place(), replicas, new_group);
    BOOST_REQUIRE_MESSAGE(opened, opened.error());
    journal = std::move(*opened);
    return journal->begin_term();
  }
  void append(Term term, int count, std::size_t operation_bytes = 20) {
    for (int done = 0; done < count; ++done) {
      const Order& order = orders.next(term, operation_bytes);
      journal->append(order.id.sequence, encoded(order), {});
    }
  }
  // An order that takes so many bytes of the log: with the heads of its record, its batch, its key and its value.
  void append_record(Term term, std::size_t bytes) {
    const std::size_t heads = 7 + 12 + 1 + 1 + 9 + (bytes > 16'384 ? 3 : 2);
    std::size_t operation_bytes = bytes - heads;
    while (encoded(orders.next(term, operation_bytes)).size() != bytes - heads) {
      orders.all.pop_back();
      --operation_bytes;
    }
    journal->append(orders.all.back().id.sequence, encoded(orders.all.back()), {});
  }
  // Why it does not open; empty when it does.
  std::string refusal(std::uint32_t configured = replicas) {
    journal.reset();
    const auto opened = open_rocksdb_journal(place(), configured, group);
    return opened ? "" : opened.error();
  }
  void append_raw(Sequence sequence, const std::string& bytes) {
    journal->append(sequence, bytes, {});
    journal->sync();
  }
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

fs::path newest_with(const fs::path& directory, const std::string& extension) {
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == extension && entry.path() > newest) newest = entry.path();
  BOOST_REQUIRE(!newest.empty());
  return newest;
}

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

// A copy of a journal's directory with other bytes in one of its files. Logs are written ahead with zeros, which are
// not copied: a copy is as large as what is in it.
class Damaged {
 public:
  Damaged(const fs::path& original, const std::string& extension, fs::path copy)
      : original_(original), file_(newest_with(original, extension).filename()), copy_(std::move(copy)) {
    content_ = content_of(original / file_);
    content_.resize(content_.find_last_not_of('\0') + 1);
  }

  const std::string& content() const { return content_; }
  const fs::path& with(const std::string& bytes) const {
    fs::remove_all(copy_);
    fs::create_directory(copy_);
    for (const auto& entry : fs::directory_iterator(original_)) {
      const fs::path name = entry.path().filename();
      std::string all = name == file_ ? bytes : content_of(entry.path());
      if (name != file_ && name.extension() == ".log") all.resize(all.find_last_not_of('\0') + 1);
      std::ofstream(copy_ / name, std::ios::binary) << all;
    }
    return copy_;
  }

 private:
  fs::path original_;
  fs::path file_;
  fs::path copy_;
  std::string content_;
};

// A journal in `place` either refuses with a sentence, or holds exactly the first of these orders, at least `least` of
// them. How many; nothing when it refuses.
std::optional<std::size_t> check_prefix(const fs::path& place, const std::vector<Order>& orders, std::size_t least) {
  auto opened = open_rocksdb_journal(place.string(), replicas, group);
  if (!opened) {
    BOOST_TEST(contains(opened.error(), place.string()));
    return std::nullopt;
  }
  const RecoveredJournal found = (*opened)->begin_term();
  const std::size_t count = found.last.sequence.value;
  BOOST_REQUIRE(count <= orders.size());
  BOOST_TEST(count >= least);
  if (count > 0) BOOST_TEST((found.last == orders[count - 1].id));
  for (std::size_t number = 1; number <= orders.size(); ++number) {
    const auto bytes = (*opened)->read(Sequence(number));
    BOOST_TEST(bytes.has_value() == (number <= count));
    if (bytes) BOOST_TEST((*bytes == encoded(orders[number - 1])));
  }
  return count;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(journal, Fixture)

// ---- what comes back

BOOST_AUTO_TEST_CASE(a_new_journal_begins_with_term_one_and_no_order) {
  const RecoveredJournal found = open();
  BOOST_TEST(found.term.value == 1u);
  BOOST_TEST(found.group.value == group.value);
  BOOST_TEST((found.last == OrderIdentity{}));
  BOOST_TEST((found.view.number == ViewNumber(1)));
}

BOOST_AUTO_TEST_CASE(an_order_is_read_as_it_was_appended) {
  open();
  append(Term(1), 3, 100'000);
  for (const Order& order : orders.all) {
    const auto bytes = journal->read(order.id.sequence);
    BOOST_REQUIRE(bytes.has_value());
    BOOST_TEST((*bytes == encoded(order)));
  }
  BOOST_TEST(!journal->read(Sequence(4)).has_value());
  BOOST_TEST(!journal->read(Sequence(0)).has_value());
}

BOOST_AUTO_TEST_CASE(a_reopened_journal_knows_its_last_order) {
  open();
  append(Term(1), 300);
  journal->sync();
  const RecoveredJournal found = open();
  const Order& last = orders.all.back();
  BOOST_TEST((found.last == last.id));
  BOOST_TEST((found.served == last.served));
  BOOST_TEST((found.calendar == last.calendar));
  BOOST_TEST((*journal->read(Sequence(1)) == encoded(orders.all.front())));
}

BOOST_AUTO_TEST_CASE(the_term_grows_with_each_opening) {
  for (std::uint64_t term = 1; term <= 4; ++term) {
    BOOST_TEST(open().term.value == term);
    append(Term(term), 1);
  }
  BOOST_TEST(open().last.sequence.value == 4u);
}

BOOST_AUTO_TEST_CASE(the_group_stays_what_it_was) {
  open(group);
  BOOST_TEST(open(other_group).group.value == group.value);
}

BOOST_AUTO_TEST_CASE(the_newest_view_comes_back_with_everything_in_it) {
  open();
  JournaledView view;
  view.number = ViewNumber(12);
  view.audit_head = "123:0123abcd";
  view.members.resize(replicas);
  view.members[0].state = ReplicaState::quarantined;
  view.members[0].recovery = Recovery(9);
  view.members[0].evictions = 4;
  view.members[0].readmissions = 3;
  view.members[0].last_verdict = LastVerdict{VerdictReason::dissent, Sequence(55), CalendarTime{1'700'000'000'123}};
  view.members[1].state = ReplicaState::evicted;
  view.members[1].held = true;
  JournaledView older = view;
  older.number = ViewNumber(11);
  journal->append(older);
  journal->append(view);
  journal->sync();
  BOOST_TEST((open().view == view));
}

BOOST_AUTO_TEST_CASE(appending_goes_on_after_a_reopening) {
  open();
  append(Term(1), 2);
  open();
  append(Term(2), 2);
  BOOST_TEST(open().last.sequence.value == 4u);
}

// ---- refusals

BOOST_AUTO_TEST_CASE(a_journal_of_another_number_of_replicas_is_refused) {
  open();
  JournaledView view;
  view.members.resize(replicas);
  journal->append(view);
  journal->sync();
  BOOST_TEST(contains(refusal(5), "replicas"));
  BOOST_TEST(refusal(3) == "");
}

// Also when nobody was ever evicted, so that no change of the view was journaled.
BOOST_AUTO_TEST_CASE(a_journal_whose_view_never_changed_is_refused_for_another_number_of_replicas_too) {
  open();
  BOOST_TEST(contains(refusal(5), "replicas"));
  BOOST_TEST(refusal(3) == "");
}

BOOST_AUTO_TEST_CASE(a_journal_in_use_is_refused) {
  open();
  const auto second = open_rocksdb_journal(place(), replicas, group);
  BOOST_REQUIRE(!second);
  BOOST_TEST(contains(second.error(), place()));
}

BOOST_AUTO_TEST_CASE(a_place_that_is_no_directory_is_refused) {
  std::ofstream(place()) << "a file";
  BOOST_TEST(contains(refusal(), place()));
}

BOOST_AUTO_TEST_CASE(a_newest_order_that_makes_no_sense_is_refused) {
  open();
  append(Term(1), 2);
  Order forged = orders.next(Term(1));
  forged.requests[0].operations += 'y';  // not what its chain says
  for (const std::string& bytes :
       {std::string(), std::string("garbage"), encoded(orders.all.back()).substr(0, 40), encoded(forged)}) {
    append_raw(Sequence(3), bytes);
    BOOST_TEST(contains(refusal(), "newest order is damaged"));
    Fixture fresh;
    fresh.open();
    fresh.append(Term(1), 2);
    std::swap(directory.path, fresh.directory.path);
    journal = std::move(fresh.journal);
  }
}

BOOST_AUTO_TEST_CASE(a_newest_order_under_another_number_is_refused) {
  open();
  append(Term(1), 2);
  orders.next(Term(1));
  append_raw(Sequence(3), encoded(orders.next(Term(1))));
  BOOST_TEST(contains(refusal(), "newest order is damaged"));
}

BOOST_AUTO_TEST_CASE(a_message_that_is_no_order_is_refused) {
  open();
  const wire::EncodedMessage message = wire::encode(Message(ClientHello{}));
  append_raw(Sequence(1), std::string(message.header.data(), message.header.size()) + message.body);
  BOOST_TEST(contains(refusal(), "oldest order is damaged"));
}

BOOST_AUTO_TEST_CASE(a_journal_of_another_version_is_refused_and_says_what_to_do) {
  open();
  append(Term(1), 2);
  journal.reset();
  {
    rocksdb::DB* database = nullptr;
    std::vector<std::string> names;
    BOOST_REQUIRE(rocksdb::DB::ListColumnFamilies({}, place(), &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    BOOST_REQUIRE(rocksdb::DB::Open({}, place(), families, &handles, &database).ok());
    BOOST_REQUIRE(database->Delete({}, "S").ok());  // which version 1 did not have
    for (rocksdb::ColumnFamilyHandle* handle : handles) database->DestroyColumnFamilyHandle(handle);
    delete database;
  }
  BOOST_TEST(contains(refusal(), "it has orders of version 1"));
  BOOST_TEST(contains(refusal(), "tally list"));
}

// ---- the mark

BOOST_AUTO_TEST_CASE(a_journal_that_has_all_that_was_stable_opens) {
  open();
  append(Term(1), 10);
  journal->mark_stable(orders.all[6].id);
  open();
  BOOST_TEST((journal->begin_term().last == orders.all.back().id));
}

BOOST_AUTO_TEST_CASE(a_journal_that_lost_a_stable_order_is_refused) {
  open();
  append(Term(1), 10);
  journal->mark_stable(orders.all.back().id);
  const Damaged log(place(), ".log", directory.path / "copy");
  for (std::size_t size = 0; size < log.content().size(); size += 7) {
    auto opened = open_rocksdb_journal(log.with(log.content().substr(0, size)).string(), replicas, group);
    BOOST_REQUIRE(!opened);
    BOOST_TEST(contains(opened.error(), "was stable and is not there"), opened.error());
  }
}

// Found by the simulator: the journal was cut beyond the mark before an order of the new term was
// synced, and the next process refused for the order in it.
BOOST_AUTO_TEST_CASE(what_a_term_begins_with_is_stable_and_marked) {
  open();
  append(Term(1), 10);
  journal->sync();
  journal->mark_stable(orders.all[4].id);
  open();
  BOOST_TEST((StableMark::open(place() + "/stable.mark")->get()->sequence == Sequence(10)));
}

BOOST_AUTO_TEST_CASE(a_mark_remembers_the_newest_place_and_survives_damage_to_one_slot) {
  const std::string path = (directory.path / "mark").string();
  {
    auto mark = StableMark::open(path);
    BOOST_REQUIRE(mark.has_value());
    BOOST_TEST(!mark->get());
    for (std::uint64_t number = 1; number <= 5; ++number) mark->set({Sequence(number), Digest{number, 7}});
  }
  BOOST_TEST((StableMark::open(path)->get() == StablePlace{Sequence(5), Digest{5, 7}}));
  std::set<std::uint64_t> found;
  for (const std::streamoff slot : {0, 32}) {
    fs::copy_file(path, path + "-damaged", fs::copy_options::overwrite_existing);
    std::fstream file(path + "-damaged", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(slot + 9).put('x');
    file.close();
    found.insert(StableMark::open(path + "-damaged")->get()->sequence.value);
  }
  BOOST_TEST((found == std::set<std::uint64_t>{4, 5}));
}

// It is forgotten in whole files, which are made and moved down in the background.
BOOST_AUTO_TEST_CASE(a_cut_frees_the_disk_and_leaves_no_gap) {
  constexpr std::uint64_t count = 800;
  constexpr std::size_t size = 500'000;
  open();
  append(Term(1), count, size);
  BOOST_TEST(journal->bytes() >= count * size);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (journal->bytes() > count * size / 2 && std::chrono::steady_clock::now() < deadline) {
    journal->cut_below(Sequence(count - 10));
    std::this_thread::yield();
  }
  BOOST_TEST(journal->bytes() <= count * size / 2);
  BOOST_TEST(!journal->read(Sequence(1)));
  BOOST_TEST(journal->read(Sequence(count - 10)).has_value());
  const RecoveredJournal found = open();
  BOOST_TEST((found.first > Sequence(1)));
  BOOST_TEST((found.first <= Sequence(count - 10)));
  BOOST_TEST((found.last == orders.all.back().id));
  BOOST_TEST(!journal->scrub(found.first, SIZE_MAX).damaged);
}

BOOST_AUTO_TEST_CASE(what_was_agreed_and_what_became_of_it_comes_back) {
  open();
  append(Term(1), 3);
  const OrderState agreed{orders.all[1].id, {7, 8}};
  journal->append(agreed);
  JournaledView view;
  view.members.resize(replicas);
  view.members[1].since = CalendarTime{1'700'000'000'123};
  view.rollback = {GroupRollback::Stage::halted, Sequence(3), CalendarTime{1'700'000'000'456}};
  view.voided = {Sequence(3), Sequence(9)};
  journal->append(view);
  const RecoveredJournal found = open();
  BOOST_TEST((found.agreed == agreed));
  BOOST_TEST((found.view == view));
}

// ---- scrub

BOOST_AUTO_TEST_CASE(a_scrub_goes_on_where_it_stopped_and_ends_at_the_last_order) {
  open();
  append(Term(1), 10, 1'000);
  Sequence place;
  int steps = 0;
  do {
    const Journal::Scrubbed scrubbed = journal->scrub(place, 3'000);
    BOOST_TEST(!scrubbed.damaged);
    place = scrubbed.next;
    ++steps;
  } while (place.value != 0 && steps < 100);
  BOOST_TEST(steps == 4);
}

BOOST_AUTO_TEST_CASE(a_scrub_finds_an_order_that_is_not_what_was_appended) {
  open();
  append(Term(1), 10);
  std::string bytes = encoded(orders.all[6]);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  append_raw(Sequence(7), bytes);
  BOOST_TEST((journal->scrub(Sequence(1), SIZE_MAX).damaged == Sequence(7)));
  BOOST_TEST(!journal->scrub(Sequence(8), SIZE_MAX).damaged);
}

BOOST_AUTO_TEST_CASE(a_scrub_finds_an_order_that_is_of_another_chain) {
  open();
  append(Term(1), 10);
  Order other = orders.all[6];
  other.served = ServedTime{5};
  other.id.chain = chain_of(other);
  append_raw(Sequence(7), encoded(other));
  BOOST_TEST((journal->scrub(Sequence(1), SIZE_MAX).damaged == Sequence(8)));
}

// ---- files that a crash or a disk left damaged

BOOST_AUTO_TEST_CASE(a_torn_tail_leaves_a_prefix) {
  open();
  append(Term(1), 10);
  journal->sync();
  open();  // the first ten are written anew
  append(Term(2), 12, 5);
  append(Term(2), 3, 40'000);  // across the blocks of a log
  append(Term(2), 12, 100);
  const Damaged log(place(), ".log", directory.path / "copy");
  const std::size_t size = log.content().size();
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 0; cut < size; cut += cut < 1'500 || cut + 3'000 > size ? 97 : 1'999) cuts.push_back(cut);
  cuts.push_back(size);
  std::vector<std::size_t> kept;
  for (const std::size_t cut : cuts) {
    const std::string torn = log.content().substr(0, cut);
    const auto count = check_prefix(log.with(torn), orders.all, 10);
    const auto with_zeros = check_prefix(log.with(torn + std::string(100'000, '\0')), orders.all, 10);
    BOOST_TEST((count == with_zeros), "what was written ahead changes nothing");
    if (count) kept.push_back(*count);
  }
  BOOST_TEST(std::ranges::is_sorted(kept));
  BOOST_TEST(kept.size() > 30u);
  BOOST_TEST(kept.front() == 10u);
  BOOST_TEST(kept.back() == orders.all.size());
}

// What was not synced may reach the disk in any order, and what did not is zeros where the log was written ahead.
BOOST_AUTO_TEST_CASE(a_hole_in_the_log_leaves_what_was_before_it) {
  open();
  append(Term(1), 10);
  open();
  append(Term(2), 400, 500);
  const Damaged log(place(), ".log", directory.path / "copy");
  constexpr std::size_t page = 4'096;
  for (const std::size_t pages : {1, 8, 16})
    for (std::size_t begin = 0; begin + pages * page < log.content().size(); begin += pages * page) {
      std::string holed = log.content();
      holed.replace(begin, pages * page, pages * page, '\0');
      check_prefix(log.with(holed), orders.all, 10);
    }
}

// RocksDB skips a block of zeros, and notices nothing if a record ends before it and another begins after it.
BOOST_AUTO_TEST_CASE(a_hole_of_whole_blocks_between_whole_records_leaves_what_was_before_it) {
  constexpr std::size_t block = 32'768;
  open();
  append(Term(1), 10);
  open();
  append(Term(2), 1);
  append_record(Term(2), block - Damaged(place(), ".log", directory.path / "copy").content().size());
  for (int count = 0; count < 64; ++count) append_record(Term(2), block / 16);
  const Damaged log(place(), ".log", directory.path / "copy");
  BOOST_REQUIRE(log.content().size() > 4 * block);
  BOOST_TEST(log.content().size() == 5 * block);
  std::string holed = log.content();
  holed.replace(2 * block, block, block, '\0');
  const auto count = check_prefix(log.with(holed), orders.all, 10);
  BOOST_REQUIRE(count.has_value());
  BOOST_TEST(*count == 10u + 2 + 16);
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_in_the_log_leaves_a_prefix_or_a_refusal) {
  open();
  append(Term(1), 10);
  open();
  append(Term(2), 20, 50);
  const Damaged log(place(), ".log", directory.path / "copy");
  for (std::size_t place = 0; place < log.content().size(); place += 101) {
    std::string flipped = log.content();
    flipped[place] ^= 0x10;
    check_prefix(log.with(flipped), orders.all, 10);
  }
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_in_what_was_written_anew_is_refused_with_a_sentence_or_does_no_harm) {
  open();
  append(Term(1), 20, 50);
  open();
  journal.reset();
  const Damaged table(place(), ".sst", directory.path / "copy");
  std::size_t refused = 0;
  for (std::size_t place = 0; place < table.content().size(); place += 53) {
    std::string flipped = table.content();
    flipped[place] ^= 0x10;
    refused += check_prefix(table.with(flipped), orders.all, orders.all.size()) ? 0 : 1;
  }
  BOOST_TEST(refused > 0u);
}

BOOST_AUTO_TEST_CASE(a_missing_table_is_refused) {
  open();
  append(Term(1), 20, 50);
  open();
  journal.reset();
  fs::remove(newest_with(place(), ".sst"));
  BOOST_TEST(contains(refusal(), place()));
}

BOOST_AUTO_TEST_SUITE_END()
