// SPDX-License-Identifier: Apache-2.0
// The header of a checkpoint. A fuzzer cannot guess a checksum, so the input is tried both as it is
// and with the right checksum behind it.
#include "replica/checkpoint_header.h"

#include <string>

#include "protocol/bytes.h"
#include "protocol/digest.h"
#include "target.h"

using namespace tally;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::bytes_of(data, size);
  if (const auto header = decode_header(input)) CHECK(encode_header(*header) == input);
  std::string sealed(input);
  append_number(sealed, checksum_of(input));
  const auto header = decode_header(sealed);
  if (!header) return 0;
  fuzz::accepted();
  CHECK(encode_header(*header) == sealed);
  sealed[size % sealed.size()] ^= 1;
  CHECK(!decode_header(sealed));
  return 0;
}
