// SPDX-License-Identifier: Apache-2.0
// Stdout and stderr of a process as a file of bounded size (law 26): PATH, and PATH.1 with what
// came before.
//
// The process that writes does this, and not `tally up`, which may be stopped while its daemons go
// on. Also, only the writer can change files without losing a line. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>

namespace tally {

class LogFile {
 public:
  static constexpr std::int64_t most_bytes = std::int64_t{16} << 20;  // then it becomes PATH.1

  // Makes the directory, and sends stdout and stderr there from now on; they stay what they were if
  // the file cannot be opened.
  explicit LogFile(std::string path);

  // To be called after each line. Begins a new file if this one is full.
  void look();

 private:
  void redirect();

  std::string path_;
};

}  // namespace tally
