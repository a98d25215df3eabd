// SPDX-License-Identifier: Apache-2.0
// One directory of a file system and the files in it, as the journal and other keepers of files see
// it. The real one is posix_directory.cc; the tests have one that loses what was not synced.
//
// Whatever fails throws std::system_error, whose text names the path and, from the real directory,
// the kind of trouble (files/trouble.h). What was written survives a crash of the machine once
// sync() of the file has succeeded; a file's name survives it once sync() of the directory has
// succeeded.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tally {

// A directory that file systems have at their root. It is nobody's file.
inline constexpr char lost_and_found[] = "lost+found";

class File {
 public:
  virtual ~File() = default;

  virtual std::uint64_t size() const = 0;
  // The bytes from `offset` on. There are fewer than `size` only where the file ends.
  virtual std::string read(std::uint64_t offset, std::size_t size) const = 0;
  // Writes all parts, one behind the other.
  virtual void write(std::uint64_t offset, std::span<const std::string_view> parts) = 0;
  void write(std::uint64_t offset, std::string_view bytes) { write(offset, std::span(&bytes, 1)); }
  virtual void truncate(std::uint64_t size) = 0;
  // Syncs the content, and the size if the file has grown, as fdatasync(2) does.
  virtual void sync() = 0;
  // Says that these bytes will not be read again soon, and that whoever does read them must get
  // them from the disk.
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
  // The file is empty afterwards, even if it existed before.
  virtual std::unique_ptr<File> create(const std::string& name) = 0;
  virtual void rename(const std::string& from, const std::string& to) = 0;
  virtual void remove(const std::string& name) = 0;
  virtual void sync() = 0;
  // Returns false if another process holds the lock on `name`. The lock is held until this object
  // ends.
  virtual bool lock(const std::string& name) = 0;
};

// A directory of the file system, which must exist.
std::unique_ptr<Directory> open_posix_directory(const std::string& path);

}  // namespace tally
