// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/results.h"

#include <algorithm>
#include <cstdio>

#include "runtime/json_text.h"

namespace tally::cli {
namespace {

std::string milliseconds_of(const std::optional<Duration>& duration) {
  return duration ? std::to_string(duration->milliseconds()) + " ms" : "-";
}

std::optional<std::int64_t> number_of(const std::optional<Duration>& duration) {
  return duration ? std::optional(duration->milliseconds()) : std::nullopt;
}

std::string seconds_of(Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(duration.nanoseconds) / 1e9);
  return text;
}

// Control characters have no place in XML, not even escaped.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    switch (letter) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      default: safe += static_cast<unsigned char>(letter) < ' ' ? '?' : letter;
    }
  }
  return safe;
}

std::string attribute(const char* name, const std::string& value) {
  return std::string(" ") + name + "=\"" + escaped(value) + '"';
}

}  // namespace

std::string results_table(const std::vector<DrillResult>& results, bool colour) {
  std::vector<Row> rows = {{"drill", "answered", "lost", "twice", "order violations", "longest gap", "detected after",
                            "evicted after", "voting again after", "verdict"}};
  const std::size_t verdict_column = rows.front().size() - 1;
  for (const DrillResult& result : results)
    rows.push_back({result.name, std::to_string(result.answered), std::to_string(result.lost),
                    std::to_string(result.twice), std::to_string(result.order_violations),
                    milliseconds_of(result.longest_gap), milliseconds_of(result.detected_after),
                    milliseconds_of(result.evicted_after), milliseconds_of(result.voting_again_after),
                    result.passed() ? "passed" : "FAILED"});
  return table(rows, [&](std::size_t column, const std::string& cell, const std::string& padded) {
    if (!colour || column != verdict_column || cell == "verdict") return padded;
    return (cell == "passed" ? green : red) + padded + plain;
  });
}

std::string results_json(const std::vector<DrillResult>& results) {
  std::string text;
  JsonText json(text);
  json.begin_array();
  for (const DrillResult& result : results) {
    json.begin_object()
        .member("drill", result.name)
        .member("passed", result.passed())
        .member("answered", result.answered)
        .member("refused", result.refused)
        .member("unknown", result.unknown)
        .member("lost", result.lost)
        .member("counted_twice", result.twice)
        .member("order_violations", result.order_violations)
        .member("longest_gap_ms", result.longest_gap.milliseconds())
        .member("detected_after_ms", number_of(result.detected_after))
        .member("evicted_after_ms", number_of(result.evicted_after))
        .member("voting_again_after_ms", number_of(result.voting_again_after))
        .member("seconds", Decimal{static_cast<double>(result.took.nanoseconds) / 1e9, 3});
    json.name("failures").begin_array();
    for (const std::string& failure : result.failures) json.value(failure);
    json.end_array().member("seed", result.seed).end_object();
  }
  json.end_array();
  return text + '\n';
}

std::string results_junit(const std::vector<DrillResult>& results) {
  const auto failed = std::ranges::count_if(results, [](const DrillResult& result) { return !result.passed(); });
  Duration all;
  for (const DrillResult& result : results) all = all + result.took;
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"tally drill\"" +
                     attribute("tests", std::to_string(results.size())) +
                     attribute("failures", std::to_string(failed)) + attribute("time", seconds_of(all)) + ">\n";
  for (const DrillResult& result : results) {
    text += "    <testcase classname=\"tally.drill\"" + attribute("name", result.name) +
            attribute("time", seconds_of(result.took));
    if (result.passed()) {
      text += "/>\n";
      continue;
    }
    text += ">\n      <failure" + attribute("message", result.failures.front()) + '>';
    for (const std::string& failure : result.failures) text += escaped(failure) + '\n';
    text += "seed " + std::to_string(result.seed) + "</failure>\n    </testcase>\n";
  }
  return text + "  </testsuite>\n</testsuites>\n";
}

}  // namespace tally::cli
