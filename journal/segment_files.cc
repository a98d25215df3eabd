// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_files.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace tally {
namespace {

// Returns nothing if the file has been removed.
std::optional<SegmentFile> read_file(const Directory& directory, const std::string& name) {
  SegmentFile file;
  file.name = name;
  try {
    auto opened = directory.open_to_read(name);
    file.capacity = opened->size();
    file.segment = Segment::read(std::move(opened));
    if (!file.segment) file.fault = "its header is damaged";
  } catch (const std::system_error& error) {
    if (error.code().value() == ENOENT) return std::nullopt;
    if (error.code().value() != EIO) throw;
    file.fault = "its header cannot be read from the disk";
  }
  return file;
}

std::string fault_of(const SegmentFile& file, std::optional<GroupId> group) {
  if (!file.segment) return file.fault;
  if (group && file.segment->header().group != *group) return "it belongs to another group";
  if (file.segment->name() != file.name) return "it holds what belongs to " + file.segment->name();
  return {};
}

// If a segment begins with the mark's `first` or before, all segments before it were cut. A crash
// may have left any of them.
void leave_out(std::vector<SegmentFile>& cut, Sequence first) {
  for (SegmentFile& file : cut) {
    if (!file.counts) continue;
    file.counts = false;
    file.note = "cut: order " + std::to_string(first.value) + " is the first that is kept";
  }
}

// A beginning may be missing only because it was cut.
void check_beginning(std::vector<SegmentFile>& files, const std::optional<StablePlace>& mark) {
  const auto front = std::ranges::find_if(files, [](const SegmentFile& file) { return file.counts; });
  if (!mark || front == files.end() || front->segment->first() <= mark->first) return;
  front->fault = "the segment before it, with order " + std::to_string(mark->first.value) + ", is missing";
}

}  // namespace

std::vector<SegmentFile> list_segments(const Directory& directory, std::optional<GroupId> group,
                                       const std::optional<StablePlace>& mark) {
  std::vector<SegmentFile> files;
  const SegmentFile* before = nullptr;
  std::vector<std::string> names = directory.names();
  std::erase_if(names, [](const std::string& name) { return !segment_first(name); });
  files.reserve(names.size());
  for (const std::string& name : names) {
    auto file = read_file(directory, name);
    if (!file) continue;
    file->fault = fault_of(*file, group);
    file->counts = file->fault.empty();
    if (file->counts && mark && file->segment->first() <= mark->first) {
      leave_out(files, mark->first);
      before = nullptr;
    }
    if (file->counts && before) {
      const SegmentHeader& header = file->segment->header();
      const SegmentHeader& previous = before->segment->header();
      const std::string wanted = header.predecessor.value == 0 ? "" : segment_name(header.predecessor);
      if (header.term < previous.term) {
        file->counts = false;
        file->note = "of term " + std::to_string(header.term.value) + ": its orders were written anew when term " +
                     std::to_string(previous.term.value) + " began";
      } else if (wanted != before->name && std::ranges::count(names, wanted) == 0) {
        file->fault = "the segment between " + before->name + " and this one is missing";
      }
    }
    files.push_back(std::move(*file));
    if (files.back().counts) before = &files.back();
  }
  check_beginning(files, mark);
  return files;
}

SegmentEnd end_of(const std::vector<SegmentFile>& files, std::size_t place) {
  const auto next = std::find_if(files.begin() + static_cast<std::ptrdiff_t>(place) + 1, files.end(),
                                 [](const SegmentFile& file) { return file.counts; });
  SegmentEnd end;
  if (!files[place].counts || next == files.end()) return end;
  const SegmentHeader& header = next->segment->header();
  end.is_unknown = header.predecessor != files[place].segment->first();
  if (end.is_unknown) return end;
  end.number = header.predecessor_last;
  end.order = header.last;
  return end;
}

}  // namespace tally
