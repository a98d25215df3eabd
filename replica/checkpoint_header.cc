// SPDX-License-Identifier: Apache-2.0
#include "replica/checkpoint_header.h"

#include "protocol/bytes.h"

namespace tally {
namespace {

// The first number: the format, and where the checkpoint came from.
constexpr std::uint32_t made_here = 1;
constexpr std::uint32_t imported = 2;

}  // namespace

std::string encode_header(const CheckpointHeader& header) {
  std::string bytes;
  append_number(bytes, header.imported ? imported : made_here);
  append_number(bytes, header.group.value);
  append_number(bytes, header.applied.term.value);
  append_number(bytes, header.applied.sequence.value);
  append_digest(bytes, header.applied.chain);
  append_number(bytes, header.served.nanoseconds);
  append_number(bytes, header.calendar.unix_milliseconds);
  append_number(bytes, header.semantics);
  append_digest(bytes, header.state);
  append_number(bytes, checksum_of(bytes));
  return bytes;
}

std::optional<CheckpointHeader> decode_header(std::string_view bytes) {
  ByteReader reader(bytes);
  CheckpointHeader header;
  const auto kind = reader.number<std::uint32_t>();
  header.imported = kind == imported;
  header.group = GroupId(reader.number<std::uint64_t>());
  header.applied.term = Term(reader.number<std::uint64_t>());
  header.applied.sequence = Sequence(reader.number<std::uint64_t>());
  header.applied.chain = read_digest(reader);
  header.served = ServedTime{reader.number<std::int64_t>()};
  header.calendar = CalendarTime{reader.number<std::int64_t>()};
  header.semantics = reader.number<std::uint32_t>();
  header.state = read_digest(reader);
  const std::string_view checked = bytes.substr(0, bytes.size() - reader.rest().size());
  const auto checksum = reader.number<std::uint64_t>();
  if ((kind != made_here && kind != imported) || !reader.at_end() || checksum != checksum_of(checked))
    return std::nullopt;
  return header;
}

}  // namespace tally
