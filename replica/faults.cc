// SPDX-License-Identifier: Apache-2.0
#include "replica/faults.h"

#include <cstring>
#include <optional>
#include <string_view>

#include "protocol/bytes.h"
#include "protocol/operations.h"

namespace tally {
namespace {

// Where the value of the last operation stands in a request result, if there is one.
std::optional<std::size_t> last_value_place(std::string_view result) {
  ByteReader reader(result);
  reader.take(results::header_bytes - sizeof(std::uint32_t));
  const auto operations = reader.number<std::uint32_t>();
  std::optional<std::size_t> place;
  for (std::uint32_t number = 0; number < operations && reader.ok(); ++number) {
    const auto status = reader.number<std::uint8_t>();
    place = result.size() - reader.rest().size();
    reader.take(sizeof(std::int64_t));
    if (status & results::has_first_sequence) reader.take(sizeof(std::uint64_t));
    if ((status & results::has_list) == 0) continue;
    const auto entries = reader.number<std::uint32_t>();
    for (std::uint32_t entry = 0; entry < entries && reader.ok(); ++entry) {
      reader.take(reader.number<std::uint16_t>());
      reader.take(sizeof(std::int64_t));
    }
  }
  return reader.ok() ? place : std::nullopt;
}

}  // namespace

void FaultInjector::set(const Fault& fault, Instant now) {
  fault_ = fault;
  until_ = fault.duration.nanoseconds == 0 ? Instant::never() : now + fault.duration;
}

FaultKind FaultInjector::current(Instant now) const { return now < until_ ? fault_.kind : FaultKind::none; }

bool FaultInjector::applies(FaultKind kind, Instant now) {
  return kind != FaultKind::none && current(now) == kind && random_() < fault_.probability;
}

void FaultInjector::corrupt(Vote& vote) {
  ByteReader reader(vote.results);
  while (!reader.at_end() && reader.ok()) {
    const std::string_view result = reader.sized();
    const auto place = last_value_place(result);
    if (!place) continue;
    char* bytes = vote.results.data() + (result.data() - vote.results.data()) + *place;
    std::uint64_t value;
    std::memcpy(&value, bytes, sizeof value);
    ++value;
    std::memcpy(bytes, &value, sizeof value);
  }
}

}  // namespace tally
