// SPDX-License-Identifier: Apache-2.0
#include "protocol/session.h"

#include <algorithm>
#include <charconv>
#include <openssl/sha.h>
#include <string_view>

#include "protocol/hex.h"

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
  return to_hex({reinterpret_cast<const char*>(session.bytes.data()), session.bytes.size()});
}

std::optional<SessionId> session_from_hex(std::string_view digits) {
  SessionId session;
  if (digits.size() != 2 * session.bytes.size()) return std::nullopt;
  for (std::size_t place = 0; place < session.bytes.size(); ++place) {
    const char* begin = digits.data() + 2 * place;
    const auto [end, error] = std::from_chars(begin, begin + 2, session.bytes[place], 16);
    if (error != std::errc() || end != begin + 2) return std::nullopt;
  }
  return to_hex(session) == digits ? std::optional(session) : std::nullopt;
}

}  // namespace tally
