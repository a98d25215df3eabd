// SPDX-License-Identifier: Apache-2.0
#include "protocol/session.h"

#include <algorithm>
#include <openssl/sha.h>
#include <string_view>

namespace tally {

SessionId session_of(const SessionSecret& secret) {
  constexpr std::string_view label = "tally session";
  std::array<std::uint8_t, label.size() + sizeof secret.bytes> labelled;
  std::ranges::copy(secret.bytes, std::ranges::copy(label, labelled.begin()).out);
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(labelled.data(), labelled.size(), digest.data());
  SessionId id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

std::string to_hex(const SessionId& session) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : session.bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace tally
