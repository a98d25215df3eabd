// SPDX-License-Identifier: Apache-2.0
#include "protocol/operations.h"

#include <algorithm>

#include "protocol/limits.h"

namespace tally {
namespace results {
namespace {

std::vector<ListedCounter> read_list(ByteReader& reader) {
  std::vector<ListedCounter> listed;
  const auto entries = reader.number<std::uint32_t>();
  for (std::uint32_t entry = 0; entry < entries && reader.ok(); ++entry) {
    const std::string_view name = reader.take(reader.number<std::uint16_t>());
    listed.push_back({std::string(name), reader.number<std::int64_t>()});
  }
  return listed;
}

CounterDetail read_detail(ByteReader& reader) {
  CounterDetail detail;
  detail.expires_in_ms = reader.number<std::int64_t>();
  detail.expires_at_ms = reader.number<std::int64_t>();
  detail.last_change = reader.number<std::uint64_t>();
  return detail;
}

OperationResult read_operation(ByteReader& reader) {
  OperationResult result;
  const auto status = reader.number<std::uint8_t>();
  result.status = static_cast<OperationStatus>(status & ~(has_first_sequence | has_list | has_detail));
  result.value = reader.number<std::int64_t>();
  if (status & has_first_sequence) result.first_sequence = Sequence(reader.number<std::uint64_t>());
  if (status & has_detail) result.detail = read_detail(reader);
  if (status & has_list) result.listed = read_list(reader);
  return result;
}

}  // namespace

std::optional<RequestResult> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  RequestResult result;
  result.outcome = static_cast<RequestOutcome>(reader.number<std::uint8_t>());
  result.sequence = Sequence(reader.number<std::uint64_t>());
  const auto count = reader.number<std::uint32_t>();
  if (!reader.ok() || count > reader.rest().size() / operation_bytes) return std::nullopt;
  result.operations.reserve(count);
  for (std::uint32_t place = 0; place < count && reader.ok(); ++place)
    result.operations.push_back(read_operation(reader));
  if (!reader.at_end()) return std::nullopt;
  return result;
}

}  // namespace results

std::size_t worst_result_bytes(const Operation& operation) {
  constexpr std::size_t listed_bytes = sizeof(std::uint16_t) + limits::name_bytes + sizeof(std::int64_t);
  std::size_t bytes = results::operation_bytes;
  if (!operation.idempotency_key.empty()) bytes += sizeof(std::uint64_t);
  if (operation.detail) bytes += results::detail_bytes;
  if (is_list(operation.kind))
    bytes += sizeof(std::uint32_t) + std::min(operation.limit, limits::list_entries) * listed_bytes;
  return bytes;
}

std::size_t worst_result_bytes(const std::vector<Operation>& operations) {
  std::size_t bytes = results::header_bytes;
  for (const Operation& operation : operations) bytes += worst_result_bytes(operation);
  return bytes;
}

std::uint32_t additions_with_room(std::int64_t value, std::int64_t increment, std::uint32_t times) {
  const __int128 sum = value + __int128{increment} * times;
  if (sum == static_cast<std::int64_t>(sum)) return times;
  const __int128 room = increment > 0 ? __int128{INT64_MAX} - value : __int128{value} - INT64_MIN;
  const __int128 step = increment > 0 ? __int128{increment} : -__int128{increment};
  return static_cast<std::uint32_t>(std::min<__int128>(room / step, times));
}

bool is_proper_list(const Operation& operation) {
  const bool has_cursor = operation.kind == OperationKind::scan || operation.kind == OperationKind::clear;
  if (has_cursor && (operation.value < 0 || !operation.name.empty() || !operation.after.empty())) return false;
  return operation.idempotency_key.empty() && operation.limit != 0 && operation.limit <= limits::list_entries &&
         operation.name.size() <= limits::name_bytes && operation.after.size() <= limits::name_bytes;
}

namespace {

std::uint32_t conditions_of(OperationKind kind) {
  using namespace condition;
  switch (kind) {
    case OperationKind::set: return missing | present;
    case OperationKind::check: return missing | present | unchanged | equal;
    case OperationKind::count: return with_expiry;
    case OperationKind::expire: return without_expiry | with_expiry | later | sooner;
    default: return 0;
  }
}

// What is not above zero is over for certain. It makes sense for `expire` alone, which removes the
// counter then.
bool may_expire(OperationKind kind, const Expiry& expiry) {
  const bool is_ahead = expiry.milliseconds > 0;
  switch (expiry.kind) {
    case ExpiryKind::none: return true;
    case ExpiryKind::keep: return kind == OperationKind::set;
    case ExpiryKind::after:
      return kind == OperationKind::expire || (is_ahead && (kind == OperationKind::set || kind == OperationKind::add));
    case ExpiryKind::at: return kind == OperationKind::expire || (is_ahead && kind == OperationKind::set);
    default: return false;
  }
}

}  // namespace

bool has_proper_terms(const Operation& operation) {
  const bool takes_key = operation.kind == OperationKind::add || operation.kind == OperationKind::set ||
                         operation.kind == OperationKind::remove;
  return (takes_key || operation.idempotency_key.empty()) && may_expire(operation.kind, operation.expiry) &&
         (operation.conditions & ~conditions_of(operation.kind)) == 0;
}

namespace {

// The length of the UTF-8 sequence that `lead` begins, 0 if none does (RFC 3629).
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

// The code point that `sequence` encodes, or nothing when it is overlong, a surrogate, out of
// range, or broken.
std::optional<char32_t> decode_utf8(std::string_view sequence) {
  constexpr unsigned char lead_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  char32_t point = static_cast<unsigned char>(sequence[0]) & lead_mask[sequence.size()];
  for (const char raw : sequence.substr(1)) {
    const auto byte = static_cast<unsigned char>(raw);
    if ((byte & 0xC0) != 0x80) return std::nullopt;
    point = (point << 6) | (byte & 0x3F);
  }
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < smallest[sequence.size()] || point > 0x10FFFF || surrogate) return std::nullopt;
  return point;
}

struct PointRange {
  char32_t first;
  char32_t last;
};

// General category Cf of Unicode 15.0 (extracted/DerivedGeneralCategory.txt of the Unicode
// Character Database): 170 characters, in order. It is part of what the replicas have to agree on,
// so it changes only with a new format of the state.
constexpr PointRange format_characters[] = {
    {0x00AD, 0x00AD},   {0x0600, 0x0605},   {0x061C, 0x061C},   {0x06DD, 0x06DD},   {0x070F, 0x070F},
    {0x0890, 0x0891},   {0x08E2, 0x08E2},   {0x180E, 0x180E},   {0x200B, 0x200F},   {0x202A, 0x202E},
    {0x2060, 0x2064},   {0x2066, 0x206F},   {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},   {0x110BD, 0x110BD},
    {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0001, 0xE0001},
    {0xE0020, 0xE007F},
};

bool is_control_or_format(char32_t point) {
  if (point < 0xA0) return point < 0x20 || point >= 0x7F;
  const auto* const range = std::ranges::lower_bound(format_characters, point, {}, &PointRange::last);
  return range != std::end(format_characters) && range->first <= point;
}

}  // namespace

bool is_plain_text(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(static_cast<unsigned char>(text[0]));
    if (length == 0 || length > text.size()) return false;
    const auto point = decode_utf8(text.substr(0, length));
    if (!point || is_control_or_format(*point)) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_valid_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::name_bytes && is_plain_text(name);
}

}  // namespace tally
