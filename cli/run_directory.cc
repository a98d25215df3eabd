// SPDX-License-Identifier: Apache-2.0
#include "cli/run_directory.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <sys/un.h>

#include "cli/files.h"
#include "runtime/process.h"

namespace tally::cli {
namespace {

constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t longest_socket_name = sizeof "/distributor-bridge.sock";
constexpr const char* lock_name = "lock";

Failure usage(const std::string& what) { return {ExitCode::usage, what}; }

std::string reason() { return std::strerror(errno); }

// Who holds the lock, for people; the lock itself is what counts.
std::string owner_of(const std::string& lock_file) {
  std::ifstream stream(lock_file);
  std::string pid;
  return std::getline(stream, pid) && !pid.empty() ? " (pid " + pid + ')' : "";
}

void write_owner(const Descriptor& lock) {
  const std::string pid = std::to_string(getpid()) + '\n';
  if (ftruncate(lock.get(), 0) != 0 || pwrite(lock.get(), pid.data(), pid.size(), 0) < 0) {
    // Only the message to a second `tally up` is poorer for it.
  }
}

}  // namespace

RunDirectory::RunDirectory(std::string path, Descriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}

tl::expected<std::unique_ptr<RunDirectory>, Failure> RunDirectory::claim(const std::string& data) {
  const std::string path = data + "/run";
  for (const std::string& directory : {data, path, data + "/log"})
    if (const auto complaint = keep_private(directory)) return tl::unexpected(usage(*complaint));
  const std::string lock_file = path + '/' + lock_name;
  Descriptor lock(open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, private_file));
  if (!lock) return tl::unexpected(usage(lock_file + ": " + reason()));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return tl::unexpected(usage(lock_file + ": " + reason()));
    return tl::unexpected(usage("another `tally up`" + owner_of(lock_file) + " runs on " + data));
  }
  write_owner(lock);
  std::unique_ptr<RunDirectory> claimed(new RunDirectory(path, std::move(lock)));
  claimed->remove_files();
  return claimed;
}

RunDirectory::~RunDirectory() {
  remove_files();
  if (short_directory_.empty()) return;
  unlink((short_directory_ + "/run").c_str());
  rmdir(short_directory_.c_str());
}

// All but the lock: to remove that would let two in, one with the old file and one with a new one.
void RunDirectory::remove_files() const {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored))
    if (entry.path().filename() != lock_name && !entry.is_directory(ignored))
      std::filesystem::remove(entry.path(), ignored);
}

tl::expected<std::string, Failure> RunDirectory::path_for_sockets() {
  if (path_.size() + longest_socket_name <= longest_socket_path) return path_;
  std::string pattern = "/tmp/tally-XXXXXX";
  if (!mkdtemp(pattern.data())) return tl::unexpected(usage(pattern + ": " + reason()));
  short_directory_ = pattern;
  const std::string link = short_directory_ + "/run";
  if (symlink(path_.c_str(), link.c_str()) != 0) return tl::unexpected(usage(link + ": " + reason()));
  return link;
}

}  // namespace tally::cli
