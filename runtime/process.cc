// SPDX-License-Identifier: Apache-2.0
#include "runtime/process.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/connection_limit.h"
#include "runtime/log.h"

namespace tally {
namespace {

constexpr mode_t of_others = S_IRWXG | S_IRWXO;

void ignore(std::initializer_list<int> signals) {
  for (const int ignored : signals) signal(ignored, SIG_IGN);
}

}  // namespace

void prepare_process() {
  umask(of_others);
  ignore({SIGPIPE, SIGUSR1, SIGUSR2, SIGXFSZ});
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  raise_descriptor_limit();
}

void prepare_daemon() {
  prepare_process();
  ignore({SIGHUP});
}

void limit_memory(std::uint64_t most_bytes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static_cast<void>(most_bytes);  // their shadow of all memory would count too
#else
  rlimit limit{};
  if (getrlimit(RLIMIT_DATA, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(most_bytes, limit.rlim_max);
  limit.rlim_max = limit.rlim_cur;
  setrlimit(RLIMIT_DATA, &limit);
#endif
}

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

std::optional<std::string> limit_too_small() {
  struct Least {
    decltype(RLIMIT_FSIZE) resource;
    const char* name;
    rlim_t bytes;
  };
  constexpr Least all[] = {{RLIMIT_FSIZE, "of a file's size (ulimit -f)", rlim_t{256} << 20},
                           {RLIMIT_AS, "of address space (ulimit -v)", rlim_t{2048} << 20}};
  for (const Least& least : all) {
    rlimit given{};
    if (getrlimit(least.resource, &given) != 0 || given.rlim_cur >= least.bytes) continue;
    return std::string("the limit ") + least.name + " is " + std::to_string(given.rlim_cur) + " bytes; at least " +
           std::to_string(least.bytes) + " are needed";
  }
  return std::nullopt;
}

std::optional<std::string> keep_private(const std::string& directory) {
  const auto complaint = [&](const std::string& reason) { return directory + ": " + reason; };
  std::error_code error;
  if (std::filesystem::is_symlink(directory, error) && !std::filesystem::exists(directory, error))
    return complaint("it is a link that leads nowhere");
  std::filesystem::create_directories(directory, error);
  if (error) return complaint(error.message());
  struct stat about {};
  if (stat(directory.c_str(), &about) != 0) return complaint(std::strerror(errno));
  if (about.st_uid != geteuid()) {
    const bool others_write = (about.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    return others_write ? std::optional(complaint("it belongs to another user, and others may write in it"))
                        : std::nullopt;
  }
  if ((about.st_mode & of_others) == 0) return std::nullopt;
  if ((about.st_mode & S_ISVTX) != 0) return complaint("all users share it; give tally one of its own");
  if (chmod(directory.c_str(), about.st_mode & S_IRWXU) != 0) return complaint(std::strerror(errno));
  log_event(Event("directory_narrowed", Severity::warning).with("directory", directory));
  return std::nullopt;
}

}  // namespace tally
