// SPDX-License-Identifier: Apache-2.0
// The entries of a chunk of state: those that are visited ascend, and make the same bytes again.
#include <string>

#include "replica/state_entries.h"
#include "target.h"

using namespace tally;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::bytes_of(data, size);
  std::string again;
  std::string last;
  bool ascends = true;
  const auto visit = [&](std::string_view key, std::string_view value) {
    ascends &= key > last;
    last = key;
    return append_entry(again, key, value);
  };
  // This may return false at the end, because the last key is not known yet.
  visit_entries(input, {}, {}, visit);
  CHECK(ascends && input.starts_with(again));

  const std::string through = last;
  again.clear();
  last.clear();
  if (!visit_entries(input, {}, through, visit)) return 0;
  fuzz::accepted();
  CHECK(ascends && again == input);
  CHECK(input.empty() || !visit_entries(input, through, through, visit));
  return 0;
}
