// SPDX-License-Identifier: Apache-2.0
// A process's stdout and stderr as a file of bounded size (law 26): PATH, and PATH.1 with what came before.
//
// The process that writes does it, not `tally up`: that may be stopped while its daemons go on, and only the writer
// changes files without losing a line. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

namespace tally {

class LogFile {
 public:
  static constexpr std::int64_t most_bytes = std::int64_t{16} << 20;  // then it becomes PATH.1

  // stdout and stderr go there from now on; they stay what they were if it cannot be opened. Makes the directory.
  explicit LogFile(std::string path);

  // After each line: begins a new file if this one is full.
  void look();

 private:
  void redirect();

  std::string path_;
};

}  // namespace tally
