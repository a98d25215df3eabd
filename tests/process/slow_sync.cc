// SPDX-License-Identifier: Apache-2.0
// For LD_PRELOAD: a disk on which each of the distributor's syncs takes SLOW_SYNC_MS milliseconds longer.
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <errno.h>
#include <time.h>

extern "C" int fdatasync(int descriptor) {
  using Fdatasync = int (*)(int);
  static const auto real = reinterpret_cast<Fdatasync>(dlsym(RTLD_NEXT, "fdatasync"));
  static const char* const slow_ms = std::getenv("SLOW_SYNC_MS");
  if (slow_ms && std::strcmp(program_invocation_short_name, "tally-distributor") == 0) {
    const long nanoseconds = std::atol(slow_ms) * 1'000'000;
    const timespec pause{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    nanosleep(&pause, nullptr);
  }
  return real(descriptor);
}
