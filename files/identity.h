// SPDX-License-Identifier: Apache-2.0
// The file `identity` in a directory that a daemon keeps. It says what the directory is, whose it
// is, and to which group it belongs. It is written once, when the directory is made, and checked at
// each start. A directory without it either is not the daemon's or was lost in part, so nothing is
// written to it.
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
  std::string made;  // the time, for people: 2026-11-29T10:00:00Z
  auto operator<=>(const Identity&) const = default;
};

// Lines of text. The last line is a checksum of the lines before it.
std::string encode_identity(const Identity& identity);
std::optional<Identity> decode_identity(std::string_view text);

// Precondition: the directory has the file. Returns nothing if the file is damaged.
std::optional<Identity> find_identity(const Directory& directory);
// Replaces the file as a whole, and syncs its content and its name.
void write_identity(Directory& directory, const Identity& identity);

}  // namespace tally
