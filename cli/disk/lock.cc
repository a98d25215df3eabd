// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/lock.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "runtime/clock.h"

namespace tally::cli {

bool take_lock(const Descriptor& file, Duration patience) {
  constexpr int between_looks_ms = 20;
  const Instant deadline = monotonic_now() + patience;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || monotonic_now() >= deadline) return false;
    poll(nullptr, 0, between_looks_ms);
  }
  return true;
}

// 3: FLOCK  ADVISORY  WRITE 14505 fe:00:11052206 0 EOF
std::optional<std::uint64_t> lock_holder(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) return std::nullopt;
  std::array<char, 64> device{};
  std::snprintf(device.data(), device.size(), "%02x:%02x:%llu", major(about.st_dev), minor(about.st_dev),
                static_cast<unsigned long long>(about.st_ino));
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, advisory, access, file;
    std::uint64_t process = 0;
    if (words >> number >> kind >> advisory >> access >> process >> file && kind == "FLOCK" && file == device.data())
      return process;
  }
  return std::nullopt;
}

}  // namespace tally::cli
