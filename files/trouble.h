// SPDX-License-Identifier: Apache-2.0
// The kinds of trouble with files, told apart in one place for everything that keeps files. Each
// kind has one behaviour and one wording:
//
//   damaged       what is there is not what was written, or a part is missing;
//                 it may be put aside, but is never overwritten
//   no_room       the disk is full; what is there stays, and writing is tried again later
//   no_access     it may not, or cannot, be read now; that says nothing about its content
//   no_resources  the process has too few descriptors or too little memory; that says nothing
//                 about the content either
//   locked        another process uses it, so this one refuses
//
// Only `damaged` is a statement about the content. To whom the content belongs is said by its
// identity (files/identity.h). The journal, the audit log and the replicas' stores all use these
// words. Everything but find_trouble() is pure. Any thread may call these functions.
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

// The kind of trouble when a call failed on something that should be there. `error` is an errno.
Trouble trouble_of(int error);

// One line: the kind in words, and what the system says about it.
std::string describe_trouble(int error);

// The exception that Directory and File throw. Its what() is the path and that line.
std::system_error file_error(const std::filesystem::path& path, int error);

struct FoundTrouble {
  Trouble kind{};
  std::string detail;  // names the path
};
// Finds out whether a directory and each file in it can be read at all, by trying to. Returns
// nothing if they can be read, or if the directory does not exist.
std::optional<FoundTrouble> find_trouble(const std::filesystem::path& directory);

}  // namespace tally
