// SPDX-License-Identifier: Apache-2.0
// The bytes of a segment: its header and its records, each with its size before it. They are tried
// as they are, and with the checksums that they should have.
#include "journal/segment.h"

#include "sealed_segment.h"
#include "target.h"
#include "tests/unit/simulated_directory.h"

using namespace tally;

namespace {

void try_header(std::string_view bytes) {
  const auto header = decode_segment_header(bytes);
  if (!header) return;
  const std::string encoded = encode_segment_header(*header);
  CHECK(decode_segment_header(encoded) == header);
  CHECK(segment_header_size(encoded) == encoded.size());
  CHECK(!decode_segment_header(std::string_view(encoded).substr(0, encoded.size() - 1)));
}

// Every record must be found, in ascending order, with its content as it is in the bytes. An order
// must be found by its sequence where the file has it.
void try_segment(const std::string& bytes) {
  SimulatedDisk disk;
  disk.put("segment", bytes);
  const auto segment = Segment::read(open_simulated_directory(disk)->open_to_read("segment"));
  if (!segment) return;
  RecordScan scan = segment->scan();
  std::uint64_t number = segment->header().first_number;
  std::uint64_t offset = 0;
  Sequence last = segment->header().last.sequence;
  while (true) {
    auto record = scan.next();
    CHECK(!record || record->head.number == number);
    if (!record) record = scan.search();
    if (!record) break;
    fuzz::accepted();
    CHECK(record->head.number >= number && record->offset > offset);
    CHECK(bytes.compare(record->offset + record_head_bytes, record->head.size, record->content) == 0);
    CHECK(scan.offset() > record->offset && scan.number() == record->head.number + 1);
    number = record->head.number + 1;
    offset = record->offset;
    if (record->head.type != RecordType::order || record->head.sequence <= last) continue;
    last = record->head.sequence;
    const auto found = segment->find(last);
    CHECK(!found || found->behind.offset() > record_bytes(found->content.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(fuzz::bytes_of(data, size));
  const std::string_view header = reader.sized();
  const std::string_view records = reader.sized();
  try_header(fuzz::bytes_of(data, size));
  const std::string bytes = fuzz::sealed_segment(header, records);
  try_header(bytes);
  try_segment(bytes);
  try_segment(std::string(header) + std::string(records));
  return 0;
}
