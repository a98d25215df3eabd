// SPDX-License-Identifier: Apache-2.0
// Bytes and numbers as hexadecimal text: lower-case digits, two for each byte. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tally {

std::string to_hex(std::string_view bytes);
std::string to_hex(std::uint64_t number);  // 16 digits, most significant first

}  // namespace tally
