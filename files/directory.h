// SPDX-License-Identifier: Apache-2.0
// One directory of a file system, and files in it, as the journal and other keepers of files see it. The real one is
// posix_directory.cc; the tests have one that loses what was not synced.
//
// Whatever fails throws std::system_error, whose text names the path and, from the real one, the kind of trouble
// (files/trouble.h). What is written is there after a crash of the machine once sync() of the file has succeeded, its
// name once sync() of the directory has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tally {

// What a file system has in its uppermost directory; nobody's file.
inline constexpr char lost_and_found[] = "lost+found";

class File {
 public:
  virtual ~File() = default;

  virtual std::uint64_t size() const = 0;
  // The bytes from `offset` on; fewer than `size` only where the file ends.
  virtual std::string read(std::uint64_t offset, std::size_t size) const = 0;
  // All parts, one behind the other.
  virtual void write(std::uint64_t offset, std::span<const std::string_view> parts) = 0;
  void write(std::uint64_t offset, std::string_view bytes) { write(offset, std::span(&bytes, 1)); }
  virtual void truncate(std::uint64_t size) = 0;
  // Content, and the size where it has grown: fdatasync(2).
  virtual void sync() = 0;
  // What was read is not read again soon; and what is to be read must come from the disk.
  virtual void drop_cache(std::uint64_t offset, std::size_t size) const = 0;
};

class Directory {
 public:
  virtual ~Directory() = default;

  virtual const std::string& path() const = 0;
  virtual std::vector<std::string> names() const = 0;
  bool has(std::string_view name) const { return std::ranges::count(names(), name) > 0; }
  virtual std::unique_ptr<File> open(const std::string& name) const = 0;
  virtual std::unique_ptr<File> open_to_read(const std::string& name) const = 0;
  virtual std::unique_ptr<File> create(const std::string& name) = 0;  // empty, also if there was one
  virtual void rename(const std::string& from, const std::string& to) = 0;
  virtual void remove(const std::string& name) = 0;
  virtual void sync() = 0;
  // False: another process holds `name`. Held until this object ends.
  virtual bool lock(const std::string& name) = 0;
};

// Of the file system. It must be there.
std::unique_ptr<Directory> open_posix_directory(const std::string& path);

}  // namespace tally
