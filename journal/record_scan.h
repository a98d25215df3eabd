// SPDX-License-Identifier: Apache-2.0
// Reads the records of one segment, one behind the other. Reads through a buffer, so that small records cost no system
// call each. One thread; the file outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "files/directory.h"
#include "journal/format.h"

namespace tally {

class RecordScan {
 public:
  struct Record {
    RecordHead head;
    std::string_view content;  // until the next call
    std::uint64_t offset;      // of its head
  };

  // Begins at `offset`, where the record `number` is, or will be.
  RecordScan(const File& file, std::uint64_t salt, std::uint64_t offset, std::uint64_t number);

  // Nothing: no valid record of the expected number is here. Asked again, it looks again.
  std::optional<Record> next();
  // Where next() found nothing: the first valid record of a higher number behind it, which next() then goes on from.
  std::optional<Record> search();

  // Behind the last record.
  std::uint64_t offset() const { return offset_; }
  std::uint64_t number() const { return number_; }

 private:
  std::string_view view(std::uint64_t offset, std::size_t size);
  std::optional<Record> record_at(std::uint64_t offset);
  Record pass(const Record& record);

  const File* file_;
  std::uint64_t salt_;
  std::uint64_t offset_;
  std::uint64_t number_;
  std::string buffer_;
  std::uint64_t buffer_offset_ = 0;
  bool fresh_ = false;  // the buffer was filled in this call
};

}  // namespace tally
