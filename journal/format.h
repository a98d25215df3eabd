// SPDX-License-Identifier: Apache-2.0
// A segment's bytes: its header, and the head of each record (docs/journal.md).
//
// Every decoder is total: any bytes give a value or nothing. Any thread may call these functions.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/journal_facts.h"
#include "protocol/limits.h"

namespace tally {

inline constexpr std::uint32_t journal_format = 1;
// The block of a file system. A header fills whole blocks.
inline constexpr std::size_t journal_block_bytes = 4096;
inline constexpr std::size_t most_segment_header_bytes = 64 * 1024;
inline constexpr std::size_t most_record_bytes = limits::message_bytes;  // of a record's content

// What a segment says before its records. It is everything that a start needs, so that all older
// segments may be removed.
struct SegmentHeader {
  GroupId group;
  Term term;
  std::uint32_t semantics = limits::semantics_version;
  // Random. It seeds the checksums, so that what the file held before is no record of this segment.
  std::uint64_t salt = 0;
  std::uint64_t first_number = 1;  // the number of its first record
  // All records up to this number were synced when the segment was made.
  std::uint64_t synced = 0;
  Sequence predecessor;  // the first order of the segment before it; zero: there was none
  // The last record there that counts. What may follow that record there is void.
  std::uint64_t predecessor_last = 0;
  // The order before the segment's first one. Its sequence and chain are those to go on from.
  OrderIdentity last;
  ServedTime served;  // of that order, as is `calendar`
  CalendarTime calendar;
  JournaledView view;
  OrderState agreed;
  auto operator<=>(const SegmentHeader&) const = default;

  Sequence first() const { return last.sequence.next(); }
};

// The header is followed by zeros up to the end of its last block.
std::string encode_segment_header(const SegmentHeader& header);
// How many bytes the header takes, with its zeros; nothing if this is no header at all.
// Precondition: `bytes` has at least one block.
std::optional<std::size_t> segment_header_size(std::string_view bytes);
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

enum class RecordType : std::uint8_t { order = 1, view = 2, agreed = 3 };

struct RecordHead {
  RecordType type{};
  // Of the content, in bytes. Zeros up to the next multiple of record_alignment follow it.
  std::uint32_t size = 0;
  std::uint64_t number = 0;  // counts all records of the journal
  // The order's own sequence. For another record, that of the last order before it.
  Sequence sequence;
  // All records up to this number were synced when this one was appended.
  std::uint64_t synced = 0;
  auto operator<=>(const RecordHead&) const = default;
};
inline constexpr std::size_t record_head_bytes = 40;
inline constexpr std::size_t record_alignment = 8;
// The bytes that a record takes, head and zeros included.
constexpr std::size_t record_bytes(std::size_t content) {
  return (record_head_bytes + content + record_alignment - 1) / record_alignment * record_alignment;
}

// The content may be given in two parts.
std::array<char, record_head_bytes> encode_record_head(const RecordHead& head, std::uint64_t salt,
                                                       std::string_view first, std::string_view second = {});
// Decodes a head as far as it can be verified without the content. An impossible size or type is
// refused, and 24 bits are a checksum of the head alone. They are there because a file that is used
// again is full of bytes that clients chose. If a client could make bytes that look like heads, a
// search for records would stop at each of them and hash up to megabytes. To do so, it would have
// to know the salt.
std::optional<RecordHead> decode_record_head(std::string_view bytes, std::uint64_t salt);
// Whether the checksum is right under this salt. Precondition: `bytes` is the whole record.
bool is_record(std::string_view bytes, const RecordHead& head, std::uint64_t salt);

// Three names of files: disk that is ready to become the next segment, such disk while it is being
// made ready, and a segment that was begun while there was no spare.
inline constexpr char spare_file[] = "spare";
inline constexpr char unfinished_spare_file[] = "spare.new";
inline constexpr char growing_file[] = "next";

// The segment that begins with the first order of all is named orders-00000000000000000001.
std::string segment_name(Sequence first);
std::optional<Sequence> segment_first(std::string_view name);

}  // namespace tally
