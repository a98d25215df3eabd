// SPDX-License-Identifier: Apache-2.0
// Results in their canonical layout (law 11). What is decoded must come back equal from its own
// encoding. The bytes must be equal too, unless a list was empty, because a decoded result does not
// tell an empty list from none.
#include <string>

#include "protocol/operations.h"
#include "target.h"

using namespace tally;

namespace {

void append(std::string& bytes, const OperationResult& result) {
  auto status = static_cast<std::uint8_t>(result.status);
  if (result.first_sequence) status |= results::has_first_sequence;
  if (result.detail) status |= results::has_detail;
  if (!result.listed.empty()) status |= results::has_list;
  append_number(bytes, status);
  append_number(bytes, result.value);
  if (result.first_sequence) append_number(bytes, result.first_sequence->value);
  if (result.detail) {
    append_number(bytes, result.detail->expires_in_ms);
    append_number(bytes, result.detail->expires_at_ms);
    append_number(bytes, result.detail->last_change);
  }
  if (result.listed.empty()) return;
  append_number(bytes, static_cast<std::uint32_t>(result.listed.size()));
  for (const ListedCounter& counter : result.listed) {
    append_number(bytes, static_cast<std::uint16_t>(counter.name.size()));
    bytes += counter.name;
    append_number(bytes, counter.value);
  }
}

std::string encode(const RequestResult& result) {
  std::string bytes;
  results::append_header(bytes, result.outcome, result.sequence, static_cast<std::uint32_t>(result.operations.size()));
  for (const OperationResult& operation : result.operations) append(bytes, operation);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::bytes_of(data, size);
  const auto result = results::decode(input);
  if (!result) return 0;
  fuzz::accepted();
  const std::string encoded = encode(*result);
  CHECK(results::decode(encoded) == result);
  CHECK(encoded.size() <= size);
  CHECK(encoded.size() < size || encoded == input);
  return 0;
}
