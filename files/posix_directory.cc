// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

#include "files/directory.h"
#include "files/trouble.h"
#include "protocol/check.h"
#include "runtime/descriptor.h"

namespace tally {
namespace {

[[noreturn]] void fail(const std::string& path) { throw file_error(path, errno); }

Descriptor open_file(const std::string& path, int flags) {
  Descriptor file(open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!file) fail(path);
  return file;
}

class PosixFile : public File {
 public:
  PosixFile(const std::string& path, int flags) : path_(path), file_(open_file(path, flags)) {}

  std::uint64_t size() const override {
    struct stat status {};
    if (fstat(file_.get(), &status) != 0) fail(path_);
    return static_cast<std::uint64_t>(status.st_size);
  }

  std::string read(std::uint64_t offset, std::size_t size) const override {
    std::string bytes(size, 0);
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got = pread(file_.get(), bytes.data() + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

  void write(std::uint64_t offset, std::span<const std::string_view> parts) override {
    std::array<iovec, 8> rest;
    CHECK(parts.size() <= rest.size());
    std::size_t left = 0;
    for (std::size_t place = 0; place < parts.size(); ++place) {
      rest[place] = {const_cast<char*>(parts[place].data()), parts[place].size()};
      left += parts[place].size();
    }
    iovec* next = rest.data();
    iovec* const end = next + parts.size();
    while (left > 0) {
      const ssize_t wrote = pwritev(file_.get(), next, static_cast<int>(end - next), static_cast<off_t>(offset));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) fail(path_);
      auto gone = static_cast<std::size_t>(wrote);
      left -= gone;
      offset += gone;
      for (; gone > 0; ++next) {  // a short write may end in the middle of a part
        const std::size_t part = std::min(gone, next->iov_len);
        next->iov_base = static_cast<char*>(next->iov_base) + part;
        next->iov_len -= part;
        gone -= part;
        if (next->iov_len > 0) break;
      }
    }
  }

  void truncate(std::uint64_t size) override {
    if (ftruncate(file_.get(), static_cast<off_t>(size)) != 0) fail(path_);
  }

  void sync() override {
    if (fdatasync(file_.get()) != 0) fail(path_);
  }

  void drop_cache(std::uint64_t offset, std::size_t size) const override {
    posix_fadvise(file_.get(), static_cast<off_t>(offset), static_cast<off_t>(size), POSIX_FADV_DONTNEED);
  }

 private:
  std::string path_;
  Descriptor file_;
};

class PosixDirectory : public Directory {
 public:
  explicit PosixDirectory(const std::string& path) : path_(path), directory_(open_file(path, O_RDONLY | O_DIRECTORY)) {}

  const std::string& path() const override { return path_; }

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    std::error_code failure;
    std::filesystem::directory_iterator entries(path_, failure);
    for (; !failure && entries != std::filesystem::directory_iterator(); entries.increment(failure))
      names.push_back(entries->path().filename());
    if (failure) throw file_error(path_, failure.value());
    std::ranges::sort(names);
    return names;
  }
  std::unique_ptr<File> open(const std::string& name) const override {
    return std::make_unique<PosixFile>(path_of(name), O_RDWR);
  }
  std::unique_ptr<File> open_to_read(const std::string& name) const override {
    return std::make_unique<PosixFile>(path_of(name), O_RDONLY);
  }
  std::unique_ptr<File> create(const std::string& name) override {
    return std::make_unique<PosixFile>(path_of(name), O_RDWR | O_CREAT | O_TRUNC);
  }
  void rename(const std::string& from, const std::string& to) override {
    if (::rename(path_of(from).c_str(), path_of(to).c_str()) != 0) fail(path_of(from));
  }
  void remove(const std::string& name) override {
    if (unlink(path_of(name).c_str()) != 0) fail(path_of(name));
  }
  void sync() override {
    if (fsync(directory_.get()) != 0) fail(path_);
  }
  bool lock(const std::string& name) override {
    Descriptor file = open_file(path_of(name), O_RDONLY);
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return false;
      fail(path_of(name));
    }
    locks_.push_back(std::move(file));
    return true;
  }

 private:
  std::string path_of(const std::string& name) const { return path_ + '/' + name; }

  std::string path_;
  Descriptor directory_;
  std::vector<Descriptor> locks_;
};

}  // namespace

std::unique_ptr<Directory> open_posix_directory(const std::string& path) {
  return std::make_unique<PosixDirectory>(path);
}

}  // namespace tally
