// SPDX-License-Identifier: Apache-2.0
#include "replica/checkpoint.h"

#include <cstring>

namespace tally {

Digest entry_digest(std::string_view key, std::string_view value) {
  const auto size = static_cast<std::uint32_t>(key.size());
  char prefix[sizeof size];
  std::memcpy(prefix, &size, sizeof size);
  return digest_of_parts({{prefix, sizeof prefix}, key, value});
}

}  // namespace tally
