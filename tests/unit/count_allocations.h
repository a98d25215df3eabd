// SPDX-License-Identifier: Apache-2.0
// Counts every allocation that the C++ code of a test program makes. For one source file of a program.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace {
std::size_t allocations = 0;
std::size_t live_bytes = 0;
std::size_t most_live_bytes = 0;
}  // namespace

// Not inline: g++ 12 takes malloc and delete in one function for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* memory = std::malloc(size);
  if (!memory) throw std::bad_alloc();
  ++allocations;
  live_bytes += malloc_usable_size(memory);
  most_live_bytes = std::max(most_live_bytes, live_bytes);
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  if (memory) live_bytes -= malloc_usable_size(memory);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
