// SPDX-License-Identifier: Apache-2.0
// One file of the journal: a header, then records. Only the newest one is appended to.
//
// append() belongs to one thread; everything else may be called from any.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/directory.h"
#include "journal/format.h"
#include "journal/record_scan.h"

namespace tally {

class Segment {
 public:
  // Whose header is in the file already, `header_bytes` of it, and nothing else. The file is `capacity` large; or it
  // grows, up to there.
  Segment(std::unique_ptr<File> file, SegmentHeader header, std::size_t header_bytes, std::uint64_t capacity,
          bool grows);
  // One that is there. Nothing: its header is damaged.
  static std::shared_ptr<Segment> read(std::unique_ptr<File> file);

  const SegmentHeader& header() const { return header_; }
  Sequence first() const { return header_.first(); }
  std::string name() const { return segment_name(first()); }
  const File& file() const { return *file_; }
  // The next so many bytes from about this order on are to be read from the disk.
  void drop_cache(Sequence from, std::size_t bytes) const { file_->drop_cache(place_before(from).offset, bytes); }

  bool has_room_for(std::size_t content) const { return end_ + record_bytes(content) <= capacity_; }
  std::uint64_t room() const { return capacity_ > end_ ? capacity_ - end_ : 0; }
  bool grows() const { return grows_; }
  void append(const RecordHead& head, std::string_view first, std::string_view second);
  void sync() { file_->sync(); }
  // Behind the last record, where this process wrote or found it; otherwise the end of the file.
  std::uint64_t end() const { return end_; }
  void ends_at(std::uint64_t end) { end_ = end; }

  RecordScan scan() const { return {*file_, header_.salt, header_bytes_, header_.first_number}; }
  // This order, if it is here and whole, and a scan that goes on behind it.
  struct Found {
    std::string content;
    RecordScan behind;
  };
  std::optional<Found> find(Sequence sequence);
  // The order that a scan comes to, if it is this one.
  static std::optional<Found> read_on(RecordScan scan, Sequence sequence);

 private:
  struct Place {
    Sequence sequence;
    std::uint64_t number;
    std::uint64_t offset;
  };
  Place place_before(Sequence sequence) const;
  void note(const RecordHead& head, std::uint64_t offset);

  std::unique_ptr<File> file_;
  const SegmentHeader header_;
  const std::size_t header_bytes_;
  const std::uint64_t capacity_;
  const bool grows_;
  std::atomic<std::uint64_t> end_;
  mutable std::mutex mutex_;  // of the index
  std::vector<Place> index_;  // ascending, one each so many bytes, as far as was written or read
};

}  // namespace tally
