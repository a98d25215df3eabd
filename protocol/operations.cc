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

OperationResult read_operation(ByteReader& reader) {
  OperationResult result;
  const auto status = reader.number<std::uint8_t>();
  result.status = static_cast<OperationStatus>(status & ~(has_first_sequence | has_list));
  result.value = reader.number<std::int64_t>();
  if (status & has_first_sequence) result.first_sequence = Sequence(reader.number<std::uint64_t>());
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

std::size_t worst_result_bytes(const std::vector<Operation>& operations) {
  constexpr std::size_t listed_bytes = sizeof(std::uint16_t) + limits::name_bytes + sizeof(std::int64_t);
  std::size_t bytes = results::header_bytes;
  for (const Operation& operation : operations) {
    bytes += results::operation_bytes;
    if (!operation.idempotency_key.empty()) bytes += sizeof(std::uint64_t);
    if (is_list(operation.kind))
      bytes += sizeof(std::uint32_t) + std::min(operation.limit, limits::list_entries) * listed_bytes;
  }
  return bytes;
}

bool is_proper_list(const Operation& operation) {
  return operation.idempotency_key.empty() && operation.limit != 0 && operation.limit <= limits::list_entries &&
         operation.name.size() <= limits::name_bytes && operation.after.size() <= limits::name_bytes;
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
