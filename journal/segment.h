// SPDX-License-Identifier: Apache-2.0
// One file of the journal: a header, then records. Only the newest segment is appended to.
//
// append() belongs to one thread. Everything else may be called from any thread.
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
  // A segment whose header is already in the file, in its first `header_bytes`, and which has no
  // record yet. The file has a size of `capacity`, or, if it `grows`, it grows up to that.
  Segment(std::unique_ptr<File> file, SegmentHeader header, std::size_t header_bytes, std::uint64_t capacity,
          bool grows);
  // A segment that is in a file. Returns nullptr if its header is damaged.
  static std::shared_ptr<Segment> read(std::unique_ptr<File> file);

  const SegmentHeader& header() const { return header_; }
  Sequence first() const { return header_.first(); }
  std::string name() const { return segment_name(first()); }
  const File& file() const { return *file_; }
  // The next `bytes`, from about this order on, are to be read from the disk.
  void drop_cache(Sequence from, std::size_t bytes) const { file_->drop_cache(place_before(from).offset, bytes); }

  bool has_room_for(std::size_t content) const { return end_ + record_bytes(content) <= capacity_; }
  std::uint64_t room() const { return capacity_ > end_ ? capacity_ - end_ : 0; }
  bool grows() const { return grows_; }
  void append(const RecordHead& head, std::string_view first, std::string_view second);
  void sync() { file_->sync(); }
  // The offset behind the last record, if this process wrote or found that record; otherwise the
  // end of the file.
  std::uint64_t end() const { return end_; }
  void ends_at(std::uint64_t end) { end_ = end; }

  RecordScan scan() const { return {*file_, header_.salt, header_bytes_, header_.first_number}; }
  // An order that is here and whole, and a scan that goes on behind it.
  struct Found {
    std::string content;
    RecordScan behind;
  };
  std::optional<Found> find(Sequence sequence);
  // The next order that the scan comes to, if it has this sequence.
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
  mutable std::mutex mutex_;  // guards the index
  std::vector<Place> index_;  // ascending and sparse, as far as orders were written or read
};

}  // namespace tally
