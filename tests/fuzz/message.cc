// SPDX-License-Identifier: Apache-2.0
// The wire codec: a header frame, then a body. What is decoded must come back equal from its own
// encoding, and each message must have only one encoding.
#include <algorithm>

#include "target.h"
#include "wire/codec.h"

using namespace tally;

namespace {

std::string_view header_of(const wire::EncodedMessage& message) {
  return {message.header.data(), message.header.size()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::bytes_of(data, size);
  const std::string_view header = input.substr(0, std::min(size, wire::header_bytes));
  const auto message = wire::decode(header, input.substr(header.size()));
  if (!message) return 0;
  fuzz::accepted();

  const wire::EncodedMessage encoded = wire::encode(*message);
  const auto again = wire::decode(header_of(encoded), encoded.body);
  CHECK(again.has_value());
  CHECK(*again == *message);
  const wire::EncodedMessage twice = wire::encode(*again);
  CHECK(twice.header == encoded.header && twice.body == encoded.body);

  std::string damaged = encoded.body;
  if (damaged.empty()) return 0;
  damaged[size % damaged.size()] ^= 1;
  CHECK(wire::decode(header_of(encoded), damaged) == tl::unexpected(wire::DecodeError::bad_checksum));
  return 0;
}
