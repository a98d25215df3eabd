// SPDX-License-Identifier: Apache-2.0
#include "cli/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

#include "runtime/descriptor.h"

namespace tally::cli {

std::optional<std::string> write_file(const std::string& path, const std::string& text, mode_t mode) {
  const auto complaint = [&] { return path + ": " + std::strerror(errno); };
  const auto put = [&](const Descriptor& file) {
    return file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  };
  struct stat found {};
  const bool is_there = stat(path.c_str(), &found) == 0;
  if (is_there && !S_ISREG(found.st_mode))  // a device or a pipe stays what it is
    return put(Descriptor(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC))) ? std::nullopt
                                                                                  : std::optional(complaint());
  std::error_code ignored;
  const std::string place = is_there ? std::filesystem::canonical(path, ignored).string() : path;
  const std::string fresh = place + ".new";
  unlink(fresh.c_str());
  const Descriptor file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (put(file) && fchmod(file.get(), mode) == 0 && rename(fresh.c_str(), place.c_str()) == 0) return std::nullopt;
  const std::string problem = complaint();
  if (file) unlink(fresh.c_str());
  return problem;
}

std::string last_lines(const std::string& path, std::size_t lines) {
  constexpr std::streamoff most_bytes = 4096;
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  if (!stream) return {};
  const std::streamoff size = stream.tellg();
  stream.seekg(std::max<std::streamoff>(0, size - most_bytes));
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!text.empty() && text.back() != '\n') text += '\n';
  std::size_t begin = text.size();
  for (std::size_t line = 0; line < lines && begin > 0; ++line) {
    const std::size_t end_before = begin >= 2 ? text.rfind('\n', begin - 2) : std::string::npos;
    begin = end_before == std::string::npos ? 0 : end_before + 1;
  }
  return text.substr(begin);
}

}  // namespace tally::cli
