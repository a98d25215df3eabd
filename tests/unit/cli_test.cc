// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "cli/bench/answer_check.h"
#include "cli/bench/histogram.h"
#include "cli/bench/timeline.h"
#include "cli/quoted.h"
#include "cli/table.h"
#include "cli/time_span.h"
#include "cli/up/restart_pause.h"
#include "cli/up/watchdog.h"

using namespace tally;
using namespace tally::cli;

BOOST_AUTO_TEST_SUITE(cli)

BOOST_AUTO_TEST_CASE(an_empty_histogram_answers_zero) {
  const Histogram histogram;
  BOOST_TEST(histogram.count() == 0u);
  BOOST_TEST(histogram.quantile(0.5) == 0);
  BOOST_TEST(histogram.max() == 0u);
}

BOOST_AUTO_TEST_CASE(small_values_have_buckets_of_their_own) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.add(value);
  BOOST_TEST(histogram.quantile(0.5) == 50);
  BOOST_TEST(histogram.quantile(0.99) == 99);
  BOOST_TEST(histogram.quantile(1) == 100);
}

BOOST_AUTO_TEST_CASE(any_value_is_found_again_within_half_a_percent) {
  for (double value = 1; value < 1e19; value *= 1.37) {
    Histogram histogram;
    const auto nanoseconds = static_cast<std::uint64_t>(value);
    histogram.add(nanoseconds);
    histogram.add(UINT64_MAX);  // so that the maximum does not help
    const double exact = static_cast<double>(nanoseconds);
    BOOST_TEST(std::abs(histogram.quantile(0.5) - exact) <= exact * 0.005, nanoseconds);
  }
}

BOOST_AUTO_TEST_CASE(a_quantile_never_exceeds_the_maximum) {
  Histogram histogram;
  histogram.add(1'000'001, 1000);
  BOOST_TEST(histogram.quantile(0.999) <= 1'000'001);
  BOOST_TEST(histogram.max() == 1'000'001u);
  BOOST_TEST(histogram.count() == 1000u);
}

BOOST_AUTO_TEST_CASE(a_histogram_counts_between_powers_of_two) {
  Histogram histogram;
  histogram.add(1023);
  histogram.add(1024, 2);
  histogram.add(2047, 3);
  histogram.add(2048, 4);
  BOOST_TEST(histogram.between(512, 1024) == 1u);
  BOOST_TEST(histogram.between(1024, 2048) == 5u);
  BOOST_TEST(histogram.between(0, 1u << 20) == 10u);
}

constexpr const char* timeline_heading = "at_s,operations,errors,p50_us,p99_us,max_us,gap_us\n";

BOOST_AUTO_TEST_CASE(a_timeline_has_a_line_for_each_slice_that_ended) {
  Timeline timeline(milliseconds(50));
  BOOST_TEST(timeline.csv() == timeline_heading);
  const Instant begin{seconds(7).nanoseconds};
  timeline.add(begin, {3, 0, microseconds(100), microseconds(100)});
  timeline.add(begin + milliseconds(49), {1, 2, microseconds(100), microseconds(900)});
  BOOST_TEST(timeline.csv() == timeline_heading);
  timeline.add(begin + milliseconds(50), {1, 0, microseconds(1), microseconds(1)});
  BOOST_TEST(timeline.csv() == std::string(timeline_heading) + "7.000000,4,2,100.0,100.0,100.0,900.0\n");
}

BOOST_AUTO_TEST_CASE(a_slice_without_an_answer_is_in_the_timeline) {
  Timeline timeline(milliseconds(10));
  timeline.add(Instant{}, {1, 0, microseconds(5), microseconds(5)});
  timeline.add(Instant{} + milliseconds(25), {0, 1, microseconds(5), microseconds(5)});
  timeline.add(Instant{} + milliseconds(30), {1, 0, milliseconds(30), milliseconds(30)});
  BOOST_TEST(timeline.csv() == std::string(timeline_heading) +
                                   "0.000000,1,0,5.0,5.0,5.0,5.0\n"
                                   "0.010000,0,0,0.0,0.0,0.0,0.0\n"
                                   "0.020000,0,1,0.0,0.0,0.0,0.0\n");
}

BOOST_AUTO_TEST_CASE(the_first_restart_is_immediate_and_pauses_double_up_to_a_cap) {
  RestartPause pause;
  BOOST_TEST(pause.after({}).milliseconds() == 0);
  for (const std::int64_t expected : {100, 200, 400, 800, 1600, 3200, 5000, 5000})
    BOOST_TEST(pause.after(milliseconds(1)).milliseconds() == expected);
}

BOOST_AUTO_TEST_CASE(a_daemon_that_served_for_a_while_is_restarted_at_once) {
  RestartPause pause;
  for (int death = 0; death < 20; ++death) pause.after({});
  BOOST_TEST(pause.after(RestartPause::long_enough).milliseconds() == 0);
  BOOST_TEST(pause.after({}).milliseconds() == 100);
}

BOOST_AUTO_TEST_CASE(a_span_of_time_is_a_whole_number_with_its_unit) {
  for (const auto& [text, milliseconds] :
       std::initializer_list<std::pair<const char*, std::int64_t>>{{"1ms", 1},
                                                                   {"500ms", 500},
                                                                   {"60s", 60'000},
                                                                   {"5m", 300'000},
                                                                   {"1h", 3'600'000},
                                                                   {"30d", 2'592'000'000},
                                                                   {"007s", 7'000},
                                                                   {"9007199254740991ms", 9007199254740991},
                                                                   {"9007199254740s", 9007199254740000}})
    BOOST_TEST(parse_time_span(text).value() == milliseconds, text);
}

BOOST_AUTO_TEST_CASE(what_is_no_span_of_time_is_told_why) {
  const auto refusal = [](std::string_view text) { return parse_time_span(text).error(); };
  for (const char* text : {"", "s", "-1s", "+1s", "1.5h", "1 s", " 1s", "1s ", "1S", "1sec", "1h30m", "x", "0x1s"})
    BOOST_TEST(refusal(text) == "is not a time such as 500ms, 60s, 5m, 1h or 30d", text);
  for (const char* text : {"60", "0"}) BOOST_TEST(refusal(text) == "has no unit: ms, s, m, h or d", text);
  for (const char* text : {"0s", "0ms", "000d"}) BOOST_TEST(refusal(text) == "is no time at all", text);
  for (const char* text : {"9007199254740992ms", "104249992d", "9223372036854775807h", "99999999999999999999s"})
    BOOST_TEST(refusal(text) == "is longer than 9007199254740991ms", text);
}

constexpr Duration interval = milliseconds(600);
constexpr Instant at(std::int64_t ms) { return Instant{} + milliseconds(ms); }

BOOST_AUTO_TEST_CASE(a_daemon_has_half_a_minute_to_get_ready_and_then_an_interval) {
  Pulse pulse(interval, at(0));
  BOOST_TEST((pulse.look(at(29'999)) == Pulse::Finding::well));
  BOOST_TEST((pulse.look(at(30'000)) == Pulse::Finding::hung));
  pulse.ready(at(1'000));
  BOOST_TEST((pulse.look(at(1'599)) == Pulse::Finding::well));
  BOOST_TEST((pulse.look(at(1'600)) == Pulse::Finding::silent));
  pulse.alive(at(1'600));
  BOOST_TEST((pulse.look(at(2'199)) == Pulse::Finding::well));
}

BOOST_AUTO_TEST_CASE(what_holds_a_daemon_up_excuses_it_for_ten_intervals) {
  Pulse pulse(interval, at(0));
  pulse.ready(at(0));
  BOOST_TEST((pulse.look(at(5'999)) == Pulse::Finding::silent));
  BOOST_TEST((pulse.look(at(6'000)) == Pulse::Finding::hung));
}

BOOST_AUTO_TEST_CASE(a_daemon_that_stops_may_be_silent_for_half_a_minute) {
  Pulse pulse(interval, at(0));
  pulse.ready(at(0));
  pulse.stopping(at(100));
  BOOST_TEST((pulse.look(at(30'099)) == Pulse::Finding::well));
  BOOST_TEST((pulse.look(at(30'100)) == Pulse::Finding::hung));
}

BOOST_AUTO_TEST_CASE(who_is_not_watched_never_hangs) {
  Pulse pulse({}, at(0));
  pulse.ready(at(0));
  BOOST_TEST((pulse.look(at(1'000'000)) == Pulse::Finding::well));
}

BOOST_AUTO_TEST_CASE(a_watch_that_looks_late_must_not_judge) {
  Watch watch(interval, at(0));
  BOOST_TEST(watch.look(at(300)));
  BOOST_TEST(!watch.look(at(601)));
  BOOST_TEST(watch.look(at(901)));
}

BOOST_AUTO_TEST_CASE(a_watch_looks_often_and_soon_again_where_somebody_is_overdue) {
  Watch watch(interval, at(0));
  BOOST_TEST(watch.look(at(100)));
  BOOST_TEST((watch.next_look(Instant::never()) == at(250)));
  BOOST_TEST((watch.next_look(at(200)) == at(200)));
  BOOST_TEST((watch.next_look(at(50)) == at(110)));
  BOOST_TEST((Watch({}, at(0)).next_look(at(50)) == Instant::never()));
}

BOOST_AUTO_TEST_CASE(right_answers_pass_in_any_order) {
  AnswerCheck check(2);
  const auto a = check.send(0), b = check.send(0), c = check.send(1);
  check.answered(b, 1);
  check.answered(c, 1);
  check.answered(a, 2);
  const auto d = check.send(0);
  check.answered(d, 3);
  check.final_value(0, 3);
  check.final_value(1, 1);
  BOOST_TEST(check.holds());
}

BOOST_AUTO_TEST_CASE(a_value_that_is_answered_twice_is_found) {
  AnswerCheck check(1);
  const auto a = check.send(0), b = check.send(0);
  check.answered(a, 2);
  check.answered(b, 2);
  BOOST_TEST(check.examples().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_value_outside_what_was_sent_is_found) {
  for (const std::int64_t value : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, std::int64_t{2}, INT64_MAX}) {
    AnswerCheck check(1);
    check.answered(check.send(0), value);
    BOOST_TEST(check.examples().size() == 1u, value);
  }
}

BOOST_AUTO_TEST_CASE(a_value_below_one_answered_before_it_was_sent_is_found) {
  AnswerCheck check(1);
  const auto a = check.send(0), b = check.send(0);
  check.answered(b, 2);
  const auto later = check.send(0);
  check.answered(later, 1);
  check.answered(a, 3);
  BOOST_TEST(check.examples().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_lost_or_doubled_increment_shows_in_the_end) {
  for (const std::int64_t final_value : {0, 2}) {
    AnswerCheck check(1);
    check.answered(check.send(0), 1);
    check.final_value(0, final_value);
    BOOST_TEST(!check.holds());
  }
}

BOOST_AUTO_TEST_CASE(increments_of_unknown_outcome_may_be_counted_and_refused_ones_may_not) {
  for (const std::int64_t final_value : {0, 1, 2, 3, 4}) {
    AnswerCheck check(1);
    check.answered(check.send(0), 1);
    check.unknown(check.send(0));
    check.unknown(check.send(0));
    check.not_applied(check.send(0));
    check.final_value(0, final_value);
    BOOST_TEST(check.holds() == (final_value >= 1 && final_value <= 3), final_value);
  }
}

BOOST_AUTO_TEST_CASE(examples_of_violations_are_few) {
  AnswerCheck check(1);
  for (int wrong = 0; wrong < 1000; ++wrong) check.answered(check.send(0), 0);
  BOOST_TEST(check.examples().size() == 10u);
}

// ---- text from outside

BOOST_AUTO_TEST_CASE(a_quoted_text_stays_what_it_is) {
  BOOST_TEST(quoted("home/1 ä€😀", 100) == "\"home/1 ä€😀\"");
  BOOST_TEST(quoted("", 100) == "\"\"");
  BOOST_TEST(quoted("a\"b\\c", 100) == "\"a\\\"b\\\\c\"");
}

BOOST_AUTO_TEST_CASE(what_a_terminal_would_obey_or_hide_is_quoted_as_bytes) {
  BOOST_TEST(quoted("\x1b[31m\n\x7f", 100) == "\"\\x1b[31m\\x0a\\x7f\"");
  BOOST_TEST(quoted("\u0085", 100) == "\"\\xc2\\x85\"");       // a control character
  BOOST_TEST(quoted("\u202e", 100) == "\"\\xe2\\x80\\xae\"");  // turns text around
  BOOST_TEST(quoted("\u00ad", 100) == "\"\\xc2\\xad\"");       // is not seen
  BOOST_TEST(quoted("\u2028", 100) == "\"\\xe2\\x80\\xa8\"");  // ends a line
  BOOST_TEST(quoted("\U000e0041", 100) == "\"\\xf3\\xa0\\x81\\x81\"");
}

BOOST_AUTO_TEST_CASE(what_is_no_utf8_is_quoted_as_bytes_and_hides_nothing_behind_it) {
  BOOST_TEST(quoted("\xff"
                    "a",
                    100) == "\"\\xffa\"");
  BOOST_TEST(quoted("\xe2\x82", 100) == "\"\\xe2\\x82\"");
  BOOST_TEST(quoted("\xed\xa0\x80", 100) == "\"\\xed\\xa0\\x80\"");
}

BOOST_AUTO_TEST_CASE(a_quoted_text_has_a_bound_and_is_cut_between_characters) {
  BOOST_TEST(quoted("abcdef", 8) == "\"abcdef\"");
  BOOST_TEST(quoted("abcdefg", 8) == "\"abcdef…\"");
  BOOST_TEST(quoted("abcdeä", 8) == "\"abcde…\"");
  BOOST_TEST(quoted("abcd\x1b", 8) == "\"abcd…\"");
}

BOOST_AUTO_TEST_CASE(a_table_has_columns_as_wide_as_their_widest_cells) {
  const auto as_it_is = [](std::size_t, const std::string&, const std::string& padded) { return padded; };
  BOOST_TEST(table({{"a", "long", "z"}, {"wide", "b", "last"}}, as_it_is) == "a     long  z\nwide  b     last\n");
}

BOOST_AUTO_TEST_SUITE_END()
