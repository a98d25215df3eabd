// SPDX-License-Identifier: Apache-2.0
#include "files/trouble.h"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include "runtime/descriptor.h"

namespace tally {
namespace {

FoundTrouble found(const std::filesystem::path& path, int error) {
  return {trouble_of(error), path.string() + ": " + describe_trouble(error)};
}

}  // namespace

std::string_view words(Trouble trouble) {
  switch (trouble) {
    case Trouble::damaged: return "is missing or damaged";
    case Trouble::no_room: return "there is no room on the disk";
    case Trouble::no_access: return "cannot be accessed";
    case Trouble::no_resources: return "the process has too few descriptors or too little memory";
    case Trouble::locked: return "is used by another process";
  }
  return "is in trouble";
}

Trouble trouble_of(int error) {
  switch (error) {
    case ENOENT:
    case EBADMSG:
    case EUCLEAN: return Trouble::damaged;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Trouble::no_room;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS: return Trouble::no_resources;
    case EAGAIN:
    case EBUSY:
    case ETXTBSY: return Trouble::locked;
    // EACCES, EPERM, EIO, EROFS, ESTALE and whatever else: nothing is known about the content.
    default: return Trouble::no_access;
  }
}

std::string describe_trouble(int error) {
  return std::string(words(trouble_of(error))) + ": " + std::generic_category().message(error);
}

std::system_error file_error(const std::filesystem::path& path, int error) {
  return {error, std::generic_category(), path.string() + ": " + std::string(words(trouble_of(error)))};
}

std::optional<FoundTrouble> find_trouble(const std::filesystem::path& directory) {
  std::error_code failure;
  std::filesystem::directory_iterator entries(directory, failure);
  if (failure) {
    if (failure.value() == ENOENT) return std::nullopt;
    return found(directory, failure.value());
  }
  for (; entries != std::filesystem::directory_iterator(); entries.increment(failure)) {
    if (failure) return found(directory, failure.value());
    if (!entries->is_regular_file(failure)) continue;
    const Descriptor file(open(entries->path().c_str(), O_RDONLY | O_CLOEXEC));
    char byte = 0;
    if (!file && errno == ENOENT) continue;  // it was removed in the meantime
    if (!file || pread(file.get(), &byte, 1, 0) < 0) return found(entries->path(), errno);
  }
  return std::nullopt;
}

}  // namespace tally
