// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/status_screen.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "cli/commands/state_colour.h"
#include "cli/table.h"

namespace tally::cli {
namespace {

constexpr std::size_t state_width = 14;
constexpr std::size_t now_width = 34;

// A line whose parts may be painted; colours take no column.
class Line {
 public:
  Line(std::size_t columns, bool colour) : left_(columns), colour_(colour) {}

  Line& add(std::string_view text, const char* paint = "") {
    const std::string_view shown = text.substr(0, left_);
    left_ -= shown.size();
    const bool painted = colour_ && *paint != '\0';
    if (painted) text_ += paint;
    text_ += shown;
    if (painted) text_ += plain;
    return *this;
  }
  // To the left in a column of this width, or to the right.
  Line& left(std::string_view text, std::size_t width, const char* paint = "") {
    add(text.substr(0, width), paint);
    return blanks(width - std::min(width, text.size()));
  }
  Line& right(std::string_view text, std::size_t width) {
    return blanks(width - std::min(width, text.size())).add(text);
  }
  // So that `text` ends where the line does.
  Line& at_the_end(std::string_view text) { return right(text, left_); }
  std::string take() { return std::move(text_); }

 private:
  Line& blanks(std::size_t count) { return add(std::string(count, ' ')); }

  std::string text_;
  std::size_t left_;  // columns
  bool colour_;
};

// The mark tells the states apart without colour too.
std::string_view mark_of(ReplicaState state) {
  switch (state) {
    case ReplicaState::voting: return "+ ";
    case ReplicaState::recovering:
    case ReplicaState::probation: return "~ ";
    case ReplicaState::evicted:
    case ReplicaState::quarantined: return "x ";
    case ReplicaState::down: break;
  }
  return "- ";
}

std::string with_tenths(std::int64_t ms) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(std::max<std::int64_t>(ms, 0)) / 1000);
  return text.data();
}

std::string span(std::int64_t ms) {
  constexpr std::int64_t minute = 60'000;
  constexpr std::int64_t hour = 60 * minute;
  if (ms < minute) return with_tenths(ms);
  if (ms < hour) return std::to_string(ms / minute) + " min";
  return std::to_string(ms / hour) + " h";
}

std::string what_happens(const ReplicaStatus& replica, const ClusterStatus& status, CalendarTime now) {
  switch (replica.state) {
    case ReplicaState::voting: return "its votes count";
    case ReplicaState::down: return "no connection";
    case ReplicaState::quarantined: return "waits for an operator";
    case ReplicaState::probation: return "votes are compared, not counted";
    case ReplicaState::recovering:
      return "executes what it missed, " +
             std::to_string(replica.applied.value * 100 / std::max<std::uint64_t>(1, status.sequence.value)) + " %";
    case ReplicaState::evicted: break;
  }
  if (replica.held) return "an operator holds it";
  if (replica.next_try.unix_milliseconds <= now.unix_milliseconds) return "about to recover";
  return "cools down, " + with_tenths(replica.next_try.unix_milliseconds - now.unix_milliseconds) + " left";
}

std::string verdict_of(const LastVerdict& verdict, CalendarTime now) {
  return std::string(to_string(verdict.reason)) + " at order " + std::to_string(verdict.sequence.value) + ", " +
         span(now.unix_milliseconds - verdict.at.unix_milliseconds) + " ago";
}

// Cut between words into lines of at most so many bytes; what is told is ASCII.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (end > width) {
      end = text.rfind(' ', width);
      if (end == std::string_view::npos || end == 0) end = width;
    }
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  return lines;
}

}  // namespace

std::vector<std::string> status_screen(const Glance& glance, std::size_t columns, bool colour) {
  std::vector<std::string> lines;
  const auto line = [&] { return Line(columns, colour); };
  const auto add_text = [&](std::string_view text) {
    for (const std::string& part : wrapped(text, columns)) lines.push_back(part);
  };
  const std::string clock = rfc3339(glance.now).substr(11, 8) + " UTC";
  if (!glance.status) {
    lines.push_back(line().add("tally").at_the_end(clock).take());
    lines.emplace_back();
    add_text("no answer from the distributor yet");
    lines.emplace_back();
    lines.push_back(line().add("q quits").take());
    return lines;
  }
  const ClusterStatus& status = *glance.status;
  lines.push_back(line()
                      .left("tally", 8)
                      .add(glance.silent ? "no answer" : to_string(status.state),
                           glance.silent ? red : colour_of(to_string(status.state)))
                      .at_the_end("term " + std::to_string(status.term.value) + "   view " +
                                  std::to_string(status.view.value) + "   " + clock)
                      .take());
  if (glance.silent)
    add_text("The distributor has not answered for " + span(glance.silent->milliseconds()) +
             "; this is the last that was heard.");
  else if (!status.reason.empty())
    add_text(status.reason + ": " + status.advice);
  lines.emplace_back();

  std::array<char, 32> rate{};
  std::snprintf(rate.data(), rate.size(), "%.0f", glance.operations_per_second.value_or(0));
  lines.push_back(line()
                      .left("orders", 12)
                      .right(std::to_string(status.sequence.value), 14)
                      .add("   decided to ")
                      .add(std::to_string(status.decided.value))
                      .add(", stable to ")
                      .add(std::to_string(status.stable.value))
                      .take());
  lines.push_back(line()
                      .left("operations", 12)
                      .right(glance.operations_per_second ? rate.data() : "-", 14)
                      .add(" per second")
                      .take());
  lines.push_back(line()
                      .left("distributor", 12)
                      .left(to_string(status.distributor_state), 12, colour_of(to_string(status.distributor_state)))
                      .left("comparator", 12)
                      .add(to_string(status.comparator_state), colour_of(to_string(status.comparator_state)))
                      .take());
  lines.emplace_back();
  lines.push_back(line()
                      .left("replica", 8)
                      .left("state", state_width)
                      .left("what happens", now_width)
                      .right("lag", 8)
                      .right("checkpoint", 14)
                      .take());
  for (const ReplicaStatus& replica : status.replicas)
    lines.push_back(line()
                        .left(std::to_string(replica.id.value), 8)
                        .left(std::string(mark_of(replica.state)) + std::string(to_string(replica.state)), state_width,
                              colour_of(to_string(replica.state)))
                        .left(what_happens(replica, status, glance.now), now_width)
                        .right(std::to_string(replica.lag), 8)
                        .right(std::to_string(replica.checkpoint.value), 14)
                        .take());
  lines.emplace_back();
  lines.push_back(line()
                      .left("replica", 8)
                      .right("votes", 12)
                      .right("dissents", 10)
                      .right("silences", 10)
                      .add("   last verdict")
                      .take());
  for (const ReplicaStatus& replica : status.replicas)
    lines.push_back(line()
                        .left(std::to_string(replica.id.value), 8)
                        .right(std::to_string(replica.votes), 12)
                        .right(std::to_string(replica.dissents), 10)
                        .right(std::to_string(replica.silences), 10)
                        .add("   ")
                        .add(replica.last_verdict ? verdict_of(*replica.last_verdict, glance.now) : "none")
                        .take());
  lines.emplace_back();
  lines.push_back(line().add("q quits").take());
  return lines;
}

}  // namespace tally::cli
