// SPDX-License-Identifier: Apache-2.0
#include "journal/segment.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tally {
namespace {

constexpr std::uint64_t index_spacing = 64 * 1024;

}  // namespace

Segment::Segment(std::unique_ptr<File> file, SegmentHeader header, std::size_t header_bytes, std::uint64_t capacity,
                 bool grows)
    : file_(std::move(file)),
      header_(std::move(header)),
      header_bytes_(header_bytes),
      capacity_(capacity),
      grows_(grows),
      end_(header_bytes) {}

std::shared_ptr<Segment> Segment::read(std::unique_ptr<File> file) {
  std::string bytes = file->read(0, journal_block_bytes);
  const auto size = segment_header_size(bytes);
  if (!size) return nullptr;
  if (*size > bytes.size()) bytes = file->read(0, *size);
  auto header = decode_segment_header(bytes);
  if (!header) return nullptr;
  const std::uint64_t end = file->size();
  auto segment = std::make_shared<Segment>(std::move(file), std::move(*header), *size, end, false);
  segment->end_ = end;
  return segment;
}

void Segment::append(const RecordHead& head, std::string_view first, std::string_view second) {
  constexpr std::string_view zeros("\0\0\0\0\0\0\0", record_alignment - 1);
  const std::array<char, record_head_bytes> encoded = encode_record_head(head, header_.salt, first, second);
  const std::size_t size = record_bytes(head.size);
  const std::array<std::string_view, 4> parts = {std::string_view(encoded.data(), encoded.size()), first, second,
                                                 zeros.substr(0, size - record_head_bytes - head.size)};
  const std::uint64_t offset = end_;
  file_->write(offset, parts);
  note(head, offset);
  end_ = offset + size;
}

void Segment::note(const RecordHead& head, std::uint64_t offset) {
  if (head.type != RecordType::order) return;
  const std::scoped_lock lock(mutex_);
  if (index_.empty() || offset >= index_.back().offset + index_spacing)
    index_.push_back({head.sequence, head.number, offset});
}

Segment::Place Segment::place_before(Sequence sequence) const {
  const std::scoped_lock lock(mutex_);
  const auto behind = std::ranges::upper_bound(index_, sequence, {}, &Place::sequence);
  if (behind == index_.begin()) return {{}, header_.first_number, header_bytes_};
  return *std::prev(behind);
}

// Whoever reads on does so through the scan that is returned. So a search is rare, and it begins at
// the nearest place in the index, which is never far away.
std::optional<Segment::Found> Segment::find(Sequence sequence) {
  const Place place = place_before(sequence);
  RecordScan scan(*file_, header_.salt, place.offset, place.number);
  while (true) {
    auto record = scan.next();
    if (!record) record = scan.search();  // passes over what is damaged
    if (!record || record->head.sequence > sequence) return std::nullopt;
    note(record->head, record->offset);
    if (record->head.type == RecordType::order && record->head.sequence == sequence)
      return Found{std::string(record->content), std::move(scan)};
  }
}

std::optional<Segment::Found> Segment::read_on(RecordScan scan, Sequence sequence) {
  auto record = scan.next();
  while (record && record->head.type != RecordType::order) record = scan.next();
  if (!record || record->head.sequence != sequence) return std::nullopt;
  return Found{std::string(record->content), std::move(scan)};
}

}  // namespace tally
