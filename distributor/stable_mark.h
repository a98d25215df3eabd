// SPDX-License-Identifier: Apache-2.0
// How far the journal was stable, remembered beside it: so that a journal that lost its tail, or was replaced by an
// older copy, is noticed instead of served.
//
// A file of two slots in shared memory, written in turn after each sync, at the cost of a few stores. It is never
// synced itself: after a power cut it may be behind, which proves less and accuses nobody; it is never ahead.
// One thread.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "protocol/messages.h"

namespace tally {

struct StablePlace {
  Sequence sequence;
  Digest chain;
  auto operator<=>(const StablePlace&) const = default;
};

class StableMark {
 public:
  // Creates the file if need be.
  static tl::expected<StableMark, std::string> open(const std::string& path);

  StableMark(StableMark&& other) noexcept;
  StableMark& operator=(StableMark&&) = delete;
  ~StableMark();

  // The newest place that was set; nothing in a new file. A damaged slot counts as never written.
  std::optional<StablePlace> get() const;
  void set(const StablePlace& place);

 private:
  struct Slot {
    StablePlace place;
    std::uint64_t checksum = 0;
  };
  static constexpr std::size_t slots = 2;

  explicit StableMark(Slot* memory) : memory_(memory) {}
  static bool is_valid(const Slot& slot);

  Slot* memory_;
};

}  // namespace tally
