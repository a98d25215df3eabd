// SPDX-License-Identifier: Apache-2.0
#include "protocol/hex.h"

namespace tally {

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string to_hex(std::uint64_t number) {
  std::string bytes(sizeof number, '\0');
  for (std::size_t place = bytes.size(); place-- > 0; number >>= 8) bytes[place] = static_cast<char>(number);
  return to_hex(bytes);
}

}  // namespace tally
