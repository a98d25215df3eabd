// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_walk.h"

#include <algorithm>
#include <utility>

#include "journal/records.h"

namespace tally {

std::string missing_orders(const SegmentHole& hole) {
  if (hole.first.value == 0) return "no order is missing, but a view or what was agreed";
  if (hole.last.value == 0) return "order " + std::to_string(hole.first.value) + " is missing, and what followed it";
  if (hole.first == hole.last) return "order " + std::to_string(hole.first.value) + " is missing";
  return "orders " + std::to_string(hole.first.value) + " to " + std::to_string(hole.last.value) + " are missing";
}

SegmentWalk::SegmentWalk(std::shared_ptr<const Segment> segment, SegmentEnd end)
    : segment_(std::move(segment)), end_(end), scan_(segment_->scan()), last_(segment_->header().last) {}

std::optional<SegmentWalk::Step> SegmentWalk::next() {
  if (ended_) return std::nullopt;
  if (behind_) {
    const RecordScan::Record record = *std::exchange(behind_, std::nullopt);
    return step_of(record);
  }
  if (scan_.number() > end_.number) return std::nullopt;
  const std::uint64_t offset = scan_.offset();
  const std::uint64_t number = scan_.number();
  if (const auto record = scan_.next()) return step_of(*record);
  // A running distributor may have written the records here and behind a moment ago. So where
  // something is found behind this place, this place is read once more.
  RecordScan further = scan_;
  const bool has_more = further.search().has_value();
  if (has_more)
    if (const auto record = scan_.next()) return step_of(*record);
  return hole_at(offset, number, has_more);
}

SegmentWalk::Step SegmentWalk::hole_at(std::uint64_t offset, std::uint64_t number, bool has_more) {
  Hole hole;
  hole.number = number;
  hole.first = last_.sequence.next();
  Step step{offset, {}, {}};
  if (const auto record = has_more ? scan_.search() : std::nullopt) {
    step.head = record->head;
    if (record->head.number <= end_.number) behind_ = record;
  }
  if (behind_) {
    const bool is_order = step.head.type == RecordType::order;
    hole.last = Sequence(step.head.sequence.value - (is_order ? 1 : 0));
  } else {
    ended_ = hole.is_end = true;
    hole.bytes = begun_bytes(offset, number);
    if (end_.order) hole.last = end_.order->sequence;
  }
  const bool is_told = !hole.is_end || end_.order;
  // No order is missing.
  if (is_told && hole.last < hole.first) hole.first = hole.last = Sequence();
  if (is_told && hole.first.value != 0) {
    last_.sequence = hole.last;
    is_known_ = false;
  }
  step.what = hole;
  return step;
}

std::uint64_t SegmentWalk::begun_bytes(std::uint64_t offset, std::uint64_t number) const {
  RecordScan scan(segment_->file(), segment_->header().salt, offset, number);
  if (scan.next()) return 0;  // it has been written in the meantime
  const std::string bytes = segment_->file().read(offset, record_head_bytes);
  const auto head = decode_record_head(bytes, segment_->header().salt);
  if (!head || head->number != number) return 0;
  return std::min<std::uint64_t>(record_bytes(head->size), segment_->file().size() - offset);
}

SegmentWalk::Step SegmentWalk::step_of(const RecordScan::Record& record) {
  Step step{record.offset, record.head, {}};
  if (take(record, step)) return step;
  Hole hole;
  hole.number = record.head.number;
  if (record.head.type == RecordType::order) {
    hole.first = hole.last = record.head.sequence;
    last_.sequence = record.head.sequence;
    is_known_ = false;
  }
  step.what = hole;
  return step;
}

// Returns false if the bytes are as they were written, and yet make no sense.
bool SegmentWalk::take(const RecordScan::Record& record, Step& step) {
  if (record.head.type == RecordType::view) {
    auto view = decode_view(record.content);
    if (view) step.what = std::move(*view);
    return view.has_value();
  }
  if (record.head.type == RecordType::agreed) {
    const auto agreed = decode_agreed(record.content);
    if (agreed) step.what = *agreed;
    return agreed.has_value();
  }
  auto order = decode_order(record.content);
  if (!order || order->id.sequence != record.head.sequence || !continues(*order)) return false;
  last_ = order->id;
  is_known_ = true;
  step.what = std::move(*order);
  return true;
}

bool SegmentWalk::continues(const Order& order) const {
  return order.id.sequence == last_.sequence.next() && (!is_known_ || order.previous == last_.chain);
}

}  // namespace tally
