// SPDX-License-Identifier: Apache-2.0
#include "journal/format.h"

#define XXH_INLINE_ALL
#include <charconv>
#include <cstring>
#include <xxhash.h>

#include "journal/records.h"
#include "protocol/bytes.h"
#include "protocol/check.h"

namespace tally {
namespace {

constexpr std::string_view magic = "tallyseg";
// Magic, format, size, and checksum.
constexpr std::size_t header_fixed_bytes = magic.size() + 4 + 4 + 8;
// A record begins with its checksum; the rest of its head follows.
constexpr std::size_t checksum_bytes = 8;
constexpr std::size_t type_offset = checksum_bytes + 4;
constexpr std::uint32_t type_mask = 0xFF;  // the bits above it are the head's own check
constexpr std::string_view name_prefix = "orders-";
constexpr std::size_t name_digits = 20;

std::uint64_t salted_checksum(std::string_view head, std::string_view first, std::string_view second,
                              std::uint64_t salt) {
  XXH3_state_t hashing;
  XXH3_INITSTATE(&hashing);
  XXH3_64bits_reset_withSeed(&hashing, salt);
  for (const std::string_view part : {head, first, second}) XXH3_64bits_update(&hashing, part.data(), part.size());
  return XXH3_64bits_digest(&hashing);
}

// The check of a head, whose checksum and check are left out. It is the most significant bits of
// the hash, moved to the place that they have in the word of the type.
std::uint32_t head_check(std::string_view head, std::uint64_t salt) {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(head.data(), head.size(), salt) >> 40) << 8;
}

}  // namespace

// ---- the header of a segment

std::string encode_segment_header(const SegmentHeader& header) {
  std::string facts;
  append_number(facts, header.group.value);
  append_number(facts, header.term.value);
  append_number(facts, header.semantics);
  append_number(facts, header.salt);
  append_number(facts, header.first_number);
  append_number(facts, header.synced);
  append_number(facts, header.predecessor.value);
  append_number(facts, header.predecessor_last);
  append_number(facts, header.last.term.value);
  append_number(facts, header.last.sequence.value);
  append_digest(facts, header.last.chain);
  append_number(facts, header.served.nanoseconds);
  append_number(facts, header.calendar.unix_milliseconds);
  append_sized(facts, encode_view(header.view));
  append_sized(facts, encode_agreed(header.agreed));

  // limits::voided_orders keeps the view so short.
  CHECK(header_fixed_bytes + facts.size() <= most_segment_header_bytes);
  std::string bytes(magic);
  append_number(bytes, journal_format);
  append_number(bytes, static_cast<std::uint32_t>(header_fixed_bytes + facts.size()));
  append_number(bytes, salted_checksum(facts, {}, {}, 0));
  bytes += facts;
  bytes.resize((bytes.size() + journal_block_bytes - 1) / journal_block_bytes * journal_block_bytes);
  return bytes;
}

std::optional<std::size_t> segment_header_size(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.take(magic.size()) != magic || reader.number<std::uint32_t>() != journal_format) return std::nullopt;
  const auto size = reader.number<std::uint32_t>();
  if (!reader.ok() || size < header_fixed_bytes || size > most_segment_header_bytes) return std::nullopt;
  return (size + journal_block_bytes - 1) / journal_block_bytes * journal_block_bytes;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  const auto padded = segment_header_size(bytes);
  if (!padded || bytes.size() < *padded) return std::nullopt;
  ByteReader fixed(bytes);
  fixed.take(magic.size() + sizeof journal_format);
  const auto size = fixed.number<std::uint32_t>();
  const auto checksum = fixed.number<std::uint64_t>();
  const std::string_view facts = bytes.substr(header_fixed_bytes, size - header_fixed_bytes);
  if (checksum != salted_checksum(facts, {}, {}, 0)) return std::nullopt;

  ByteReader reader(facts);
  SegmentHeader header;
  header.group = GroupId(reader.number<std::uint64_t>());
  header.term = Term(reader.number<std::uint64_t>());
  header.semantics = reader.number<std::uint32_t>();
  header.salt = reader.number<std::uint64_t>();
  header.first_number = reader.number<std::uint64_t>();
  header.synced = reader.number<std::uint64_t>();
  header.predecessor = Sequence(reader.number<std::uint64_t>());
  header.predecessor_last = reader.number<std::uint64_t>();
  header.last.term = Term(reader.number<std::uint64_t>());
  header.last.sequence = Sequence(reader.number<std::uint64_t>());
  header.last.chain = read_digest(reader);
  header.served = ServedTime{reader.number<std::int64_t>()};
  header.calendar = CalendarTime{reader.number<std::int64_t>()};
  const auto view = decode_view(reader.sized());
  const auto agreed = decode_agreed(reader.sized());
  const bool possible = header.synced < header.first_number && header.predecessor_last < header.first_number;
  if (!reader.at_end() || !view || !agreed || !possible) return std::nullopt;
  header.view = *view;
  header.agreed = *agreed;
  return header;
}

// ---- the head of a record

std::array<char, record_head_bytes> encode_record_head(const RecordHead& head, std::uint64_t salt,
                                                       std::string_view first, std::string_view second) {
  std::array<char, record_head_bytes> bytes{};
  char* end = bytes.data() + checksum_bytes;
  const auto put = [&end](auto number) {
    std::memcpy(end, &number, sizeof number);
    end += sizeof number;
  };
  put(head.size);
  put(std::uint32_t{static_cast<std::uint8_t>(head.type)});
  put(head.number);
  put(head.sequence.value);
  put(head.synced);
  const std::string_view summed(bytes.data() + checksum_bytes, bytes.size() - checksum_bytes);
  const std::uint32_t type = static_cast<std::uint8_t>(head.type) | head_check(summed, salt);
  std::memcpy(bytes.data() + type_offset, &type, sizeof type);
  const std::uint64_t checksum = salted_checksum(summed, first, second, salt);
  std::memcpy(bytes.data(), &checksum, sizeof checksum);
  return bytes;
}

std::optional<RecordHead> decode_record_head(std::string_view bytes, std::uint64_t salt) {
  if (bytes.size() < record_head_bytes) return std::nullopt;
  ByteReader reader(bytes);
  reader.take(checksum_bytes);
  RecordHead head;
  head.size = reader.number<std::uint32_t>();
  const auto checked_type = reader.number<std::uint32_t>();
  const std::uint32_t type = checked_type & type_mask;
  head.type = static_cast<RecordType>(type);
  head.number = reader.number<std::uint64_t>();
  head.sequence = Sequence(reader.number<std::uint64_t>());
  head.synced = reader.number<std::uint64_t>();
  const bool known =
      type >= static_cast<std::uint32_t>(RecordType::order) && type <= static_cast<std::uint32_t>(RecordType::agreed);
  if (!known || head.size > most_record_bytes || head.synced >= head.number) return std::nullopt;
  std::array<char, record_head_bytes - checksum_bytes> summed;
  std::memcpy(summed.data(), bytes.data() + checksum_bytes, summed.size());
  std::memcpy(summed.data() + type_offset - checksum_bytes, &type, sizeof type);
  if (head_check({summed.data(), summed.size()}, salt) != (checked_type & ~type_mask)) return std::nullopt;
  return head;
}

bool is_record(std::string_view bytes, const RecordHead& head, std::uint64_t salt) {
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, bytes.data(), sizeof checksum);
  const std::string_view summed = bytes.substr(checksum_bytes, record_head_bytes - checksum_bytes);
  return checksum == salted_checksum(summed, bytes.substr(record_head_bytes, head.size), {}, salt);
}

// ---- names

std::string segment_name(Sequence first) {
  const std::string digits = std::to_string(first.value);
  return std::string(name_prefix) + std::string(name_digits - digits.size(), '0') + digits;
}

std::optional<Sequence> segment_first(std::string_view name) {
  if (!name.starts_with(name_prefix) || name.size() != name_prefix.size() + name_digits) return std::nullopt;
  Sequence first;
  const auto [end, error] = std::from_chars(name.data() + name_prefix.size(), name.data() + name.size(), first.value);
  if (error != std::errc() || end != name.data() + name.size() || first.value == 0) return std::nullopt;
  return first;
}

}  // namespace tally
