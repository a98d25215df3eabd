// SPDX-License-Identifier: Apache-2.0
// Makes a segment of made-up bytes, and gives them the right checksums, because a fuzzer cannot
// guess them.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

#include "journal/format.h"
#include "protocol/bytes.h"

namespace tally::fuzz {

// The magic, the format and the size stand before it.
inline constexpr std::size_t header_checksum_offset = 16;
// Nobody has counted that far.
inline constexpr std::uint64_t most_numbers = 1ull << 62;

// `header` comes without the zeros behind it. A record whose checksum is all ones keeps it, and so
// is damaged.
inline std::string sealed_segment(std::string_view header, std::string_view records) {
  std::string bytes(header);
  bytes.resize((std::max<std::size_t>(bytes.size(), 1) + journal_block_bytes - 1) / journal_block_bytes *
               journal_block_bytes);
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data() + header_checksum_offset - sizeof size, sizeof size);
  if (size >= header_checksum_offset + sizeof(std::uint64_t) && size <= bytes.size()) {
    const std::string_view facts =
        std::string_view(bytes).substr(header_checksum_offset + sizeof(std::uint64_t)).substr(0, size - 24);
    const std::uint64_t checksum = checksum_of(facts);
    std::memcpy(bytes.data() + header_checksum_offset, &checksum, sizeof checksum);
  }
  const std::size_t begin = bytes.size();
  bytes += records;
  const auto decoded = decode_segment_header(bytes);
  if (!decoded) return bytes;
  for (std::size_t offset = begin; offset < bytes.size();) {
    ByteReader reader(std::string_view(bytes).substr(offset));
    const auto checksum = reader.number<std::uint64_t>();
    RecordHead head;
    head.size = reader.number<std::uint32_t>();
    head.type = static_cast<RecordType>(reader.number<std::uint32_t>() & 0xFF);
    head.number = reader.number<std::uint64_t>();
    head.sequence = Sequence(reader.number<std::uint64_t>());
    head.synced = reader.number<std::uint64_t>();
    if (!reader.ok() || head.size > reader.rest().size() || head.number > most_numbers) break;
    const auto sealed = encode_record_head(head, decoded->salt, reader.take(head.size));
    if (checksum != UINT64_MAX) std::memcpy(bytes.data() + offset, sealed.data(), sealed.size());
    offset += record_bytes(head.size);
  }
  return bytes;
}

}  // namespace tally::fuzz
