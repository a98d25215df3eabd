// SPDX-License-Identifier: Apache-2.0
// The head of the audit log, as reports and views carry it.
#include "comparator/audit.h"
#include "target.h"

using namespace tally;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::bytes_of(data, size);
  const auto head = audit_head_from(input);
  if (!head) return 0;
  fuzz::accepted();
  const std::string text = to_text(*head);
  CHECK(text.size() <= size);
  CHECK(audit_head_from(text) == head);
  return 0;
}
