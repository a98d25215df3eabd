// SPDX-License-Identifier: Apache-2.0
// The records of one segment, counted and judged. Segments are judged from the newest to the oldest, since what was
// synced of one is proven by those behind it (opening.h).
#pragma once

#include <functional>
#include <vector>

#include "journal/inspection.h"
#include "journal/segment_files.h"

namespace tally {

// What is known to have been synced.
struct SyncProof {
  std::optional<StablePlace> mark;  // orders, up to its own
  std::uint64_t number = 0;         // records, up to this one
};

struct SegmentFindings {
  InspectedSegment segment;
  bool is_torn = false;  // a crash tore it before its last record that counts: what follows it is void
};

// `files[place]`, of which `directory` is told apart whether it is still there when something is wrong. `read` hears
// how many bytes of the file were read. Adds to `proof` what its records prove.
SegmentFindings inspect_segment(const Directory& directory, const std::vector<SegmentFile>& files, std::size_t place,
                                SyncProof& proof, const std::function<void(std::uint64_t)>& read);

}  // namespace tally
