// SPDX-License-Identifier: Apache-2.0
// What every fuzz target shares. A target is one file with one function that takes any bytes, and
// must neither crash nor fail a CHECK. libFuzzer makes up the bytes (scripts/fuzz). The files in
// corpus/ are replayed in every test (replay.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/check.h"  // here a property that does not hold is a bug of ours

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace tally::fuzz {

// The number of inputs that the decoder accepted. A corpus without any would test nothing but
// refusals.
inline std::size_t accepted_inputs = 0;
inline void accepted() { ++accepted_inputs; }

inline std::string_view bytes_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace tally::fuzz
