// SPDX-License-Identifier: Apache-2.0
// How many idempotency keys each source may make the group remember through this bridge, so that
// nobody can use up what others need (law 25).
//
// The threshold is dynamic, as in shared-memory switches (Choudhury and Hahne, "Dynamic queue
// length thresholds for shared-memory packet switches", 1998): a source may have at most as many
// keys as are left free. So one source alone gets half of the room, two get a third each, n get
// 1/(n+1), and there is always room for one more source. A key counts for ten minutes, in steps of
// one minute. A key that is repeated counts again.
//
// Bounds: there are door_limits::key_sources entries, and all further sources share one. Every call
// is O(1). Thread: its owner's.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <unordered_map>

#include "bridge/limits.h"
#include "bridge/sources.h"
#include "protocol/time.h"

namespace tally::bridge {

class KeyShares {
 public:
  // `room`: keys within the window. `secret`: see SourceHash.
  KeyShares(std::uint64_t room, std::uint64_t secret);

  // Whether the source may have one more key, which is counted then. `now` never goes back.
  bool take(const Source& source, Instant now);

  std::size_t sources() const { return entries_.size(); }

 private:
  // Keys by the steps of the window.
  struct Window {
    void advance(std::int64_t to);
    void add();
    bool is_over(std::int64_t now) const;

    std::array<std::uint64_t, door_limits::key_steps> keys{};  // of step s at s modulo key_steps
    std::uint64_t sum = 0;
    std::int64_t step = 0;  // the newest
  };
  struct Entry {
    Source source;
    Window window;
  };

  Window& window_of(const Source& source);
  void forget_some(std::int64_t step);

  const std::uint64_t room_;
  Window all_;
  Window others_;             // of sources that have no entry
  std::list<Entry> entries_;  // who asked longest ago comes first
  std::unordered_map<Source, std::list<Entry>::iterator, SourceHash> found_;
};

}  // namespace tally::bridge
