// SPDX-License-Identifier: Apache-2.0
// The contents of the journal's records. The first byte says which it is: an order's message, a
// view, or an agreed state.
#include "journal/records.h"
#include "target.h"
#include "wire/codec.h"

using namespace tally;

namespace {

void try_order(std::string_view input) {
  const auto order = decode_order(input);
  if (!order) return;
  fuzz::accepted();
  CHECK(chain_of(*order) == order->id.chain);
  const wire::EncodedMessage encoded = wire::encode(*order);
  CHECK(decode_order(std::string(encoded.header.data(), encoded.header.size()) + encoded.body) == order);
}

void try_view(std::string_view input) {
  const auto view = decode_view(input);
  if (!view) return;
  fuzz::accepted();
  const std::string encoded = encode_view(*view);
  CHECK(decode_view(encoded) == view);
  CHECK(encoded.size() <= input.size());
  for (std::size_t size = 0; size < encoded.size(); ++size) CHECK(!decode_view({encoded.data(), size}));
}

void try_agreed(std::string_view input) {
  const auto agreed = decode_agreed(input);
  if (!agreed) return;
  fuzz::accepted();
  CHECK(encode_agreed(*agreed) == input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input = fuzz::bytes_of(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: try_order(input); break;
    case 1: try_view(input); break;
    default: try_agreed(input);
  }
  return 0;
}
