// SPDX-License-Identifier: Apache-2.0
// The segment files of a journal's directory, as they are found: also such as no journal would open. For inspecting and
// dumping; what a start goes by is opening.h, whose rules these are.
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
  std::uint64_t capacity = 0;        // of the file
  std::shared_ptr<Segment> segment;  // nothing: its header cannot be read
  std::string fault;                 // a sentence; empty: nothing is wrong with it
  std::string note;                  // what is to be said of it, and harmless
  bool counts = false;               // it is part of the order
};

// In the order of their names, which is that of their orders. `group`: that they must be of, and `mark`: where the
// first one must begin, as far as it is known. What a running distributor removed meanwhile is left out.
// std::system_error: something cannot be read now.
std::vector<SegmentFile> list_segments(const Directory& directory, std::optional<GroupId> group,
                                       const std::optional<StablePlace>& mark);

// How far the records of `files[place]` count, as the segment says that goes on from it: those behind were void when it
// began.
struct SegmentEnd {
  std::uint64_t number = UINT64_MAX;   // of the last record that counts; none: as far as they go
  std::optional<OrderIdentity> order;  // the last order that counts
  bool is_unknown = false;             // others follow, and the one that goes on from it is not there, or damaged
};
SegmentEnd end_of(const std::vector<SegmentFile>& files, std::size_t place);

}  // namespace tally
