// SPDX-License-Identifier: Apache-2.0
// tally-forge KEY TRUE FALSE: prints entries, `KEY VALUE` a line, that make up for one entry of a
// state which has the value FALSE in place of TRUE. All of it is in hexadecimal digits.
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "hostile/forgery.h"
#include "protocol/hex.h"
#include "replica/checkpoint.h"

namespace {

std::optional<std::string> bytes_of(std::string_view digits) {
  constexpr std::string_view all = "0123456789abcdef";
  std::string bytes;
  for (std::size_t place = 0; place + 1 < digits.size(); place += 2) {
    const std::size_t high = all.find(digits[place]);
    const std::size_t low = all.find(digits[place + 1]);
    if (high == all.npos || low == all.npos) return std::nullopt;
    bytes += static_cast<char>(high * all.size() + low);
  }
  return digits.size() % 2 == 0 ? std::optional(bytes) : std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fputs("tally-forge KEY TRUE FALSE\n", stderr), 2;
  const auto key = bytes_of(argv[1]);
  const auto right = bytes_of(argv[2]);
  const auto wrong = bytes_of(argv[3]);
  if (!key || !right || !wrong) return std::fputs("these are no hexadecimal digits\n", stderr), 2;
  tally::Digest difference = tally::entry_digest(*key, *right);
  difference -= tally::entry_digest(*key, *wrong);
  const tally::testing::ForgedEntries entries = tally::testing::forge(difference);
  for (const auto& [name, value] : entries)
    std::printf("%s %s\n", tally::to_hex(name).c_str(), tally::to_hex(value).c_str());
  return entries.empty() ? 1 : 0;
}
