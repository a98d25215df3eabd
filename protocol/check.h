// SPDX-License-Identifier: Apache-2.0
// CHECK: an assertion about our own code that stays on in every build.
//
// A failed CHECK is a bug of tally's, never of a peer or an operator; it prints where and what, and
// aborts. Bad input is refused, dropped and counted instead.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace tally {

[[noreturn]] inline void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, expression);
  std::abort();
}

}  // namespace tally

#define CHECK(expression) \
  (static_cast<bool>(expression) ? void(0) : ::tally::check_failed(#expression, __FILE__, __LINE__))
