// SPDX-License-Identifier: Apache-2.0
// Messages as bytes: a header frame and one protobuf body (docs/protocol.md). This module is the
// only one that knows protobuf.
//
// Every decoder is total: any bytes give a message or an error, and never a crash. It never takes
// more memory than a small multiple of its input.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <type_traits>
#include <variant>

#include "protocol/messages.h"
#include "protocol/operations.h"

namespace tally::wire {

inline constexpr std::size_t header_bytes = 16;

enum class DecodeError { bad_header, unknown_type, bad_checksum, bad_body };

struct EncodedMessage {
  std::array<char, header_bytes> header;
  std::string body;
};

// Encoding checks no limits. What exceeds those of protocol/limits.h is refused by whoever decodes
// it.
EncodedMessage encode(Message message);

// A set of kinds of messages, with a bit for each alternative of Message.
using Kinds = std::uint64_t;
inline constexpr Kinds all_kinds = ~Kinds{0};

template <class... Values>
constexpr Kinds kinds() {
  constexpr auto bit_of = []<class Value, class... Alternatives>(std::type_identity<Value>,
                                                                 std::type_identity<std::variant<Alternatives...>>) {
    Kinds bit = 1;
    static_cast<void>(((std::is_same_v<Value, Alternatives> || (bit <<= 1, false)) || ...));
    return bit;
  };
  return (bit_of(std::type_identity<Values>(), std::type_identity<Message>()) | ...);
}

// A message of a kind that is not expected counts as an unknown type, and its body is not looked at
// (law 23).
tl::expected<Message, DecodeError> decode(std::string_view header, std::string_view body, Kinds expected = all_kinds);

}  // namespace tally::wire
