// SPDX-License-Identifier: Apache-2.0
#include "cli/up/held_up.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace tally::cli {
namespace {

constexpr char runnable = 'R';
constexpr char waits_for_disk = 'D';

// The letter after the program's name, which stands in parentheses and may contain parentheses
// itself; 0 if the thread is gone.
char state_of(const std::filesystem::path& thread) {
  std::ifstream file(thread / "stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos || name_end + 2 >= text.size() ? '\0' : text[name_end + 2];
}

}  // namespace

bool is_held_up(pid_t process) {
  const std::filesystem::path directory = "/proc/" + std::to_string(process);
  if (state_of(directory) == runnable) return true;
  std::error_code gone;
  for (std::filesystem::directory_iterator thread(directory / "task", gone), end; !gone && thread != end;
       thread.increment(gone))
    if (state_of(thread->path()) == waits_for_disk) return true;
  return false;
}

}  // namespace tally::cli
