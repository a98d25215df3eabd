// SPDX-License-Identifier: Apache-2.0
// What is wrong with a configuration as a whole, though each value alone is allowed: addresses,
// endpoints, and values that must fit together. It finds what a start would find, as far as that
// can be known on any machine. Pure.
#pragma once

#include <string>
#include <vector>

#include "runtime/config.h"

namespace tally {

struct KeyComplaint {
  std::string key;
  std::string what;  // the rest of a sentence that begins with the key
};

// Endpoints that were left empty must be filled in.
std::vector<KeyComplaint> check_whole(const Config& config);

}  // namespace tally
