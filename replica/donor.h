// SPDX-License-Identifier: Apache-2.0
// Whose requests for a state this replica serves. It serves a few transfers at a time, each from a
// checkpoint that is pinned until the transfer ends or falls idle. Others are told that it is busy.
//
// Anybody may ask, and a replica that lies may ask, too. So a transfer is prolonged only by a
// request for what comes after all that it asked for before, and a free place belongs to the one
// that was told first that there was none, if it still asks. Nobody can keep a place by asking for
// the same again and again, nor take the next place from those that wait.
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
  // With a peer that waits and does not ask again.
  static constexpr Duration patience = seconds(10);

  enum class Step {
    read,    // read the next chunk, then say answered()
    busy,    // tell the peer so
    ignore,  // the chunk that was asked for before is still being read
  };
  // `after`: the chunk that follows this key is wanted; empty: the first one.
  Step receive(const std::string& peer, const std::string& after, Instant now);
  // `over`: nothing follows, and the checkpoint is unpinned soon.
  void answered(const std::string& peer, bool over, Instant now);

  // Returns the transfers that ended: their checkpoints may be let go.
  std::vector<std::string> tick(Instant now);
  Instant next_deadline() const;

 private:
  struct Transfer {
    Instant ends;  // unless something more is asked for before
    std::string furthest;
    bool reading = false;
    bool over = false;
  };
  struct Waiting {
    std::string peer;
    Instant ends;  // unless it asks again before
  };
  bool may_begin(const std::string& peer, Instant now);

  std::map<std::string, Transfer> transfers_;
  std::deque<Waiting> waiting_;  // first the peer that was told first that this replica is busy
};

}  // namespace tally
