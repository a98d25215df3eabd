// SPDX-License-Identifier: Apache-2.0
// The file of the audit log: two good records, then whatever the input brings. A good prefix stays
// good. What follows it is a record, a torn tail, or a fault that is reported. A fuzzer cannot
// guess a SHA-256, so the input is also tried with each line sealed.
#include <sstream>
#include <string>

#include "comparator/audit_chain.h"
#include "comparator/audit_json.h"
#include "target.h"

using namespace tally;

namespace {

struct Prefix {
  std::string text;
  AuditHead head{0, no_previous_hash()};

  void append(const AuditRecord& record) {
    const AuditPlace place{head.number + 1, head.hash, CalendarTime{1'700'000'000'000}, {}};
    const SealedLine line = seal(to_json(record, place));
    text += line.line + '\n';
    head = {place.number, line.hash};
  }
};

Prefix make_prefix() {
  Prefix prefix;
  prefix.append({GroupId(1), Term(1), StartRecord{Incarnation(1), 1, 3}});
  prefix.append({GroupId(1), Term(1), ViewRecord{ViewNumber(1), {}, Sequence(), {}}});
  return prefix;
}

auto verify(const std::string& text, const std::optional<AuditHead>& known = {}) {
  std::istringstream stream(text);
  return verify_audit(stream, known);
}

void check(const Prefix& prefix, const std::string& text) {
  const auto file = verify(text);
  if (!file) {
    CHECK(file.error().line > prefix.head.number && !file.error().why.empty());
    return;
  }
  CHECK(file->group == GroupId(1) && file->head.number >= prefix.head.number);
  CHECK(file->good_bytes >= prefix.text.size() && file->good_bytes + file->torn_bytes == text.size());
  CHECK(verify(text, prefix.head).has_value());  // the log has every head that it ever had (law 16)
  CHECK(verify(text, file->head).has_value());
  CHECK(!verify(text, AuditHead{file->head.number + 1, file->head.hash}));
  CHECK(!verify(text, AuditHead{prefix.head.number, no_previous_hash()}));
  if (file->head.number > prefix.head.number) fuzz::accepted();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Prefix prefix = make_prefix();
  const std::string input(fuzz::bytes_of(data, size));
  verify(input);
  check(prefix, prefix.text + input);

  std::string sealed = prefix.text;
  std::istringstream lines(input);
  for (std::string line; std::getline(lines, line);)
    sealed += (line.size() > 2 && line.back() == '}' ? seal(line).line : line) + '\n';
  check(prefix, sealed);
  return 0;
}
