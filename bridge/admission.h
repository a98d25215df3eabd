// SPDX-License-Identifier: Apache-2.0
// Law 27 at the HTTP door: how many connections there are, and of whom.
//
// A source has at most a quarter of all, so that nobody takes them all; a trusted proxy speaks for
// many and may take more. Beyond that, and beyond all, there is a reserve, of which a source has at
// most a quarter too, so that who asks for the health of a bridge that is full is answered. Pure;
// bounded by the number of connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "bridge/sources.h"

namespace tally::bridge {

enum class Place : std::uint8_t { served, reserve };

class Admission {
 public:
  // `secret`: see SourceHash.
  explicit Admission(std::uint64_t secret) : sources_(0, SourceHash{secret}) {}

  bool has_room() const;                              // for one more that is served, of whomever
  bool may_be_served(const Source& source) const;     // as far as the source's share goes
  bool may_have_reserve(const Source& source) const;  // by the source's share, and by what is left of it

  // Each connection once. Of what may be, nothing is checked here.
  void enter(const Source& source, Place place);
  void leave(const Source& source, Place place);

 private:
  struct Count {
    std::size_t served = 0;
    std::size_t reserve = 0;
    std::size_t& of(Place place) { return place == Place::served ? served : reserve; }
  };
  Count count_of(const Source& source) const;

  Count all_;
  std::unordered_map<Source, Count, SourceHash> sources_;  // that have any
};

}  // namespace tally::bridge
