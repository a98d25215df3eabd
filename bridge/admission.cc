// SPDX-License-Identifier: Apache-2.0
#include "bridge/admission.h"

#include <algorithm>

#include "bridge/limits.h"
#include "protocol/check.h"

namespace tally::bridge {

std::size_t share_of(std::size_t all) { return std::max<std::size_t>(all / 4, 1); }

std::size_t connections_of_a_door(std::size_t descriptors) {
  constexpr std::size_t own = 2 * door_limits::reserve_connections;  // with the reserve itself
  const std::size_t most = descriptors > 2 * own ? (descriptors - own) / 2 : descriptors / 4;
  return std::min(door_limits::connections, most);
}

Admission::Admission(std::uint64_t secret, std::size_t connections)
    : most_{connections, std::min(door_limits::reserve_connections, connections / 4)},
      sources_(0, SourceHash{secret}) {}

std::size_t Admission::share() const { return share_of(most_.served); }

bool Admission::has_room() const { return all_.served < most_.served; }

bool Admission::may_be_served(const Source& source) const { return count_of(source).served < share_of(most_.served); }

bool Admission::may_have_reserve(const Source& source) const {
  return all_.reserve < most_.reserve && count_of(source).reserve < share_of(most_.reserve);
}

void Admission::enter(const Source& source, Place place) {
  ++all_.of(place);
  ++sources_[source].of(place);
}

void Admission::leave(const Source& source, Place place) {
  const auto found = sources_.find(source);
  CHECK(found != sources_.end() && found->second.of(place) > 0);
  --all_.of(place);
  --found->second.of(place);
  if (found->second.served + found->second.reserve == 0) sources_.erase(found);
}

Admission::Count Admission::count_of(const Source& source) const {
  const auto found = sources_.find(source);
  return found == sources_.end() ? Count() : found->second;
}

}  // namespace tally::bridge
