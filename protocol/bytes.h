// SPDX-License-Identifier: Apache-2.0
// Little-endian fixed-width numbers in byte strings: the layout of results and of everything that
// is digested.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "protocol/digest.h"

namespace tally {

static_assert(std::endian::native == std::endian::little, "results and digests are laid out little-endian");

template <class Number>
requires std::is_integral_v<Number>
void append_number(std::string& bytes, Number number) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes.append(raw, sizeof number);
}

// Length (u32), then the bytes.
inline void append_sized(std::string& bytes, std::string_view text) {
  append_number(bytes, static_cast<std::uint32_t>(text.size()));
  bytes.append(text);
}

// Reads from the front of `bytes`. Once something was missing, `ok()` is false and everything read
// is zero or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class Number>
  Number number() {
    Number value{};
    const std::string_view raw = take(sizeof value);
    if (ok_) std::memcpy(&value, raw.data(), sizeof value);
    return value;
  }

  std::string_view take(std::size_t count) {
    if (!ok_ || rest_.size() < count) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view sized() { return take(number<std::uint32_t>()); }

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

inline void append_digest(std::string& bytes, const Digest& digest) {
  append_number(bytes, digest.high);
  append_number(bytes, digest.low);
}

inline Digest read_digest(ByteReader& reader) {
  const auto high = reader.number<std::uint64_t>();
  return {high, reader.number<std::uint64_t>()};
}

}  // namespace tally
