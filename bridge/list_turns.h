// SPDX-License-Identifier: Apache-2.0
// Whose list of counters is asked of the group next (law 25).
//
// A list's answer is a thousand times as long as an increment's. So at most
// `door_limits::lists_at_once` are with the group at a time, which leaves the client library the
// other half of its requests in flight, and the sources that have more take turns: whoever asks for
// many lists waits for its own, and nobody else does.
//
// Bounds: whoever waits is linked here by a member of its own. A call takes constant time, and a
// little more for each source whose waiting askers have all gone away. Thread: its owner's.
#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "bridge/sources.h"

namespace tally::bridge {

// Something that waits in a list, in one at a time. It leaves the list when it is destroyed.
struct WaitingHook : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {};
using WaitingList = boost::intrusive::list<WaitingHook, boost::intrusive::constant_time_size<false>>;

// Who waits for its turn to ask for a list, at whichever door.
class ListAsker : public WaitingHook {
 public:
  virtual void turn_has_come() = 0;

 protected:
  ~ListAsker() = default;
};

class ListTurns {
 public:
  // `secret`: see SourceHash.
  explicit ListTurns(std::uint64_t secret) : waiting_(0, SourceHash{secret}) {}

  // True: the asker's list may go to the group now. False: it waits, until ended() returns it or
  // it unlinks itself.
  bool begin(const Source& source, ListAsker& asker);

  // A list that had begun was answered. Returns whose turn it is now, if anybody waits; the list of
  // that one has begun.
  ListAsker* ended();

 private:
  std::size_t under_way_ = 0;
  std::unordered_map<Source, WaitingList, SourceHash> waiting_;
  std::deque<Source> turns_;  // each source in waiting_ once, the next first
};

}  // namespace tally::bridge
