// SPDX-License-Identifier: Apache-2.0
// Reads the records of one segment, one behind the other. It reads through a buffer, so that small
// records do not cost a system call each. It belongs to one thread, and the file must outlive it.
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
    std::string_view content;  // valid until the next call
    std::uint64_t offset;      // of its head
  };

  // Begins at `offset`, where the record with this number is or will be.
  RecordScan(const File& file, std::uint64_t salt, std::uint64_t offset, std::uint64_t number);

  // Returns nothing if no valid record of the expected number is here. The next call looks again,
  // since the record may have been written by then.
  std::optional<Record> next();
  // To be called where next() found nothing. Finds the first valid record of a higher number behind
  // this place. next() then goes on from that record.
  std::optional<Record> search();

  // The offset behind the last record, and the number of the record that is expected there.
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
