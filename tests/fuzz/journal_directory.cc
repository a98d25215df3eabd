// SPDX-License-Identifier: Apache-2.0
// A journal's directory. The input has the mark, then for each segment its header and its records,
// each with its size before it. Either the journal refuses to open, or it can be read, appended to
// and opened again.
#include <cstring>

#include "journal/opening.h"
#include "journal/segmented_journal.h"
#include "sealed_segment.h"
#include "target.h"
#include "tests/unit/simulated_directory.h"
#include "wire/codec.h"

using namespace tally;

namespace {

constexpr GroupId group{77};
constexpr std::size_t most_segments = 8;
constexpr std::size_t slot_bytes = 512;
constexpr std::size_t slot_checksum_offset = 6 * sizeof(std::uint64_t) + sizeof(Digest);

std::string sealed_mark(std::string_view input) {
  std::string mark(input);
  mark.resize(2 * slot_bytes);
  for (std::size_t slot = 0; slot < mark.size(); slot += slot_bytes) {
    ByteReader reader(std::string_view(mark).substr(slot + 2 * sizeof(std::uint64_t)));
    const auto term = reader.number<std::uint64_t>();
    const auto first = reader.number<std::uint64_t>();
    const auto sequence = reader.number<std::uint64_t>();
    if (first == 0 || (term == 0 && sequence > 0)) continue;  // no journal writes such a mark
    const std::uint64_t checksum = checksum_of(std::string_view(mark).substr(slot, slot_checksum_offset));
    std::memcpy(mark.data() + slot + slot_checksum_offset, &checksum, sizeof checksum);
  }
  return mark;
}

SimulatedDisk disk_of(std::string_view input) {
  SimulatedDisk disk;
  disk.put("identity", encode_identity({journal_kind, journal_format, distributor_role, group, "now"}));
  ByteReader reader(input);
  disk.put("stable.mark", sealed_mark(reader.sized()));
  for (std::size_t count = 0; count < most_segments && reader.ok() && !reader.at_end(); ++count) {
    const std::string_view header = reader.sized();
    const std::string bytes = fuzz::sealed_segment(header, reader.sized());
    const auto decoded = decode_segment_header(bytes);
    const bool possible = decoded && decoded->first_number < fuzz::most_numbers &&
                          decoded->last.sequence.value < fuzz::most_numbers && decoded->term.value < fuzz::most_numbers;
    if (possible) disk.put(segment_name(decoded->first()), bytes);
  }
  return disk;
}

std::unique_ptr<Journal> opened(SimulatedDisk& disk) {
  std::uint64_t salt = 0;
  JournalOptions options;
  options.segment_bytes = 4 * journal_block_bytes;
  options.random = [salt]() mutable { return ++salt * 0x9E3779B97F4A7C15; };
  auto journal = open_journal(open_simulated_directory(disk), std::move(options));
  return journal ? std::move(*journal) : nullptr;
}

void read_all(Journal& journal, const RecoveredJournal& found) {
  const std::uint64_t end = std::min(found.last.sequence.value, found.first.value + 64) + 2;
  for (std::uint64_t number = found.first.value; number <= end; ++number) {
    const auto bytes = journal.read(Sequence(number));
    // An order is found by reading on or by searching, and both must give the same.
    const auto again = journal.read(Sequence(number));
    CHECK(!bytes || !again || *again == *bytes);
    CHECK(!bytes || number <= found.last.sequence.value);
  }
  Sequence place;
  do {
    const Journal::Scrubbed scrubbed = journal.scrub(place, 4096);
    CHECK(scrubbed.next.value == 0 || scrubbed.next > place);
    place = scrubbed.next;
  } while (place.value != 0 && place.value < found.first.value + 64);
}

Order order_after(const RecoveredJournal& found) {
  Order order;
  order.previous = found.last.chain;
  order.id = {found.term, found.last.sequence.next(), {}};
  order.id.chain = chain_of(order);
  return order;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SimulatedDisk disk = disk_of(fuzz::bytes_of(data, size));
  auto journal = opened(disk);
  if (!journal) return 0;
  const RecoveredJournal found = journal->begin_term();
  if (found.last.sequence.value > 0) fuzz::accepted();
  read_all(*journal, found);

  const Order order = order_after(found);
  const wire::EncodedMessage message = wire::encode(order);
  journal->append(order.id, order.served, order.calendar, {message.header.data(), message.header.size()}, message.body);
  journal->append(found.view);
  journal->sync();
  journal->mark_stable(order.id);
  journal.reset();
  disk = disk.power_cut(SimulatedDisk::lost);

  journal = opened(disk);
  CHECK(journal != nullptr);
  const RecoveredJournal again = journal->begin_term();
  CHECK(again.term == found.term.next() && again.last == order.id && again.view == found.view);
  read_all(*journal, again);
  return 0;
}
