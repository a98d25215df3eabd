// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/run_directory.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/disk/lock.h"
#include "cli/files.h"
#include "runtime/process.h"

namespace tally::cli {
namespace {

constexpr std::size_t longest_socket_path = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t longest_socket_name = sizeof "/distributor-bridge.sock";

Failure usage(const std::string& what) { return {ExitCode::usage, what}; }

std::string reason() { return std::strerror(errno); }

Descriptor lock_directory(const std::string& path) {
  Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory && !take_lock(directory)) return {};
  return directory;
}

}  // namespace

RunDirectory::RunDirectory(std::string path, Descriptor lock)
    : path_(std::move(path)), lock_(std::move(lock)), own_lock_(lock_directory(path_)) {}

tl::expected<std::unique_ptr<RunDirectory>, Failure> RunDirectory::claim(const std::string& data) {
  const std::string path = data + "/run";
  std::error_code unknown;
  if (std::filesystem::exists(data, unknown) && !std::filesystem::is_directory(data, unknown))
    return tl::unexpected(usage(data + " is a file, and the data directory must be a directory"));
  for (const std::string& directory : {data, path, data + "/log"})
    if (const auto complaint = keep_private(directory)) return tl::unexpected(usage(*complaint));
  Descriptor lock = lock_directory(data);
  if (!lock) {
    if (errno != EWOULDBLOCK) return tl::unexpected(usage(data + ": " + reason()));
    const auto owner = lock_holder(data);
    return tl::unexpected(
        usage("another `tally up`" + (owner ? " (pid " + std::to_string(*owner) + ')' : "") + " runs on " + data));
  }
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

void RunDirectory::remove_files() const {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored))
    if (!entry.is_directory(ignored)) std::filesystem::remove(entry.path(), ignored);
}

tl::expected<std::string, Failure> RunDirectory::path_for_sockets() {
  if (path_.size() + longest_socket_name <= longest_socket_path) return path_;
  std::string pattern = "/tmp/tally-XXXXXX";
  if (!mkdtemp(pattern.data())) return tl::unexpected(usage(pattern + ": " + reason()));
  short_directory_ = pattern;
  if (const auto complaint = make_link()) return tl::unexpected(usage(*complaint));
  return short_directory_ + "/run";
}

std::optional<std::string> RunDirectory::make_link() {
  const std::string link = short_directory_ + "/run";
  const bool is_new = mkdir(short_directory_.c_str(), S_IRWXU) == 0;
  if (!is_new && errno != EEXIST) return short_directory_ + ": " + reason();
  struct stat about {};  // somebody else may have been quicker
  const bool is_ours = lstat(short_directory_.c_str(), &about) == 0 && S_ISDIR(about.st_mode) &&
                       about.st_uid == geteuid() && (about.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  if (!is_ours) return short_directory_ + " belongs to somebody else";
  if (is_new || !short_lock_) short_lock_ = lock_directory(short_directory_);
  if (symlink(path_.c_str(), link.c_str()) != 0) return link + ": " + reason();
  return std::nullopt;
}

std::optional<std::string> RunDirectory::keep(const std::string& name, std::string text) {
  auto complaint = write_file(path_ + '/' + name, text, private_file);
  files_.insert_or_assign(name, std::move(text));
  return complaint;
}

std::optional<std::string> RunDirectory::look_after() {
  const auto is_there = [](const std::string& path) { return access(path.c_str(), F_OK) == 0; };
  if (!is_there(path_)) {
    if (auto complaint = keep_private(path_)) return complaint;
    own_lock_ = lock_directory(path_);
  }
  for (const auto& [name, text] : files_)
    if (!is_there(path_ + '/' + name))
      if (auto complaint = write_file(path_ + '/' + name, text, private_file)) return complaint;
  if (short_directory_.empty() || is_there(short_directory_ + "/run")) return std::nullopt;
  return make_link();
}

}  // namespace tally::cli
