// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/expiry_options.h"

#include <string>

#include "bridge/resp/words.h"

namespace tally::bridge::resp {

std::optional<TimeUnit> time_unit_of(std::string_view option) {
  if (is_word(option, "ex")) return TimeUnit{ExpiryKind::after, true};
  if (is_word(option, "px")) return TimeUnit{ExpiryKind::after, false};
  if (is_word(option, "exat")) return TimeUnit{ExpiryKind::at, true};
  if (is_word(option, "pxat")) return TimeUnit{ExpiryKind::at, false};
  return std::nullopt;
}

// A time from now on is added to a date by Redis, and is out of range where that is.
tl::expected<Expiry, std::string> read_expiry(std::string_view number, TimeUnit unit, Past past,
                                              std::string_view command, CalendarTime now) {
  const auto time = parse_integer(number);
  if (!time) return tl::unexpected(std::string(no_integer));
  std::int64_t milliseconds = *time;
  const bool is_past = *time <= 0 && past == Past::refused;
  const bool is_too_large = unit.is_seconds && __builtin_mul_overflow(*time, std::int64_t{1000}, &milliseconds);
  std::int64_t date = 0;
  const bool is_too_late =
      unit.kind == ExpiryKind::after && __builtin_add_overflow(milliseconds, now.unix_milliseconds, &date);
  if (!is_past && !is_too_large && !is_too_late) return Expiry{unit.kind, milliseconds};
  return tl::unexpected("ERR invalid expire time in '" + std::string(command) + "' command");
}

std::optional<Expiry> expiry_of(Session& session, std::string_view number, TimeUnit unit, Past past,
                                std::string_view command) {
  auto expiry = read_expiry(number, unit, past, command, session.host().calendar());
  if (expiry) return *expiry;
  session.error(expiry.error());
  return std::nullopt;
}

}  // namespace tally::bridge::resp
