// SPDX-License-Identifier: Apache-2.0
// The entries of a StateChunk. For each one, in byte order of keys: key size u32, key, value size
// u32, value.
#pragma once

#include <string>
#include <string_view>

#include "protocol/bytes.h"
#include "protocol/limits.h"

namespace tally {

// False: there is no room, and nothing was appended.
inline bool append_entry(std::string& entries, std::string_view key, std::string_view value) {
  const std::size_t size = 2 * sizeof(std::uint32_t) + key.size() + value.size();
  if (entries.size() + size > limits::state_chunk_bytes) return false;
  append_sized(entries, key);
  append_sized(entries, value);
  return true;
}

// Calls visit(key, value) for each entry. False: the bytes are no entries with keys that ascend
// from `after` to `through`, or visit returned false.
template <class Visit>
bool visit_entries(std::string_view entries, std::string_view after, std::string_view through, Visit&& visit) {
  ByteReader reader(entries);
  std::string_view last = after;
  while (!reader.rest().empty()) {
    const std::string_view key = reader.sized();
    const std::string_view value = reader.sized();
    if (!reader.ok() || key <= last || !visit(key, value)) return false;
    last = key;
  }
  return entries.empty() || last == through;
}

}  // namespace tally
