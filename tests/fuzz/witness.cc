// SPDX-License-Identifier: Apache-2.0
// What a replica remembers on its disk, and the identity of its directory. A fuzzer cannot guess a
// checksum, so the input is tried both as it is and with the right checksum behind it.
#include "replica/witness.h"

#include <string>

#include "files/identity.h"
#include "protocol/bytes.h"
#include "target.h"

using namespace tally;

namespace {

void try_witness(std::string_view input) {
  std::string sealed(input);
  append_number(sealed, checksum_of(input));
  const auto slot = decode_witness(sealed);
  if (!slot) return;
  fuzz::accepted();
  CHECK(slot->witness.states.size() <= Witness::most_states);
  const std::string again = encode_witness(*slot);
  CHECK(again.size() <= witness_slot_bytes && again == sealed.substr(0, again.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::bytes_of(data, size);
  if (const auto slot = decode_witness(input)) CHECK(input.starts_with(encode_witness(*slot)));
  if (const auto identity = decode_identity(input)) CHECK(encode_identity(*identity) == input);
  try_witness(input);
  return 0;
}
