// SPDX-License-Identifier: Apache-2.0
// Whose requests for state this replica serves: a few transfers at a time, each from a checkpoint that is pinned for it
// until it ends or falls idle. Others are told that it is busy.
//
// A transfer is known by its ZeroMQ routing id. Pure, one thread, driven by the shell.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/time.h"

namespace tally {

class Donor {
 public:
  enum class Step {
    read,    // read the next chunk, then say answered()
    busy,    // say so
    ignore,  // the chunk that was asked for before is still being read
  };
  Step receive(const std::string& peer, Instant now);
  // `over`: nothing follows; the checkpoint is unpinned soon.
  void answered(const std::string& peer, bool over, Instant now);

  // The transfers that ended.
  std::vector<std::string> tick(Instant now);
  Instant next_deadline() const;

 private:
  struct Transfer {
    Instant ends;  // unless something is asked for
    bool reading = false;
  };
  std::map<std::string, Transfer> transfers_;
};

}  // namespace tally
