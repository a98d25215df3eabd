// SPDX-License-Identifier: Apache-2.0
// For LD_PRELOAD: a disk on which each of the distributor's syncs takes SLOW_SYNC_MS milliseconds longer; if
// SLOW_SYNC_WHILE names a file, only while that is there.
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

namespace {

void pause_for(long milliseconds) {
  const timespec pause{milliseconds / 1'000, milliseconds % 1'000 * 1'000'000};
  nanosleep(&pause, nullptr);
}

}  // namespace

extern "C" int fdatasync(int descriptor) {
  using Fdatasync = int (*)(int);
  static const auto real = reinterpret_cast<Fdatasync>(dlsym(RTLD_NEXT, "fdatasync"));
  static const char* const slow_ms = std::getenv("SLOW_SYNC_MS");
  static const char* const file = std::getenv("SLOW_SYNC_WHILE");
  const bool is_slow = slow_ms && (!file || access(file, F_OK) == 0);
  if (is_slow && std::strcmp(program_invocation_short_name, "tally-distributor") == 0) pause_for(std::atol(slow_ms));
  return real(descriptor);
}
