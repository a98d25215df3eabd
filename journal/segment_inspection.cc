// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_inspection.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "journal/segment_walk.h"

namespace tally {
namespace {

constexpr std::size_t holes_kept = 64;  // further ones are only counted

std::string text(std::uint64_t number) { return std::to_string(number); }

class SegmentInspection {
 public:
  SegmentInspection(const SegmentFile& file, SegmentEnd end, SyncProof& proof,
                    const std::function<void(std::uint64_t)>& read)
      : file_(file), end_(end), proof_(proof), read_(read) {
    InspectedSegment& segment = counted_;
    segment.name = file.name;
    segment.capacity = file.capacity;
    segment.counts = file.counts;
    segment.fault = file.fault;
    segment.note = file.note;
    if (!file.segment) return;
    const SegmentHeader& header = file.segment->header();
    segment.term = header.term;
    segment.first = header.first();
    segment.last = header.last.sequence;
    segment.first_number = header.first_number;
    segment.last_number = header.first_number - 1;
    segment.bytes = file.segment->scan().offset();
  }

  SegmentFindings inspect() {
    if (!file_.segment) return {std::move(counted_), false};
    if (file_.counts) proof_.number = std::max(proof_.number, file_.segment->header().synced);
    SegmentWalk walk(file_.segment, end_);
    try {
      while (const auto step = walk.next()) take(*step);
    } catch (const std::system_error& error) {
      if (error.code().value() != EIO) throw;
      complain("the disk does not give back what is at offset " + text(walk.offset()));
    }
    check_chain(walk.last());
    judge_holes();
    return {std::move(counted_), is_torn_};
  }

 private:
  struct FoundHole {
    SegmentWalk::Hole hole;
    std::uint64_t offset;
    InspectedSegment before;  // what had been counted before it
  };

  void take(const SegmentWalk::Step& step) {
    if (file_.counts && step.head.number != 0) proof_.number = std::max(proof_.number, step.head.synced);
    if (const auto* hole = std::get_if<SegmentWalk::Hole>(&step.what)) return note_hole(*hole, step.offset);
    counted_.last = step.head.sequence;
    counted_.last_number = step.head.number;
    counted_.bytes = step.offset + record_bytes(step.head.size);
    read_(counted_.bytes);
    if (const auto* order = std::get_if<Order>(&step.what)) {
      counted_.orders += 1;
      compare_with_mark(*order, step.head);
    } else {
      (std::holds_alternative<JournaledView>(step.what) ? counted_.views : counted_.agreed) += 1;
    }
  }

  // All records up to the one that holds the mark's order were synced.
  void compare_with_mark(const Order& order, const RecordHead& head) {
    if (!file_.counts || !proof_.mark || order.id.sequence != proof_.mark->sequence) return;
    proof_.number = std::max(proof_.number, head.number);
    if (order.id.chain != proof_.mark->chain)
      complain("order " + text(order.id.sequence.value) +
               " is not the one that was stable: an older copy was put there");
  }

  void note_hole(const SegmentWalk::Hole& hole, std::uint64_t offset) {
    if (hole.is_end && end_.is_unknown) return;
    holes_ += 1;
    if (kept_.size() < holes_kept) kept_.push_back({hole, offset, counted_});
  }

  // A hole where a record was synced is damage. The first hole where no record was synced is the
  // place at which a crash tore the segment, and nothing behind it counts.
  void judge_holes() {
    std::uint64_t damaged = 0;
    const SegmentWalk::Hole* first = nullptr;
    std::uint64_t offset = 0;
    for (const FoundHole& found : kept_) {
      if (file_.counts && !was_synced(found.hole)) {
        tear(found);
        holes_ = damaged;
        break;
      }
      if (damaged == 0) {
        first = &found.hole;
        offset = found.offset;
      }
      damaged += 1;
    }
    if (!first || !file_.counts) return;
    const std::string others = holes_ > 1 ? ", and " + text(holes_ - 1) + " more places are damaged" : "";
    complain("no whole record is at offset " + text(offset) + ": " + missing_orders(*first) + others);
  }

  bool was_synced(const SegmentWalk::Hole& hole) const {
    const bool is_below_mark = proof_.mark && hole.first.value != 0 && hole.first <= proof_.mark->sequence;
    return hole.number <= proof_.number || is_below_mark;
  }

  void tear(const FoundHole& found) {
    is_torn_ = end_.order.has_value();
    const std::uint64_t end = std::max(counted_.bytes, found.offset + found.hole.bytes);
    std::string note = std::move(counted_.note);
    std::string fault = std::move(counted_.fault);
    counted_ = found.before;
    counted_.fault = std::move(fault);
    counted_.note = std::move(note);
    if (end > found.offset)
      counted_.note =
          "a torn tail of " + text(end - found.offset) + " bytes behind it (never synced, or being written)";
  }

  void check_chain(const OrderIdentity& last) {
    if (end_.order && holes_ == 0 && last != *end_.order && counted_.fault.empty())
      complain("the segment behind it does not continue it");
  }

  void complain(const std::string& what) {
    if (counted_.fault.empty())
      counted_.fault = what;
    else
      counted_.fault += "; " + what;
  }

  const SegmentFile& file_;
  const SegmentEnd end_;
  SyncProof& proof_;
  const std::function<void(std::uint64_t)>& read_;
  InspectedSegment counted_;
  std::vector<FoundHole> kept_;
  std::uint64_t holes_ = 0;
  bool is_torn_ = false;
};

}  // namespace

SegmentFindings inspect_segment(const Directory& directory, const std::vector<SegmentFile>& files, std::size_t place,
                                SyncProof& proof, const std::function<void(std::uint64_t)>& read) {
  const SegmentFile& file = files[place];
  SegmentFindings findings = SegmentInspection(file, end_of(files, place), proof, read).inspect();
  if (!findings.segment.fault.empty() && !directory.has(file.name)) {
    findings.segment.fault.clear();
    findings.segment.note = "cut meanwhile";
  }
  return findings;
}

}  // namespace tally
