// SPDX-License-Identifier: Apache-2.0
#include "journal/stable_mark.h"

#include <string>
#include <utility>

#include "protocol/bytes.h"

namespace tally {
namespace {

constexpr std::size_t sector_bytes = 512;
constexpr std::size_t slots = 2;

}  // namespace

std::string StableMark::encode(const Slot& slot) {
  std::string bytes;
  append_number(bytes, slot.writing);
  append_number(bytes, slot.place.group.value);
  append_number(bytes, slot.place.term.value);
  append_number(bytes, slot.place.first.value);
  append_number(bytes, slot.place.sequence.value);
  append_digest(bytes, slot.place.chain);
  append_number(bytes, slot.place.synced);
  append_number(bytes, checksum_of(bytes));
  return bytes;
}

std::optional<StableMark::Slot> StableMark::decode(std::string_view bytes) {
  ByteReader reader(bytes);
  Slot slot;
  slot.writing = reader.number<std::uint64_t>();
  slot.place.group = GroupId(reader.number<std::uint64_t>());
  slot.place.term = Term(reader.number<std::uint64_t>());
  slot.place.first = Sequence(reader.number<std::uint64_t>());
  slot.place.sequence = Sequence(reader.number<std::uint64_t>());
  slot.place.chain = read_digest(reader);
  slot.place.synced = reader.number<std::uint64_t>();
  const std::size_t size = bytes.size() - reader.rest().size();
  const auto checksum = reader.number<std::uint64_t>();
  if (!reader.ok() || slot.writing == 0 || checksum != checksum_of(bytes.substr(0, size))) return std::nullopt;
  return slot;
}

void StableMark::write(File& file, const Slot& slot) { file.write(slot.writing % slots * sector_bytes, encode(slot)); }

void StableMark::create(Directory& directory, GroupId group) {
  const auto file = directory.create(file_name);
  file->write(0, std::string(slots * sector_bytes, '\0'));
  Slot slot;
  slot.writing = 1;
  slot.place.group = group;
  write(*file, slot);
  file->sync();
}

std::unique_ptr<StableMark> StableMark::read(std::unique_ptr<File> file) {
  std::optional<Slot> newest;
  for (std::size_t place = 0; place < slots; ++place) {
    const auto slot = decode(file->read(place * sector_bytes, sector_bytes));
    if (slot && (!newest || slot->writing > newest->writing)) newest = slot;
  }
  if (!newest) return nullptr;
  std::unique_ptr<StableMark> mark(new StableMark(std::move(file)));
  mark->slot_ = *newest;
  return mark;
}

StablePlace StableMark::get() const {
  const std::scoped_lock lock(mutex_);
  return slot_.place;
}

void StableMark::set(Term term, const OrderIdentity& order, std::uint64_t synced) {
  const std::scoped_lock lock(mutex_);
  slot_.writing += 1;
  slot_.place.term = term;
  slot_.place.sequence = order.sequence;
  slot_.place.chain = order.chain;
  slot_.place.synced = synced;
  write(*file_, slot_);
}

void StableMark::set_first(Sequence first) {
  {
    const std::scoped_lock lock(mutex_);
    slot_.writing += 1;
    slot_.place.first = first;
    write(*file_, slot_);
  }
  file_->sync();
}

}  // namespace tally
