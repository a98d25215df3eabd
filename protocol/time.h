// SPDX-License-Identifier: Apache-2.0
// Logical time. A core never reads a clock: it is handed an Instant by the shell, or by a test that
// owns the clock.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace tally {

struct Duration {
  std::int64_t nanoseconds = 0;
  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator*(std::int64_t factor) const { return {nanoseconds * factor}; }
  constexpr Duration operator/(std::int64_t divisor) const { return {nanoseconds / divisor}; }
  constexpr Duration operator+(Duration other) const { return {nanoseconds + other.nanoseconds}; }
  constexpr std::int64_t milliseconds() const { return nanoseconds / 1'000'000; }
};

constexpr Duration microseconds(std::int64_t count) { return {count * 1'000}; }
constexpr Duration milliseconds(std::int64_t count) { return {count * 1'000'000}; }
constexpr Duration seconds(std::int64_t count) { return {count * 1'000'000'000}; }
constexpr Duration minutes(std::int64_t count) { return seconds(count * 60); }
constexpr Duration hours(std::int64_t count) { return seconds(count * 3600); }

// A point of this process's monotonic clock. Means nothing to another process.
struct Instant {
  std::int64_t nanoseconds = 0;
  constexpr auto operator<=>(const Instant&) const = default;
  constexpr Instant operator+(Duration duration) const { return {nanoseconds + duration.nanoseconds}; }
  constexpr Duration operator-(Instant other) const { return {nanoseconds - other.nanoseconds}; }
  static constexpr Instant never() { return {INT64_MAX}; }
};

// The group's own clock, stamped into orders: how long the group has been serving, in nanoseconds.
// It never jumps: what expires, expires by it, so nothing expires because the group was off.
struct ServedTime {
  std::int64_t nanoseconds = 0;
  constexpr auto operator<=>(const ServedTime&) const = default;
  constexpr ServedTime operator+(Duration duration) const { return {nanoseconds + duration.nanoseconds}; }
  constexpr Duration operator-(ServedTime other) const { return {nanoseconds - other.nanoseconds}; }
};

// Wall-clock time, milliseconds since 1970-01-01 UTC; in orders it never goes backwards.
struct CalendarTime {
  std::int64_t unix_milliseconds = 0;
  constexpr auto operator<=>(const CalendarTime&) const = default;
};

// The present, by both clocks: what is due is told by the one, and what people read by the other.
struct Moment {
  Instant now;
  CalendarTime wall;
};

// 2026-11-23T03:15:00.123Z
std::string rfc3339(CalendarTime time);

}  // namespace tally
