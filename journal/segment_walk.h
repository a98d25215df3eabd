// SPDX-License-Identifier: Apache-2.0
// Walks through one segment, record by record, and verifies each: its checksum, its content, its
// place in the order and in the chain. Where something is not whole, the walk says so and goes on
// behind it, so that one damaged record hides no other. Whether such a hole is damage or what a
// crash leaves is for the caller to judge (opening.h has the rule).
//
// A distributor may be appending in the meantime. A walk belongs to one thread, and needs the
// memory of one record.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "journal/record_scan.h"
#include "journal/segment.h"
#include "journal/segment_files.h"
#include "protocol/journal_facts.h"

namespace tally {

// A place where a record should be and none is whole.
struct SegmentHole {
  std::uint64_t number = 0;  // of the record that should be here
  // The orders from `first` to `last` are missing. `first` is zero if a view or an agreed state is
  // missing and no order; `last` is zero if nobody knows how many are missing.
  Sequence first;
  Sequence last;
  bool is_end = false;  // no whole record that counts follows
  // What can be seen of a record that was begun here. Only at the end.
  std::uint64_t bytes = 0;
};
// For example: order 4711 is missing.
std::string missing_orders(const SegmentHole& hole);

class SegmentWalk {
 public:
  using Hole = SegmentHole;
  struct Step {
    std::uint64_t offset = 0;
    // Of the record. For a hole: of the record behind it, or with number zero if there is none.
    RecordHead head;
    std::variant<Hole, Order, JournaledView, OrderState> what;
  };

  SegmentWalk(std::shared_ptr<const Segment> segment, SegmentEnd end);

  // Returns nothing at the end. Throws std::system_error if the file cannot be read at this place.
  std::optional<Step> next();

  // The offset behind the last whole record, and the order there. That order's chain is right only
  // if no hole came after the last whole order.
  std::uint64_t offset() const { return scan_.offset(); }
  const OrderIdentity& last() const { return last_; }

 private:
  Step step_of(const RecordScan::Record& record);
  Step hole_at(std::uint64_t offset, std::uint64_t number, bool has_more);
  bool take(const RecordScan::Record& record, Step& step);
  bool continues(const Order& order) const;
  std::uint64_t begun_bytes(std::uint64_t offset, std::uint64_t number) const;

  std::shared_ptr<const Segment> segment_;
  SegmentEnd end_;
  RecordScan scan_;
  OrderIdentity last_;
  bool is_known_ = true;                      // whether last_.chain is known
  std::optional<RecordScan::Record> behind_;  // the record behind a hole that next() has returned
  bool ended_ = false;
};

}  // namespace tally
