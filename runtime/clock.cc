// SPDX-License-Identifier: Apache-2.0
#include "runtime/clock.h"

#include <sys/random.h>
#include <time.h>

#include "protocol/check.h"

namespace tally {
namespace {

timespec read_clock(clockid_t clock) {
  timespec time{};
  CHECK(clock_gettime(clock, &time) == 0);
  return time;
}

}  // namespace

Instant monotonic_now() {
  const timespec time = read_clock(CLOCK_MONOTONIC);
  return {time.tv_sec * 1'000'000'000 + time.tv_nsec};
}

CalendarTime calendar_now() {
  const timespec time = read_clock(CLOCK_REALTIME);
  return {time.tv_sec * 1'000 + time.tv_nsec / 1'000'000};
}

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  CHECK(count <= 256);  // getrandom never returns less for up to 256 bytes
  CHECK(getrandom(bytes.data(), count, 0) == static_cast<ssize_t>(count));
  return bytes;
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  while (number == 0) CHECK(getrandom(&number, sizeof number, 0) == sizeof number);
  return number;
}

}  // namespace tally
