// SPDX-License-Identifier: Apache-2.0
// Whose requests for state this replica serves: a few transfers at a time, each from a checkpoint that is pinned for it
// until it ends or falls idle. Others are told that it is busy.
//
// Anybody may ask, a replica that lies among them. So a transfer is prolonged only by a request for
// what comes after all that it asked for before, and a place that is free belongs to whoever was
// told first that there was none, if it still asks. Nobody can keep a place by asking for the same
// again and again, nor take the next one from those that wait.
//
// A transfer is known by its ZeroMQ routing id. Pure, one thread, driven by the shell.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "protocol/time.h"

namespace tally {

class Donor {
 public:
  static constexpr std::size_t most_waiting = 32;
  static constexpr Duration patience = seconds(10);  // with one that waits and asks for nothing

  enum class Step {
    read,    // read the next chunk, then say answered()
    busy,    // say so
    ignore,  // the chunk that was asked for before is still being read
  };
  // `after`: the chunk that follows this key is wanted; empty: the first.
  Step receive(const std::string& peer, const std::string& after, Instant now);
  // `over`: nothing follows; the checkpoint is unpinned soon.
  void answered(const std::string& peer, bool over, Instant now);

  // The transfers that ended.
  std::vector<std::string> tick(Instant now);
  Instant next_deadline() const;

 private:
  struct Transfer {
    Instant ends;  // unless something further is asked for
    std::string furthest;
    bool reading = false;
    bool over = false;
  };
  struct Waiting {
    std::string peer;
    Instant ends;  // unless it asks again
  };
  bool may_begin(const std::string& peer, Instant now);

  std::map<std::string, Transfer> transfers_;
  std::deque<Waiting> waiting_;  // who was told first that this replica is busy comes first
};

}  // namespace tally
