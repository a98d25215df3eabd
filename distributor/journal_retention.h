// SPDX-License-Identifier: Apache-2.0
// Which orders the journal still has, and which it may forget.
//
// An order is needed for as long as a replica may have to execute it again. Each replica therefore
// holds the journal at its own checkpoint, and at some orders before that, so that the checkpoint
// before it leads on too. A replica that is far behind would hold it for ever: once the journal is
// larger than it may be, it is cut below what f+1 voters have checkpoints of, and the replica that
// is left behind imports another one's state. The same is done above an order that cannot be read
// any more.
//
// Pure; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/ids.h"
#include "protocol/journal_facts.h"

namespace tally {

class JournalRetention {
 public:
  struct Config {
    std::size_t majority = 0;        // f+1
    std::uint64_t slack_orders = 0;  // kept before the oldest checkpoint
    std::uint64_t bytes = 0;         // beyond them a replica that is behind holds nothing any more
  };
  // A replica that has reported in this term.
  struct Checkpoint {
    Sequence newest;
    bool is_voters = false;
  };

  JournalRetention(const Config& config, Sequence first) : config_(config), first_(first), cut_(first) {}

  // The first order that replicas are sent; all after it are there and can be read.
  Sequence first() const { return first_; }
  bool has_room() const { return size_.has_room; }
  void observe(const JournalSize& size) { size_ = size; }
  // This order cannot be read. True: that is news.
  bool damaged(Sequence sequence);

  // Where the journal is to begin from now on, if some orders can go. `checkpoints`: of those that
  // have reported; `has_silent`: some have not, and may need any order; `agreed`: replicas may go
  // by it.
  std::optional<Sequence> cut(const std::vector<Checkpoint>& checkpoints, bool has_silent, Sequence agreed);

 private:
  Sequence safe(const std::vector<Checkpoint>& checkpoints, Sequence agreed) const;
  Sequence unneeded(const std::vector<Checkpoint>& checkpoints, bool has_silent, Sequence agreed) const;

  Config config_;
  Sequence first_;
  Sequence cut_;  // the journal was told to forget the orders before it
  JournalSize size_;
};

}  // namespace tally
