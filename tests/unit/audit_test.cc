// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "comparator/audit_chain.h"
#include "comparator/audit_log.h"
#include "protocol/limits.h"
#include "temporary_directory.h"

using namespace tally;
namespace fs = std::filesystem;

namespace {

constexpr CalendarTime noon{1'795'608'000'123};

struct Directory : TemporaryDirectory {
  fs::path log() const { return path / "audit.log"; }
};

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void overwrite(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::istringstream text(content_of(path));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

void write_lines(const fs::path& path, const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  overwrite(path, text);
}

boost::json::object object_in(const std::string& line) { return boost::json::parse(line).as_object(); }

AuditRecord view_record(std::uint64_t number) {
  ViewRecord view;
  view.number = ViewNumber(number);
  view.members = {{ReplicaId(1), MemberRole::voter, Recovery(1), ReplicaState::voting},
                  {ReplicaId(2), MemberRole::observed, Recovery(2), ReplicaState::probation}};
  return {GroupId(0xabc), Term(2), std::move(view)};
}

AuditRecord dissent_record() {
  DissentEvidence evidence;
  evidence.order = {Term(2), Sequence(8), {1, 2}};
  evidence.decided = {{1, 2}, {3, 4}, 2, {5, 6}, "\x01\xff"};
  evidence.votes = {{ReplicaId(1), MemberRole::voter, Difference::none, evidence.decided},
                    {ReplicaId(3), MemberRole::voter, Difference::state, {{1, 2}, {3, 5}, 9000, {7, 8}, std::nullopt}}};
  VerdictRecord verdict{{ReplicaId(3), Recovery(1), VerdictReason::dissent, Sequence(8)},
                        ViewNumber(4),
                        MemberRole::voter,
                        Sequence(7),
                        Sequence(8),
                        std::move(evidence)};
  return {GroupId(0xabc), Term(2), std::move(verdict)};
}

AuditLog opened(const fs::path& path) {
  auto log = AuditLog::open(path);
  BOOST_REQUIRE_MESSAGE(log.has_value(), (log ? "" : log.error()));
  return std::move(*log);
}

AuditHead append(AuditLog& log, const std::vector<AuditRecord>& records) {
  auto head = log.append(records, noon);
  BOOST_REQUIRE_MESSAGE(head.has_value(), (head ? "" : head.error()));
  return *head;
}

// A log of `count` records.
AuditHead written(const fs::path& path, std::uint64_t count) {
  AuditLog log = opened(path);
  for (std::uint64_t number = 1; number <= count; ++number) append(log, {view_record(number)});
  return log.head();
}

// The first bad line, and 0 if there is none.
std::uint64_t bad_line(const fs::path& path, const std::optional<AuditHead>& known = {}) {
  const auto result = verify_audit_file(path, known);
  return result ? 0 : result.error().line;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(audit)

BOOST_AUTO_TEST_CASE(what_is_appended_verifies) {
  const Directory directory;
  const AuditHead head = written(directory.log(), 3);
  const auto result = verify_audit_file(directory.log());
  BOOST_REQUIRE(result.has_value());
  BOOST_TEST(result->head.number == 3u);
  BOOST_TEST((result->head == head));
  BOOST_TEST(result->group.value == 0xabcu);
  BOOST_TEST(result->torn_bytes == 0u);
}

BOOST_AUTO_TEST_CASE(each_line_names_the_hash_of_the_one_before) {
  const Directory directory;
  const AuditHead head = written(directory.log(), 2);
  const auto lines = lines_of(directory.log());
  BOOST_REQUIRE(lines.size() == 2u);
  BOOST_TEST(std::string(object_in(lines[0]).at("previous").as_string()) == no_previous_hash());
  BOOST_TEST(object_in(lines[1]).at("previous") == object_in(lines[0]).at("hash"));
  BOOST_TEST(std::string(object_in(lines[1]).at("hash").as_string()) == head.hash);
}

BOOST_AUTO_TEST_CASE(a_record_says_where_when_and_what) {
  const Directory directory;
  AuditLog log = opened(directory.log());
  append(log, {AuditRecord{GroupId(0xabc), Term(2), StartRecord{Incarnation(16), 99, 3}}, view_record(4)});
  const auto lines = lines_of(directory.log());
  const auto start = object_in(lines.at(0));
  BOOST_TEST(start.at("number").to_number<int>() == 1);
  BOOST_TEST(std::string(start.at("at").as_string()) == "2026-11-25T12:00:00.123Z");
  BOOST_TEST(std::string(start.at("kind").as_string()) == "start");
  BOOST_TEST(std::string(start.at("group").as_string()) == "0000000000000abc");
  BOOST_TEST(std::string(start.at("comparator").as_string()) == "0000000000000010");
  const auto view = object_in(lines.at(1));
  BOOST_TEST(std::string(view.at("kind").as_string()) == "view");
  BOOST_TEST(view.at("term").to_number<int>() == 2);
  BOOST_TEST(view.at("view").to_number<int>() == 4);
  BOOST_TEST(std::string(view.at("members").as_array().at(1).at("role").as_string()) == "observed");
  BOOST_TEST(std::string(view.at("members").as_array().at(1).at("state").as_string()) == "probation");
}

BOOST_AUTO_TEST_CASE(a_verdict_has_its_evidence) {
  const Directory directory;
  AuditLog log = opened(directory.log());
  append(log, {dissent_record()});
  const auto verdict = object_in(lines_of(directory.log()).at(0));
  BOOST_TEST(std::string(verdict.at("kind").as_string()) == "verdict");
  BOOST_TEST(std::string(verdict.at("reason").as_string()) == "dissent");
  BOOST_TEST(verdict.at("replica").to_number<int>() == 3);
  BOOST_TEST(verdict.at("last_agreed").to_number<int>() == 7);
  BOOST_TEST(std::string(verdict.at("evidence").at("decided").at("results").as_string()) == "01ff");
  const auto& wrong = verdict.at("evidence").at("votes").as_array().at(1).as_object();
  BOOST_TEST(std::string(wrong.at("differs_in").as_string()) == "state");
  BOOST_TEST(std::string(wrong.at("state").as_string()) == "00000000000000030000000000000005");
  BOOST_TEST(wrong.at("results").is_null());
  BOOST_TEST(wrong.at("results_size").to_number<int>() == 9000);
}

BOOST_AUTO_TEST_CASE(a_silence_has_its_misses) {
  const Directory directory;
  AuditLog log = opened(directory.log());
  VerdictRecord verdict;
  verdict.verdict.reason = VerdictReason::silence;
  verdict.evidence = SilenceEvidence{{Sequence(4), Sequence(6)}};
  append(log, {{GroupId(1), Term(1), verdict}});
  const auto object = object_in(lines_of(directory.log()).at(0));
  BOOST_TEST(object.at("evidence").at("missed").as_array().at(1).to_number<int>() == 6);
}

BOOST_AUTO_TEST_CASE(an_order_without_a_majority_has_all_its_votes) {
  const Directory directory;
  AuditLog log = opened(directory.log());
  UndecidedRecord undecided;
  undecided.order = {Term(2), Sequence(8), {1, 2}};
  undecided.view = ViewNumber(4);
  undecided.votes = {
      {ReplicaId(1), MemberRole::voter, Difference::none, {{1, 2}, {3, 4}, 2, {5, 6}, "\x01\xff"}},
      {ReplicaId(3), MemberRole::observed, Difference::none, {{1, 2}, {3, 5}, 9000, {7, 8}, std::nullopt}}};
  append(log, {view_record(4), {GroupId(0xabc), Term(2), std::move(undecided)}});
  const auto record = object_in(lines_of(directory.log()).at(1));
  BOOST_TEST(std::string(record.at("kind").as_string()) == "undecided");
  BOOST_TEST(record.at("term").to_number<int>() == 2);
  BOOST_TEST(record.at("view").to_number<int>() == 4);
  BOOST_TEST(record.at("sequence").to_number<int>() == 8);
  BOOST_TEST(std::string(record.at("chain").as_string()) == "00000000000000010000000000000002");
  const auto& votes = record.at("votes").as_array();
  BOOST_REQUIRE(votes.size() == 2u);
  BOOST_TEST(votes.at(0).at("replica").to_number<int>() == 1);
  BOOST_TEST(std::string(votes.at(0).at("results").as_string()) == "01ff");
  BOOST_TEST(std::string(votes.at(0).at("differs_in").as_string()) == "none");
  BOOST_TEST(std::string(votes.at(1).at("role").as_string()) == "observed");
  BOOST_TEST(std::string(votes.at(1).at("state").as_string()) == "00000000000000030000000000000005");
  BOOST_TEST(bad_line(directory.log()) == 0u);
}

BOOST_AUTO_TEST_CASE(a_log_goes_on_where_it_ended) {
  const Directory directory;
  const AuditHead before = written(directory.log(), 2);
  AuditLog log = opened(directory.log());
  BOOST_TEST((log.head() == before));
  BOOST_TEST(log.group().value == 0xabcu);
  BOOST_TEST(log.take_events().empty());
  append(log, {view_record(3)});
  BOOST_TEST(bad_line(directory.log()) == 0u);
  BOOST_TEST(log.head().number == 3u);
}

// For those who watch.
BOOST_AUTO_TEST_CASE(lines_are_given_out_once_as_they_are_in_the_file) {
  const Directory directory;
  AuditLog log = opened(directory.log());
  append(log, {view_record(1), dissent_record()});
  append(log, {view_record(3)});
  const auto records = log.take_tail().after(0);
  const auto lines = lines_of(directory.log());
  BOOST_REQUIRE(records.size() == 3u);
  for (std::size_t place = 0; place < 3; ++place) {
    BOOST_TEST(records[place].number == place + 1);
    BOOST_TEST(records[place].line == lines[place]);
    BOOST_TEST(records[place].hash == std::string(object_in(lines[place]).at("hash").as_string()));
  }
  BOOST_TEST(log.take_tail().after(0).empty());
}

BOOST_AUTO_TEST_CASE(a_log_that_goes_on_begins_with_its_newest_lines) {
  const Directory directory;
  written(directory.log(), limits::observed_records + 5);
  AuditLog log = opened(directory.log());
  const auto records = log.take_tail().after(0);
  const auto lines = lines_of(directory.log());
  BOOST_REQUIRE(records.size() == limits::observed_records);
  BOOST_TEST(records.front().line == lines[5]);
  BOOST_TEST(records.back().number == lines.size());
  BOOST_TEST(records.back().hash == log.head().hash);
}

BOOST_AUTO_TEST_CASE(a_line_that_is_not_on_disk_is_not_given_out) {
  const Directory directory;
  AuditLog log = opened(directory.log());
  append(log, {view_record(1)});
  log.take_tail();
  AuditRecord other = view_record(2);
  other.group = GroupId(0xdef);
  BOOST_TEST(!log.append(std::vector{view_record(2), other}, noon).has_value());
  BOOST_TEST(log.take_tail().after(0).empty());
}

BOOST_AUTO_TEST_CASE(a_torn_last_line_is_cut_told_and_noted) {
  const Directory directory;
  const AuditHead before = written(directory.log(), 2);
  const std::string whole = content_of(directory.log());
  overwrite(directory.log(), whole + lines_of(directory.log())[1].substr(0, 40));
  BOOST_REQUIRE(verify_audit_file(directory.log()).has_value());
  BOOST_TEST(verify_audit_file(directory.log())->torn_bytes == 40u);
  AuditLog log = opened(directory.log());
  BOOST_TEST(content_of(directory.log()) == whole);
  BOOST_TEST((log.head() == before));
  const auto events = log.take_events();
  BOOST_REQUIRE(events.size() == 1u);
  BOOST_TEST(events[0].name == "audit_torn_line_cut");
  append(log, {view_record(3), view_record(4)});
  BOOST_TEST(object_in(lines_of(directory.log()).at(2)).contains("note"));
  BOOST_TEST(!object_in(lines_of(directory.log()).at(3)).contains("note"));
  BOOST_TEST(bad_line(directory.log()) == 0u);
}

BOOST_AUTO_TEST_CASE(every_way_to_tear_the_last_line_leaves_the_records_before) {
  const Directory directory;
  written(directory.log(), 2);
  const std::string whole = content_of(directory.log());
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t size = first; size < whole.size(); ++size) {
    overwrite(directory.log(), whole.substr(0, size));
    BOOST_REQUIRE(opened(directory.log()).head().number == 1u);
    BOOST_REQUIRE(fs::file_size(directory.log()) == first);
  }
}

BOOST_AUTO_TEST_CASE(a_tail_of_zeros_after_a_crash_is_torn) {
  const Directory directory;
  written(directory.log(), 2);
  overwrite(directory.log(), content_of(directory.log()) + std::string(4096, '\0'));
  BOOST_TEST(opened(directory.log()).head().number == 2u);
}

BOOST_AUTO_TEST_CASE(any_changed_byte_is_found_in_its_line) {
  const Directory directory;
  written(directory.log(), 3);
  const std::string whole = content_of(directory.log());
  const std::size_t second = whole.find('\n') + 1;
  const std::size_t third = whole.find('\n', second) + 1;
  for (std::size_t at = second; at + 1 < third; ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    std::istringstream text(changed);
    const auto result = verify_audit(text);
    BOOST_REQUIRE(!result.has_value());
    BOOST_REQUIRE(result.error().line == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_removed_line_is_found) {
  const Directory directory;
  written(directory.log(), 4);
  auto lines = lines_of(directory.log());
  lines.erase(lines.begin() + 1);
  write_lines(directory.log(), lines);
  BOOST_TEST(bad_line(directory.log()) == 2u);
  lines = {lines.begin() + 1, lines.end()};
  write_lines(directory.log(), lines);
  BOOST_TEST(bad_line(directory.log()) == 1u);
}

BOOST_AUTO_TEST_CASE(reordered_and_doubled_lines_are_found) {
  const Directory directory;
  written(directory.log(), 4);
  const auto lines = lines_of(directory.log());
  write_lines(directory.log(), {lines[0], lines[2], lines[1], lines[3]});
  BOOST_TEST(bad_line(directory.log()) == 2u);
  write_lines(directory.log(), {lines[0], lines[1], lines[1]});
  BOOST_TEST(bad_line(directory.log()) == 3u);
}

BOOST_AUTO_TEST_CASE(a_line_of_another_log_does_not_fit) {
  const Directory directory;
  written(directory.log(), 2);
  const auto lines = lines_of(directory.log());
  fs::remove(directory.log());
  {
    AuditLog log = opened(directory.log());
    append(log, {view_record(7)});
  }
  write_lines(directory.log(), {lines_of(directory.log())[0], lines[1]});
  BOOST_TEST(bad_line(directory.log()) == 2u);
}

BOOST_AUTO_TEST_CASE(a_cut_tail_shows_against_a_known_head) {
  const Directory directory;
  const AuditHead head = written(directory.log(), 4);
  auto lines = lines_of(directory.log());
  BOOST_TEST(bad_line(directory.log(), head) == 0u);
  lines.pop_back();
  write_lines(directory.log(), lines);
  BOOST_TEST(bad_line(directory.log()) == 0u);
  BOOST_TEST(bad_line(directory.log(), head) == 4u);
}

BOOST_AUTO_TEST_CASE(a_rewritten_log_shows_against_a_known_head) {
  const Directory directory;
  const AuditHead head = written(directory.log(), 2);
  fs::remove(directory.log());
  AuditLog log = opened(directory.log());
  append(log, {view_record(9), view_record(10), view_record(11)});
  BOOST_TEST(bad_line(directory.log()) == 0u);
  BOOST_TEST(bad_line(directory.log(), head) == 2u);
}

BOOST_AUTO_TEST_CASE(a_broken_log_is_kept_and_a_new_one_begun) {
  const Directory directory;
  for (const std::string kept : {"audit.log.broken-1", "audit.log.broken-2"}) {
    written(directory.log(), 3);
    std::string damaged = content_of(directory.log());
    damaged[20] = static_cast<char>(damaged[20] ^ 4);
    overwrite(directory.log(), damaged);
    AuditLog log = opened(directory.log());
    BOOST_TEST(log.head().number == 0u);
    const auto events = log.take_events();
    BOOST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].name == "audit_chain_broken");
    BOOST_TEST(content_of(directory.path / kept) == damaged);
    append(log, {view_record(1)});
    const std::string note(object_in(lines_of(directory.log()).at(0)).at("note").as_string());
    BOOST_TEST(note.find(kept) != std::string::npos);
    BOOST_TEST(bad_line(directory.log()) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(a_log_of_another_group_is_refused) {
  const Directory directory;
  written(directory.log(), 1);
  BOOST_TEST(!AuditLog::open(directory.log(), GroupId(1)).has_value());
  AuditLog log = std::move(*AuditLog::open(directory.log(), GroupId(0xabc)));
  AuditRecord other = view_record(2);
  other.group = GroupId(1);
  BOOST_TEST(!log.append(std::vector{other}, noon).has_value());
  BOOST_TEST(bad_line(directory.log()) == 0u);
}

BOOST_AUTO_TEST_CASE(two_comparators_never_write_one_log) {
  const Directory directory;
  const AuditLog log = opened(directory.log());
  BOOST_TEST(!AuditLog::open(directory.log()).has_value());
}

BOOST_AUTO_TEST_CASE(an_empty_file_is_a_log_and_a_missing_one_is_not) {
  const Directory directory;
  BOOST_TEST(!verify_audit_file(directory.log()).has_value());
  overwrite(directory.log(), "");
  BOOST_REQUIRE(verify_audit_file(directory.log()).has_value());
  BOOST_TEST((verify_audit_file(directory.log())->head == AuditHead()));
  BOOST_TEST(!AuditLog::open(directory.path / "missing" / "audit.log").has_value());
}

BOOST_AUTO_TEST_CASE(a_log_that_cannot_be_read_is_not_called_broken) {
  const Directory directory;
  fs::create_directory(directory.log());  // opens, and each read of it fails
  const auto verified = verify_audit_file(directory.log());
  BOOST_REQUIRE(!verified.has_value());
  BOOST_TEST(verified.error().line == 0U);
  BOOST_TEST(verified.error().why == "cannot be accessed: Is a directory");
  BOOST_TEST(!AuditLog::open(directory.log()).has_value());
  BOOST_TEST(fs::is_directory(directory.log()));  // nothing was put aside
}

BOOST_AUTO_TEST_CASE(a_head_survives_being_text) {
  const AuditHead head{17, "abc"};
  BOOST_TEST((audit_head_from(to_text(head)) == head));
  BOOST_TEST((audit_head_from(to_text(AuditHead())) == AuditHead()));
  for (const std::string_view text : {"x", ":", "17", "0:abc", "-1:abc", "99999999999999999999:abc"})
    BOOST_TEST(!audit_head_from(text).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
