// SPDX-License-Identifier: Apache-2.0
// The bytes of a protobuf message, field by field, and the objects that bodies are parsed into.
//
// protobuf makes a hundred bytes of memory out of an empty list element's two bytes. So the fields of a body are
// counted first, which stores nothing. The encoding: https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/bytes.h"
#include "protocol/limits.h"

namespace tally::wire {

// ---- reading

inline std::uint64_t read_varint(ByteReader& reader, unsigned most_bytes = 10) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 7 * most_bytes; shift += 7) {
    const auto byte = reader.number<std::uint8_t>();
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  reader.take(SIZE_MAX);  // longer: fails
  return 0;
}

enum WireType : unsigned { wire_number = 0, wire_8_bytes = 1, wire_text = 2, wire_4_bytes = 5 };

// One field of an encoded message.
struct Field {
  std::uint64_t number = 0;
  unsigned type = 0;
  std::uint64_t value = 0;   // of a number
  std::string_view content;  // of a text: bytes, or a message

  bool is_number() const { return type == wire_number; }
  bool is_text() const { return type == wire_text; }
};

// Groups, and types that do not exist, fail. Tags and sizes are at most five bytes long, and protobuf takes the low 32
// bits of a tag.
inline Field read_field(ByteReader& reader) {
  Field field;
  const auto tag = static_cast<std::uint32_t>(read_varint(reader, 5));
  field.number = tag >> 3;
  field.type = static_cast<unsigned>(tag & 7);
  switch (field.type) {
    case wire_number: field.value = read_varint(reader); break;
    case wire_text: field.content = reader.take(read_varint(reader, 5)); break;
    case wire_8_bytes: reader.take(8); break;
    case wire_4_bytes: reader.take(4); break;
    default: reader.take(SIZE_MAX);
  }
  return field;
}

// Calls visit(field) for each field of one encoded message. False: the bytes are no message, or visit returned false.
template <class Visit>
bool visit_fields(std::string_view message, Visit&& visit) {
  ByteReader reader(message);
  while (!reader.rest().empty()) {
    const Field field = read_field(reader);
    if (!reader.ok() || field.number == 0 || !visit(field)) return false;
  }
  return true;
}

inline bool has_at_most(std::size_t fields, std::string_view message) {
  return visit_fields(message, [&](const Field&) { return fields-- > 0; });
}

// ---- writing

inline void append_varint(std::string& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
}

// An element of a list, which may be empty.
inline void append_element(std::string& bytes, std::uint64_t number, std::string_view content) {
  append_varint(bytes, number << 3 | wire_text);
  append_varint(bytes, content.size());
  bytes.append(content);
}

// What is empty or zero is left out.
inline void append_field(std::string& bytes, std::uint64_t number, std::string_view content) {
  if (!content.empty()) append_element(bytes, number, content);
}

inline void append_field(std::string& bytes, std::uint64_t number, std::uint64_t value) {
  if (value == 0) return;
  append_varint(bytes, number << 3 | wire_number);
  append_varint(bytes, value);
}

// ---- objects

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
