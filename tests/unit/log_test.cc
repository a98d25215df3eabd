// SPDX-License-Identifier: Apache-2.0
// What a log line looks like, and how many of them there are.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/event_limiter.h"
#include "runtime/log_file.h"
#include "runtime/log_line.h"
#include "temporary_directory.h"

using namespace tally;

namespace {

constexpr Instant start{1'000'000'000'000};

Event connected(std::uint64_t replica) { return Event("replica_connected").with("replica", replica); }

// How many of `count` such events are written.
std::uint32_t admitted(EventLimiter& limiter, const Event& event, std::uint32_t count, Instant now = start) {
  std::uint32_t written = 0;
  for (std::uint32_t number = 0; number < count; ++number) written += limiter.admits(event, now) ? 1 : 0;
  return written;
}

std::string value_of(const std::string& value) {
  const std::string line = as_text(Event("e").with("k", value));
  return line.substr(std::string("e k=").size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_limiter)

BOOST_AUTO_TEST_CASE(the_first_lines_of_an_event_are_written_and_those_beyond_are_not) {
  EventLimiter limiter;
  BOOST_TEST(admitted(limiter, connected(1), 1000) == EventLimiter::lines_of_one_event);
}

BOOST_AUTO_TEST_CASE(one_replica_does_not_hide_what_another_one_does) {
  EventLimiter limiter;
  admitted(limiter, connected(1), 1000);
  BOOST_TEST(limiter.admits(connected(2), start));
  BOOST_TEST(limiter.admits(Event("replica_evicted").with("replica", 1), start));
  admitted(limiter, Event("child_exited").with("role", "bridge"), 1000);
  BOOST_TEST(limiter.admits(Event("child_exited").with("role", "distributor"), start));
}

BOOST_AUTO_TEST_CASE(when_the_period_is_over_the_others_are_told_once) {
  EventLimiter limiter;
  admitted(limiter, connected(3), 1000);
  BOOST_TEST((limiter.suppressed_due() == start + EventLimiter::period));
  BOOST_TEST(limiter.take_suppressed(start + milliseconds(9'999)).empty());
  const auto told = limiter.take_suppressed(start + EventLimiter::period);
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST(as_text(told[0]) == "events_suppressed event=replica_connected replica=3 count=980");
  BOOST_TEST((limiter.suppressed_due() == Instant::never()));
  BOOST_TEST(limiter.take_suppressed(start + EventLimiter::period * 3).empty());
}

BOOST_AUTO_TEST_CASE(it_is_as_severe_as_the_most_severe_that_was_suppressed) {
  EventLimiter limiter;
  admitted(limiter, connected(1), 1000);
  limiter.admits(Event("replica_connected", Severity::error).with("replica", 1), start);
  const auto told = limiter.take_suppressed(start + EventLimiter::period);
  BOOST_REQUIRE(told.size() == 1u);
  BOOST_TEST((told[0].severity == Severity::error));
}

BOOST_AUTO_TEST_CASE(the_next_period_has_its_own_lines) {
  EventLimiter limiter;
  admitted(limiter, connected(1), 1000);
  const Instant next = start + EventLimiter::period;
  limiter.take_suppressed(next);
  BOOST_TEST(admitted(limiter, connected(1), 1000, next) == EventLimiter::lines_of_one_event);
}

BOOST_AUTO_TEST_CASE(whatever_a_peer_does_the_lines_of_a_minute_stay_below_a_megabyte) {
  EventLimiter limiter;
  std::size_t bytes = 0;
  const auto written = [](const Event& event) { return as_json_fields(event).size() + 100; };  // with time and role
  std::vector<Event> events;
  for (std::uint64_t kind = 0; kind < 300; ++kind)
    events.push_back(
        Event("event_" + std::to_string(kind)).with("replica", kind).with("reason", std::string(10'000, '\x1b')));
  for (int tick = 0; tick < 600; ++tick) {
    const Instant now = start + milliseconds(100) * tick;
    for (const Event& event : limiter.take_suppressed(now)) bytes += written(event);
    for (const Event& event : events)
      if (limiter.admits(event, now)) bytes += written(event);
  }
  BOOST_TEST(bytes < 1'000'000u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(log_file)

// In a child: stdout and stderr become the file for good.
BOOST_AUTO_TEST_CASE(a_full_file_becomes_the_one_before_and_no_line_is_lost) {
  const TemporaryDirectory directory;
  const std::string path = directory.path / "log" / "role.log";
  const pid_t child = fork();
  if (child == 0) {
    LogFile log(path);
    for (int megabyte = 0; megabyte < 40; ++megabyte) {
      const std::string line(1 << 20, static_cast<char>('0' + megabyte));
      if (write(STDERR_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(1);
      log.look();
    }
    _exit(0);
  }
  int status = -1;
  BOOST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
  BOOST_TEST(std::filesystem::file_size(path + ".1") == std::uintmax_t{LogFile::most_bytes});
  BOOST_TEST(std::filesystem::file_size(path) == 8u << 20);
  BOOST_TEST(std::ifstream(path).get() == '0' + 32);
  BOOST_TEST(std::ifstream(path + ".1").get() == '0' + 16);
  BOOST_TEST((std::filesystem::status(path).permissions() == (std::filesystem::perms{0600})));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(log_line)

BOOST_AUTO_TEST_CASE(plain_values_stand_as_they_are_and_others_in_quotes) {
  BOOST_TEST(as_text(Event("e").with("a", 1).with("b", "two words").with("c", "")) == "e a=1 b=\"two words\" c=\"\"");
  BOOST_TEST(value_of("x=y") == "\"x=y\"");
  BOOST_TEST(value_of("größe") == "größe");
}

BOOST_AUTO_TEST_CASE(what_moves_the_cursor_or_breaks_the_line_is_escaped) {
  BOOST_TEST(value_of("a\x1b[2Jb") == "\"a\\u001b[2Jb\"");
  BOOST_TEST(value_of("a\rb\nc") == "\"a\\u000db\\u000ac\"");
  BOOST_TEST(value_of("a\x7f") == "\"a\\u007f\"");
  BOOST_TEST(value_of("a\u009b") == "\"a\\u009b\"");
  BOOST_TEST(value_of("a\u2028\u2029") == "\"a\\u2028\\u2029\"");
}

BOOST_AUTO_TEST_CASE(what_turns_the_text_around_is_escaped) {
  BOOST_TEST(value_of("a\u202eb") == "\"a\\u202eb\"");
  BOOST_TEST(value_of("a\u2066\u200f\u061c") == "\"a\\u2066\\u200f\\u061c\"");
}

BOOST_AUTO_TEST_CASE(what_is_no_utf_8_is_escaped_byte_by_byte) {
  BOOST_TEST(value_of("a\xff\xc3") == "\"a\\ufffd\\ufffd\"");
  BOOST_TEST(value_of("\xc0\x80") == "\"\\ufffd\\ufffd\"");
  BOOST_TEST(value_of("\xed\xa0\x80") == "\"\\ufffd\\ufffd\\ufffd\"");
}

BOOST_AUTO_TEST_CASE(json_lines_escape_the_same) {
  BOOST_TEST(as_json_fields(Event("e").with("k", "a\"\\\x1b\xff\u202e")) ==
             "\"event\":\"e\",\"k\":\"a\\\"\\\\\\u001b\\ufffd\\u202e\"");
}

BOOST_AUTO_TEST_CASE(json_lines_have_numbers_where_the_event_has_some) {
  const Event event = Event("e").with("n", -7).with("id", ReplicaId(3)).with("t", "7").with("g", GroupId(10));
  BOOST_TEST(as_json_fields(event) == R"("event":"e","n":-7,"id":3,"t":"7","g":"000000000000000a")");
  const Event too_long = Event("e").with("k", std::string(5000, 'x')).with("n", 1'234'567);
  BOOST_TEST(as_json_fields(too_long).ends_with(",\"n\":\"…\""));  // what is cut is no number any more
}

BOOST_AUTO_TEST_CASE(long_values_are_cut_at_a_character) {
  const std::string line = as_text(Event("e").with("k", std::string(5000, 'x')).with("l", "more"));
  BOOST_TEST(line.size() < log_line_value_bytes + 40);
  BOOST_TEST(escaped("xxxxxx", 5) == "xx…");
  BOOST_TEST(escaped("\x1b\x1b", 8) == "…");
  BOOST_TEST(escaped("xxx", 5) == "xxx");
}

BOOST_AUTO_TEST_SUITE_END()
