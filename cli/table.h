// SPDX-License-Identifier: Apache-2.0
// A table for people: each column is as wide as its widest cell. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace tally::cli {

using Row = std::vector<std::string>;
// What is printed in place of `padded`, which is `cell` with the spaces behind it.
using Paint = std::function<std::string(std::size_t column, const std::string& cell, const std::string& padded)>;

// `rows`: at least one, all of the same length.
std::string table(const std::vector<Row>& rows, const Paint& paint);

inline constexpr const char* green = "\x1b[32m";
inline constexpr const char* yellow = "\x1b[33m";
inline constexpr const char* red = "\x1b[31m";
inline constexpr const char* plain = "\x1b[0m";

}  // namespace tally::cli
