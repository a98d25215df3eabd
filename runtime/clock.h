// SPDX-License-Identifier: Apache-2.0
// Where time and randomness come from in a daemon. Cores are handed both of them.
#pragma once

#include <cstdint>
#include <string>

#include "protocol/time.h"

namespace tally {

Instant monotonic_now();
CalendarTime calendar_now();

// From the kernel; never zero.
std::uint64_t random_number();
std::string random_bytes(std::size_t count);

}  // namespace tally
