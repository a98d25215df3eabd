// SPDX-License-Identifier: Apache-2.0
// Bodies before they are parsed, and the protobuf objects that they are parsed into.
//
// protobuf makes a hundred bytes of memory out of an empty list element's two bytes. So the fields of a body are
// counted first, which stores nothing. The encoding: https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/bytes.h"
#include "protocol/limits.h"

namespace tally::wire {

inline std::uint64_t read_varint(ByteReader& reader) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = reader.number<std::uint8_t>();
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  reader.take(SIZE_MAX);  // longer than ten bytes: fails
  return 0;
}

// The content of a field of this wire type. Groups, and types that do not exist, fail.
inline std::string_view read_content(ByteReader& reader, unsigned wire_type) {
  switch (wire_type) {
    case 0: read_varint(reader); return {};
    case 1: return reader.take(8);
    case 2: return reader.take(read_varint(reader));
    case 5: return reader.take(4);
    default: return reader.take(SIZE_MAX);
  }
}

// Calls visit(field number, content) for each field of one encoded message. False: the bytes are no message, or visit
// returned false.
template <class Visit>
bool visit_fields(std::string_view message, Visit&& visit) {
  ByteReader reader(message);
  while (!reader.rest().empty()) {
    const std::uint64_t tag = read_varint(reader);
    const std::string_view content = read_content(reader, static_cast<unsigned>(tag & 7));
    if (!reader.ok() || !visit(tag >> 3, content)) return false;
  }
  return true;
}

inline bool has_at_most(std::size_t fields, std::string_view message) {
  return visit_fields(message, [&](std::uint64_t, std::string_view) { return fields-- > 0; });
}

// A protobuf object that serves again and again. Its strings and lists keep their memory and never give it back, so it
// is replaced once it has coded limits::reused_message_bytes: it never holds more than a small multiple of that.
template <class Proto>
class Reused {
 public:
  // Empty; valid until the next call.
  Proto& next() {
    if (coded_bytes_ > limits::reused_message_bytes) {
      proto_ = Proto();
      coded_bytes_ = 0;
    }
    proto_.Clear();
    return proto_;
  }

  // To be told after each use.
  void has_coded(std::size_t bytes) { coded_bytes_ += bytes; }

 private:
  Proto proto_;
  std::size_t coded_bytes_ = 0;
};

}  // namespace tally::wire
