// SPDX-License-Identifier: Apache-2.0
// Law 27 at one door: how many connections there are, and whose they are.
//
// A source has at most a quarter of all connections, so that nobody takes them all. A trusted proxy
// speaks for many users and may have more. Beyond a source's share, and when all connections are
// used, there is a reserve, so that whoever asks for the health of a full bridge is answered; of
// that a source has at most a quarter too. Pure; bounded by the number of connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "bridge/sources.h"

namespace tally::bridge {

// How many connections each of the two doors may serve, if the process may open so many files: what
// clients do leaves the bridge the descriptors that it needs itself.
std::size_t connections_of_a_door(std::size_t descriptors);

// Of so many, how many one source may have.
std::size_t share_of(std::size_t all);

enum class Place : std::uint8_t { served, reserve };

class Admission {
 public:
  // `secret`: see SourceHash. `connections`: how many may be served. The reserve comes on top of
  // them: door_limits::reserve_connections, but at most a quarter of them.
  Admission(std::uint64_t secret, std::size_t connections);

  // Of all connections that are served, how many a source may have.
  std::size_t share() const;
  // For one more connection that is served, whosever it is.
  bool has_room() const;
  bool may_be_served(const Source& source) const;  // as far as the source's share goes
  // By the source's share of it, and by what is left.
  bool may_have_reserve(const Source& source) const;

  // Each connection enters and leaves once. Whether it may is not checked here.
  void enter(const Source& source, Place place);
  void leave(const Source& source, Place place);

 private:
  struct Count {
    std::size_t served = 0;
    std::size_t reserve = 0;
    std::size_t& of(Place place) { return place == Place::served ? served : reserve; }
  };
  Count count_of(const Source& source) const;

  Count most_;
  Count all_;
  std::unordered_map<Source, Count, SourceHash> sources_;  // the sources that have connections
};

}  // namespace tally::bridge
