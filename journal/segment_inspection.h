// SPDX-License-Identifier: Apache-2.0
// Counts and judges the records of one segment. Segments are judged from the newest to the oldest,
// because what was synced in one of them is proven by those behind it (opening.h).
#pragma once

#include <functional>
#include <vector>

#include "journal/inspection.h"
#include "journal/segment_files.h"

namespace tally {

// What is known to have been synced.
struct SyncProof {
  std::optional<StablePlace> mark;  // proves all orders up to its own
  std::uint64_t number = 0;         // all records up to this number were synced
};

struct SegmentFindings {
  InspectedSegment segment;
  // A crash tore it before its last record that counts, so the segments that follow are void.
  bool is_torn = false;
};

// Inspects `files[place]`. When something is wrong with it, `directory` tells whether the file is
// still there, because one that was cut in the meantime has no fault. `read` is told how many bytes
// of the file have been read. What the segment's records prove is added to `proof`.
SegmentFindings inspect_segment(const Directory& directory, const std::vector<SegmentFile>& files, std::size_t place,
                                SyncProof& proof, const std::function<void(std::uint64_t)>& read);

}  // namespace tally
