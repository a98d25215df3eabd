// SPDX-License-Identifier: Apache-2.0
// Open addressing: linear probing, and deletion by moving back (Knuth, "The Art of Computer
// Programming", volume 3, 6.4, algorithms L and R). The number of slots is a power of two. At least
// one slot is empty, and an empty one is `Slot{}`.
//
// `home(slot)` is the hash of what is in the slot. Its lowest bits say where that would stand
// first.
#pragma once

#include <cstddef>
#include <vector>

#include "protocol/check.h"

namespace tally {

template <class Slot, class Home>
void put_slot(std::vector<Slot>& slots, const Slot& slot, Home&& home) {
  const std::size_t mask = slots.size() - 1;
  std::size_t place = home(slot) & mask;
  while (slots[place] != Slot{}) place = (place + 1) & mask;
  slots[place] = slot;
}

// Precondition: the slot is in there.
template <class Slot, class Home>
void erase_slot(std::vector<Slot>& slots, const Slot& slot, Home&& home) {
  const std::size_t mask = slots.size() - 1;
  std::size_t hole = home(slot) & mask;
  while (slots[hole] != slot) {
    CHECK(slots[hole] != Slot{});
    hole = (hole + 1) & mask;
  }
  // A slot behind the hole moves into it, if it would have been put at the hole or before it had
  // that been empty.
  for (std::size_t place = (hole + 1) & mask; slots[place] != Slot{}; place = (place + 1) & mask) {
    if (((place - home(slots[place])) & mask) < ((place - hole) & mask)) continue;
    slots[hole] = slots[place];
    hole = place;
  }
  slots[hole] = {};
}

// Makes twice as many slots, or the first ones.
template <class Slot, class Home>
void grow_slots(std::vector<Slot>& slots, Home&& home) {
  std::vector<Slot> grown(slots.empty() ? 8 : 2 * slots.size());
  grown.swap(slots);
  for (const Slot& slot : grown)
    if (slot != Slot{}) put_slot(slots, slot, home);
}

}  // namespace tally
