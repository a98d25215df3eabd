// SPDX-License-Identifier: Apache-2.0
// The file `identity`: whose journal this is. It is written once, when the journal is made, and checked at each
// opening: a directory without it is not a journal, and nothing but create_journal() makes one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "journal/directory.h"
#include "protocol/messages.h"

namespace tally {

inline constexpr char identity_file[] = "identity";
inline constexpr char unfinished_identity_file[] = "identity.new";

struct JournalIdentity {
  GroupId group;
  std::string made;  // when, for people: 2026-11-29T10:00:00Z
  auto operator<=>(const JournalIdentity&) const = default;
};

// 16 hexadecimal digits.
std::string to_hex(GroupId group);

// Lines of text, the last one a checksum of those before.
std::string encode_identity(const JournalIdentity& identity);
std::optional<JournalIdentity> decode_identity(std::string_view text);

}  // namespace tally
