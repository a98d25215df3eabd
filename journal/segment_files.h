// SPDX-License-Identifier: Apache-2.0
// The segment files of a journal's directory as they are found, even those of a journal that could
// not be opened. This serves inspecting and dumping. What a start does is decided in opening.h, and
// the rules here are the same.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "files/directory.h"
#include "journal/segment.h"
#include "journal/stable_mark.h"

namespace tally {

struct SegmentFile {
  std::string name;
  std::uint64_t capacity = 0;        // the size of the file
  std::shared_ptr<Segment> segment;  // null: its header cannot be read
  std::string fault;                 // a sentence; empty: nothing is wrong with it
  std::string note;                  // something worth saying that is harmless
  bool counts = false;               // it is part of the order
};

// Lists the segments by their names, which is the order of what they hold. `group` is the group to
// which they must belong, and `mark` tells where the first one must begin; either may be unknown.
// Files that a running distributor has removed in the meantime are left out. Throws
// std::system_error if something cannot be read now.
std::vector<SegmentFile> list_segments(const Directory& directory, std::optional<GroupId> group,
                                       const std::optional<StablePlace>& mark);

// How far the records of `files[place]` count. The segment that goes on from it says so, because
// what was behind that place was void when that segment began.
struct SegmentEnd {
  std::uint64_t number = UINT64_MAX;   // the last record that counts; the maximum: all count
  std::optional<OrderIdentity> order;  // the last order that counts
  // True if segments follow, but the one that goes on from this one is missing or damaged.
  bool is_unknown = false;
};
SegmentEnd end_of(const std::vector<SegmentFile>& files, std::size_t place);

}  // namespace tally
