// SPDX-License-Identifier: Apache-2.0
#include "files/aside.h"

namespace tally {

tl::expected<std::filesystem::path, std::string> free_aside_name(const std::filesystem::path& path,
                                                                 std::string_view word, unsigned most) {
  std::error_code unreadable;
  for (unsigned number = 1; number <= most; ++number) {
    std::filesystem::path name = path;
    name.concat(".").concat(word).concat("-" + std::to_string(number));
    if (std::filesystem::symlink_status(name, unreadable).type() == std::filesystem::file_type::not_found) return name;
  }
  return tl::unexpected(path.string() + ": " + std::to_string(most) + " were put aside already; `tally aside remove`");
}

}  // namespace tally
