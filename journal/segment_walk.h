// SPDX-License-Identifier: Apache-2.0
// What stands in one segment, record by record, each verified: its checksum, its content, its place in the order and in
// the chain. Where something is not whole it says so and goes on behind it, so that one damaged record hides no other.
// Whether that is damage, or what a crash leaves, is for the caller to judge (opening.h has the rule).
//
// A distributor may be appending meanwhile. One thread; memory for one record.
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

// Where a record should be and none is whole.
struct SegmentHole {
  std::uint64_t number = 0;  // of that record
  Sequence first;            // the orders that are missing, up to `last`; zero: none, it was a view or what was agreed
  Sequence last;             // zero: nobody knows
  bool is_end = false;       // no whole record that counts follows
  std::uint64_t bytes = 0;   // that can be seen of a record which was begun here; only at the end
};
// order 4711 is missing
std::string missing_orders(const SegmentHole& hole);

class SegmentWalk {
 public:
  using Hole = SegmentHole;
  struct Step {
    std::uint64_t offset = 0;
    RecordHead head;  // of the record; of a hole: of the one behind it, with number zero if there is none
    std::variant<Hole, Order, JournaledView, OrderState> what;
  };

  SegmentWalk(std::shared_ptr<const Segment> segment, SegmentEnd end);

  // Nothing: that was all. std::system_error: the file cannot be read here.
  std::optional<Step> next();

  // Behind the last whole record; the order there, whose chain is right only if no hole came since the last order.
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
  bool is_known_ = true;                      // last_.chain
  std::optional<RecordScan::Record> behind_;  // a hole that was told
  bool ended_ = false;
};

}  // namespace tally
