// SPDX-License-Identifier: Apache-2.0
#include "journal/salvage.h"

#include <algorithm>
#include <system_error>

#include "journal/opening.h"

namespace tally {
namespace {

constexpr std::uint64_t piece_bytes = 1u << 20;

// The whole file, except that of the last segment only what counts is copied.
std::uint64_t bytes_of(const Segment& segment) { return std::min(segment.end(), segment.file().size()); }

void copy(const Segment& segment, Directory& to, std::uint64_t& done, std::uint64_t all, const CopyProgress& progress) {
  const auto file = to.create(segment.name());
  const std::uint64_t size = bytes_of(segment);
  for (std::uint64_t offset = 0; offset < size; offset += piece_bytes) {
    const std::uint64_t piece = std::min(piece_bytes, size - offset);
    file->write(offset, segment.file().read(offset, piece));
    progress(done += piece, all);
  }
  file->sync();
}

void make_mark(Directory& to, const FoundJournal& found) {
  const RecoveredJournal& recovered = found.recovered;
  StableMark::create(to, recovered.group);
  const auto mark = StableMark::read(to.open(StableMark::file_name));
  mark->set(recovered.term, recovered.last, 0);
  mark->set_first(recovered.first);
}

}  // namespace

tl::expected<void, std::string> salvage_journal(const Directory& from, Directory& to, const CopyProgress& progress) {
  try {
    const auto identity = read_identity(from);
    if (!identity) return tl::unexpected(identity.error());
    const auto mark = read_mark(from, identity->group, Access::read);
    StablePlace place;  // if the mark is lost, an empty one takes its place, and proves nothing
    place.group = identity->group;
    if (mark) place = (*mark)->get();
    const auto found = find_journal(from, place, Loss::given_up);
    if (!found) return tl::unexpected(found.error());
    if (found->segments.empty()) return tl::unexpected<std::string>("nothing of its orders is there");
    if (const auto refused = refused_semantics(*found)) return tl::unexpected(*refused);
    std::uint64_t done = 0;
    std::uint64_t all = 0;
    for (const auto& segment : found->segments) all += bytes_of(*segment);
    for (const auto& segment : found->segments) copy(*segment, to, done, all, progress);
    make_mark(to, *found);
    write_identity(to, *identity);  // this comes last, because only now it is a journal
    return {};
  } catch (const std::system_error& error) {
    return tl::unexpected(std::string("the journal cannot be copied: ") + error.what());
  }
}

}  // namespace tally
