// SPDX-License-Identifier: Apache-2.0
// The file `identity` of a directory that a daemon keeps: what it is, whose, and of which group. It is written once,
// when the directory is made, and checked at each start: a directory without it is not the daemon's, or was lost in
// part, and nothing is written to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "files/directory.h"
#include "protocol/messages.h"

namespace tally {

inline constexpr char identity_file[] = "identity";
inline constexpr char unfinished_identity_file[] = "identity.new";

struct Identity {
  std::string kind;  // journal, checkpoints, audit
  std::uint32_t format = 1;
  std::string role;  // distributor, replica-2, comparator
  GroupId group;     // zero: not known yet
  std::string made;  // when, for people: 2026-11-29T10:00:00Z
  auto operator<=>(const Identity&) const = default;
};

// 16 hexadecimal digits.
std::string to_hex(GroupId group);

// Lines of text, the last one a checksum of those before.
std::string encode_identity(const Identity& identity);
std::optional<Identity> decode_identity(std::string_view text);

// Of a directory that has the file. Nothing: it is damaged.
std::optional<Identity> find_identity(const Directory& directory);
// Replaces it as a whole, and syncs it and its name.
void write_identity(Directory& directory, const Identity& identity);

}  // namespace tally
