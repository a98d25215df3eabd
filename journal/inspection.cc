// SPDX-License-Identifier: Apache-2.0
#include "journal/inspection.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "journal/opening.h"
#include "journal/segment_inspection.h"

namespace tally {
namespace {

// How often to look at what a start would do, while a distributor may be writing.
constexpr int most_looks = 4;

// Returns the sentence with which a start refuses if one of these two files is missing or damaged,
// and an empty text otherwise.
std::string read_small_files(const Directory& directory, JournalInspection& inspection) {
  const auto identity = read_identity(directory);
  if (!identity) return identity.error();
  inspection.identity = *identity;
  const auto mark = read_mark(directory, identity->group, Access::read);
  if (!mark) return mark.error();
  inspection.mark = (*mark)->get();
  return {};
}

OpeningVerdict judge(const Directory& directory) {
  OpeningVerdict verdict;
  JournalInspection small;
  verdict.refusal = read_small_files(directory, small);
  if (!verdict.refusal.empty()) return verdict;
  const auto found = find_journal(directory, *small.mark);
  if (!found) {
    verdict.refusal = found.error();
    return verdict;
  }
  if (const auto refused = refused_semantics(*found)) verdict.refusal = *refused;
  verdict.next = found->recovered.last.sequence.next();
  verdict.term = found->recovered.term.next();
  verdict.first = found->recovered.first;
  verdict.replicas = found->recovered.view.members.size();
  return verdict;
}

// A distributor that writes and cuts meanwhile can make the journal look damaged, but not twice in
// the same way. So a refusal counts only when two looks in a row give the same sentence, or when
// the last look gives it.
OpeningVerdict verdict_on(const Directory& directory) {
  OpeningVerdict verdict;
  for (int look = 0; look < most_looks; ++look) {
    try {
      OpeningVerdict again = judge(directory);
      const bool holds = again.refusal.empty() || again.refusal == verdict.refusal;
      verdict = std::move(again);
      if (holds) break;
    } catch (const std::system_error& error) {
      if (error.code().value() != ENOENT || look + 1 == most_looks) throw;
    }
  }
  return verdict;
}

class Reading {
 public:
  Reading(const std::vector<SegmentFile>& files, const InspectionProgress& progress) : progress_(progress) {
    for (const SegmentFile& file : files) all_ += file.capacity;
    if (progress_) progress_(0, all_);
  }

  // So many bytes of the present file have been read.
  void read(std::uint64_t bytes) {
    constexpr std::uint64_t step = 1u << 20;
    if (!progress_ || bytes < told_ + step) return;
    told_ = bytes;
    progress_(done_ + bytes, all_);
  }
  void finish(const SegmentFile& file) {
    done_ += file.capacity;
    told_ = 0;
    if (progress_) progress_(done_, all_);
  }

 private:
  const InspectionProgress& progress_;
  std::uint64_t all_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t told_ = 0;
};

// What goes on from a segment that a crash tore is void.
void void_behind(std::vector<InspectedSegment>& segments, std::size_t place) {
  for (std::size_t later = place + 1; later < segments.size(); ++later) {
    if (!segments[later].counts) continue;
    segments[later].counts = false;
    segments[later].note = "it goes on from what a crash tore off " + segments[place].name;
  }
}

std::vector<InspectedSegment> inspect_segments(const Directory& directory, const JournalInspection& inspection,
                                               const InspectionProgress& progress) {
  const std::optional<GroupId> group = inspection.identity ? std::optional(inspection.identity->group) : std::nullopt;
  const std::vector<SegmentFile> files = list_segments(directory, group, inspection.mark);
  Reading reading(files, progress);
  SyncProof proof{inspection.mark, 0};
  std::vector<InspectedSegment> segments(files.size());
  for (std::size_t place = files.size(); place-- > 0;) {
    SegmentFindings findings =
        inspect_segment(directory, files, place, proof, [&reading](std::uint64_t bytes) { reading.read(bytes); });
    segments[place] = std::move(findings.segment);
    if (findings.is_torn) void_behind(segments, place);
    reading.finish(files[place]);
  }
  return segments;
}

}  // namespace

std::uint64_t JournalInspection::faults() const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(segments, [](const InspectedSegment& segment) { return !segment.fault.empty(); }));
}

std::string journal_directory_of(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code none;
  const fs::path inner = fs::path(path) / "journal";
  const bool is_data = !fs::exists(fs::path(path) / identity_file, none) && fs::is_directory(inner, none);
  return is_data ? inner.string() : path;
}

JournalInspection inspect_journal(const Directory& directory, const InspectionProgress& progress) {
  JournalInspection inspection;
  inspection.path = directory.path();
  read_small_files(directory, inspection);
  inspection.segments = inspect_segments(directory, inspection, progress);
  inspection.verdict = verdict_on(directory);
  return inspection;
}

tl::expected<JournalInspection, std::string> inspect_journal(const std::string& path,
                                                             const InspectionProgress& progress) {
  try {
    const auto directory = open_posix_directory(path);
    JournalInspection inspection = inspect_journal(*directory, progress);
    if (inspection.identity || !inspection.segments.empty()) return inspection;
    return tl::unexpected(path + ": " + inspection.verdict.refusal);
  } catch (const std::system_error& error) {
    return tl::unexpected(std::string("the journal cannot be read: ") + error.what());
  }
}

}  // namespace tally
