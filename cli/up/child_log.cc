// SPDX-License-Identifier: Apache-2.0
#include "cli/up/child_log.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <unistd.h>

#include "cli/files.h"
#include "runtime/log.h"

namespace tally::cli {

Descriptor open_child_log(const std::string& file) {
  std::error_code told_by_open;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), told_by_open);
  Descriptor log(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, private_file));
  if (log) return log;
  log_event(Event("log_not_opened", Severity::error).with("file", file).with("reason", std::strerror(errno)));
  return Descriptor(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

std::string last_refusal(const std::string& file) {
  constexpr std::size_t searched_lines = 20;
  const std::string lines = last_lines(file, searched_lines);
  for (const std::string_view label : {"reason=\"", "\"reason\":\""}) {
    const std::size_t event = std::max(lines.rfind("refused_to_start") + 1, lines.rfind("refused_to_go_on") + 1);
    const std::size_t begin = event == 0 ? std::string::npos : lines.find(label, event);
    if (begin == std::string::npos) continue;
    const std::size_t end = lines.find_first_of("\"\n", begin + label.size());
    return lines.substr(begin + label.size(), end - begin - label.size());
  }
  std::string last = last_lines(file, 1);
  if (!last.empty()) last.pop_back();
  return last.empty() ? "see " + file : last;
}

}  // namespace tally::cli
