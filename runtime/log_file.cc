// SPDX-License-Identifier: Apache-2.0
#include "runtime/log_file.h"

#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tally {

LogFile::LogFile(std::string path) : path_(std::move(path)) {
  redirect();
  look();
}

void LogFile::look() {
  struct stat about {};
  if (fstat(STDERR_FILENO, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < most_bytes) return;
  std::error_code moved_away;  // somebody else moved it; a new one is made all the same
  std::filesystem::rename(path_, path_ + ".1", moved_away);
  redirect();
}

void LogFile::redirect() {
  std::error_code told_by_open;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), told_by_open);
  const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return;
  std::fflush(stdout);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  close(file);
}

}  // namespace tally
