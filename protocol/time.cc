// SPDX-License-Identifier: Apache-2.0
#include "protocol/time.h"

#include <cstdio>
#include <ctime>

namespace tally {

std::string rfc3339(CalendarTime time) {
  std::int64_t milliseconds = time.unix_milliseconds % 1000;
  if (milliseconds < 0) milliseconds += 1000;
  const std::time_t seconds = (time.unix_milliseconds - milliseconds) / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char date[40];
  const std::size_t size = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(milliseconds));
  return std::string(date, size) + fraction;
}

}  // namespace tally
