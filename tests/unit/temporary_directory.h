// SPDX-License-Identifier: Apache-2.0
// A directory of the test's own, which is gone when the test ends.
#pragma once

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <stdlib.h>
#include <string>

namespace tally {

struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tally-test-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(pattern.data()));
    path = pattern;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::filesystem::path path;
};

}  // namespace tally
