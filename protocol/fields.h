// SPDX-License-Identifier: Apache-2.0
// The bytes of a protobuf message, field by field, without protobuf's objects and without its
// library.
//
// Operations are read and written by these functions (protocol/operation_codec.h). Of every other
// body the fields are counted by them before protobuf parses it (wire/codec.cc): protobuf makes a
// hundred bytes of memory out of the two bytes of an empty list element, and counting stores
// nothing. What is read here is what protobuf itself would read. The encoding:
// https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tally::fields {

// ---- reading

// Each of these reads at `at`, and returns where the next one is to read. Null: what should be
// there is not, or ends too early.
inline const char* read_varint(const char* at, const char* end, unsigned most_bytes, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 7 * most_bytes && at != end; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return at;
  }
  return nullptr;
}

inline const char* skip(const char* at, const char* end, std::ptrdiff_t bytes) {
  return bytes <= end - at ? at + bytes : nullptr;
}

enum WireType : unsigned { wire_number = 0, wire_8_bytes = 1, wire_text = 2, wire_4_bytes = 5 };

// What a field begins with: its number and its type.
constexpr std::uint32_t tag_of(int number, WireType type) { return static_cast<std::uint32_t>(number) << 3 | type; }

// One field of an encoded message.
struct Field {
  std::uint32_t tag = 0;
  std::uint64_t value = 0;   // of a number
  std::string_view content;  // of a text: bytes, or a message
};

// Groups, and types that do not exist, are refused. Tags and sizes are at most five bytes long, and
// of a tag the low 32 bits count, as protobuf reads it.
inline const char* read_field(const char* at, const char* end, Field& field) {
  std::uint64_t number = 0;
  at = read_varint(at, end, 5, number);
  field.tag = static_cast<std::uint32_t>(number);
  if (!at || field.tag < tag_of(1, wire_number)) return nullptr;
  switch (field.tag & 7) {
    case wire_number: return read_varint(at, end, 10, field.value);
    case wire_text:
      at = read_varint(at, end, 5, number);
      if (!at || number > static_cast<std::uint64_t>(end - at)) return nullptr;
      field.content = {at, number};
      return at + number;
    case wire_8_bytes: return skip(at, end, 8);
    case wire_4_bytes: return skip(at, end, 4);
    default: return nullptr;
  }
}

// Calls visit(field) for each field of one encoded message. False: the bytes are no message, or
// visit returned false.
template <class Visit>
bool visit_fields(std::string_view message, Visit&& visit) {
  const char* at = message.data();
  const char* const end = at + message.size();
  while (at != end) {
    Field field;
    at = read_field(at, end, field);
    if (!at || !visit(field)) return false;
  }
  return true;
}

inline bool has_at_most(std::size_t fields, std::string_view message) {
  return visit_fields(message, [&](const Field&) { return fields-- > 0; });
}

// ---- writing
// First it is computed how many bytes something takes, and then it is written at `at`. These
// functions return the end of what they wrote.

constexpr std::size_t varint_bytes(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

inline char* put_varint(char* at, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}

// How many bytes a text takes together with its head, which is its tag and its size.
constexpr std::size_t element_bytes(std::size_t size) { return 1 + varint_bytes(size) + size; }

template <int number>
char* put_tag(char* at, WireType type) {
  static_assert(number <= 15, "the tag would be longer than one byte");
  *at++ = static_cast<char>(tag_of(number, type));
  return at;
}

template <int number>
char* put_head(char* at, std::size_t size) {
  return put_varint(put_tag<number>(at, wire_text), size);
}

// How many bytes a field takes. What is empty or zero is left out.
constexpr std::size_t field_bytes(std::string_view content) {
  return content.empty() ? 0 : element_bytes(content.size());
}
constexpr std::size_t field_bytes(std::uint64_t value) { return value == 0 ? 0 : 1 + varint_bytes(value); }

template <int number>
char* put_field(char* at, std::string_view content) {
  if (content.empty()) return at;
  at = put_head<number>(at, content.size());
  return at + content.copy(at, content.size());
}

template <int number>
char* put_field(char* at, std::uint64_t value) {
  return value == 0 ? at : put_varint(put_tag<number>(at, wire_number), value);
}

}  // namespace tally::fields
