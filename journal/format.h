// SPDX-License-Identifier: Apache-2.0
// A segment's bytes: its header, and the head of each record (docs/journal.md).
//
// Every decoder is total. Any thread.
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
inline constexpr std::size_t journal_block_bytes = 4096;  // of a file system; a header is a whole number of them
inline constexpr std::size_t most_segment_header_bytes = 64 * 1024;
inline constexpr std::size_t most_record_bytes = limits::message_bytes;  // of its content

// What a segment says before its records: all that is needed so that every older one may go.
struct SegmentHeader {
  GroupId group;
  Term term;
  std::uint32_t semantics = limits::semantics_version;
  std::uint64_t salt = 0;              // random: what the file held before is no record of this segment
  std::uint64_t first_number = 1;      // of its first record
  std::uint64_t synced = 0;            // all records up to this number were, when it was made
  Sequence predecessor;                // the first order of the segment before it; zero: there was none
  std::uint64_t predecessor_last = 0;  // the last record there that counts: what may follow it is void
  OrderIdentity last;                  // the order before its first one, which sequence and chain go on from
  ServedTime served;                   // of that order
  CalendarTime calendar;
  JournaledView view;
  OrderState agreed;
  auto operator<=>(const SegmentHeader&) const = default;

  Sequence first() const { return last.sequence.next(); }
};

// With zeros up to the next block.
std::string encode_segment_header(const SegmentHeader& header);
// `bytes`: at least a block of them. How many there must be; nothing if that is no header at all.
std::optional<std::size_t> segment_header_size(std::string_view bytes);
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

enum class RecordType : std::uint8_t { order = 1, view = 2, agreed = 3 };

struct RecordHead {
  RecordType type{};
  std::uint32_t size = 0;    // bytes of the content; zeros up to the next multiple of record_alignment follow
  std::uint64_t number = 0;  // counts all records of the journal
  Sequence sequence;         // of the order; of the last order before it, if it is none
  std::uint64_t synced = 0;  // all records up to this number were, when it was appended
  auto operator<=>(const RecordHead&) const = default;
};
inline constexpr std::size_t record_head_bytes = 40;
inline constexpr std::size_t record_alignment = 8;
// What a record takes in all.
constexpr std::size_t record_bytes(std::size_t content) {
  return (record_head_bytes + content + record_alignment - 1) / record_alignment * record_alignment;
}

// The content may be in two parts.
std::array<char, record_head_bytes> encode_record_head(const RecordHead& head, std::uint64_t salt,
                                                       std::string_view first, std::string_view second = {});
// As far as it can be known without the content: an impossible size or type is no head, and 24 bits are of a checksum
// of the head alone. A file that is used again is full of what clients chose: who makes a search for records stop at
// each of its bytes must know the salt, or the search would hash megabytes at each.
std::optional<RecordHead> decode_record_head(std::string_view bytes, std::uint64_t salt);
// Whether checksum and salt are right; `bytes` is the whole record.
bool is_record(std::string_view bytes, const RecordHead& head, std::uint64_t salt);

// Disk that is ready to become the next segment, such that is being made ready, and a segment that is begun without.
inline constexpr char spare_file[] = "spare";
inline constexpr char unfinished_spare_file[] = "spare.new";
inline constexpr char growing_file[] = "next";

// orders-00000000000000000001: of the segment whose first order is the first one.
std::string segment_name(Sequence first);
std::optional<Sequence> segment_first(std::string_view name);

}  // namespace tally
