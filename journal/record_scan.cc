// SPDX-License-Identifier: Apache-2.0
#include "journal/record_scan.h"

#include <algorithm>

namespace tally {
namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;

}  // namespace

RecordScan::RecordScan(const File& file, std::uint64_t salt, std::uint64_t offset, std::uint64_t number)
    : file_(&file), salt_(salt), offset_(offset), number_(number) {}

// Returns fewer bytes only where the file ends.
std::string_view RecordScan::view(std::uint64_t offset, std::size_t size) {
  const bool there = offset >= buffer_offset_ && offset + size <= buffer_offset_ + buffer_.size();
  if (!there) {
    buffer_ = file_->read(offset, std::max(size, buffer_bytes));
    buffer_offset_ = offset;
    fresh_ = true;
  }
  return std::string_view(buffer_).substr(offset - buffer_offset_, size);
}

// A valid record at this place, whatever its number is.
std::optional<RecordScan::Record> RecordScan::record_at(std::uint64_t offset) {
  const auto head = decode_record_head(view(offset, record_head_bytes), salt_);
  if (!head) return std::nullopt;
  const std::size_t size = record_head_bytes + head->size;
  const std::string_view bytes = view(offset, size);
  if (bytes.size() < size || !is_record(bytes, *head, salt_)) return std::nullopt;
  return Record{*head, bytes.substr(record_head_bytes), offset};
}

RecordScan::Record RecordScan::pass(const Record& record) {
  offset_ = record.offset + record_bytes(record.head.size);
  number_ = record.head.number + 1;
  return record;
}

std::optional<RecordScan::Record> RecordScan::next() {
  fresh_ = false;
  auto record = record_at(offset_);
  if (!record && !fresh_) {  // it may have been written since the buffer was filled
    buffer_.clear();
    record = record_at(offset_);
  }
  if (!record || record->head.number != number_) return std::nullopt;
  return pass(*record);
}

std::optional<RecordScan::Record> RecordScan::search() {
  const std::uint64_t end = file_->size();
  for (std::uint64_t offset = offset_; offset + record_head_bytes <= end; offset += record_alignment) {
    const auto head = decode_record_head(view(offset, record_head_bytes), salt_);
    if (!head || head->number <= number_) continue;
    if (const auto record = record_at(offset)) return pass(*record);
  }
  return std::nullopt;
}

}  // namespace tally
