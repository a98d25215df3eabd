// SPDX-License-Identifier: Apache-2.0
#include "bridge/admission.h"

#include "bridge/limits.h"
#include "protocol/check.h"

namespace tally::bridge {

bool Admission::has_room() const { return all_.served < door_limits::connections; }

bool Admission::may_be_served(const Source& source) const {
  return count_of(source).served < door_limits::connections_of_a_source;
}

bool Admission::may_have_reserve(const Source& source) const {
  return all_.reserve < door_limits::reserve_connections &&
         count_of(source).reserve < door_limits::reserve_connections_of_a_source;
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
