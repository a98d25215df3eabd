// SPDX-License-Identifier: Apache-2.0
// What goes wrong with files, told apart once for all who keep some: each kind has one behaviour and one line of words.
//
//   damaged       what is there is not what was written, or a part is missing: may be put aside, never overwritten
//   no_room       the disk is full: what is there stays, and writing is tried again later
//   no_access     it may not, or cannot, be read now: that says nothing about what is in it
//   no_resources  the process has too few descriptors or too little memory: likewise
//   locked        another process uses it: refused
//
// Only `damaged` is ever an answer about the content; whose it is says its identity (files/identity.h). The journal,
// the audit log and the replicas' stores all use the words here. Pure but for find_trouble(); any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace tally {

enum class Trouble : std::uint8_t { damaged, no_room, no_access, no_resources, locked };

std::string_view words(Trouble trouble);

// Of a call that failed on something that should be there; `error` is an errno.
Trouble trouble_of(int error);

// One line: the kind in words, and what the system says.
std::string describe_trouble(int error);

// What Directory and File throw; its what() is the path and that line.
std::system_error file_error(const std::filesystem::path& path, int error);

struct FoundTrouble {
  Trouble kind{};
  std::string detail;  // with the path
};
// Whether a directory and each file in it can be read at all, by trying to. Nothing: they can, or it is not there.
std::optional<FoundTrouble> find_trouble(const std::filesystem::path& directory);

}  // namespace tally
