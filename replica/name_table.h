// SPDX-License-Identifier: Apache-2.0
// Finds a node by its name: a hash table of pointers with open addressing (probing.h).
//
// It exists because of two things that ready-made tables do not offer:
// - Memory can be fetched ahead. With millions of counters each lookup waits for memory two or
//   three times, unless the lookups of many operations overlap: fetch_slot() for each of them, then
//   fetch_node(), then find().
// - It is many small tables. When one of them grows, it moves a few thousand slots, so no order
//   waits long for it.
//
// A slot is 16 bytes, and between 3/8 and 3/4 of them are used. Names must have been hashed by a
// seeded hash, so that nobody can choose names that collide. The table does not own its nodes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "replica/probing.h"

namespace tally {

// A Node has `std::string_view name() const`, and is one block of memory, at the end of which the
// name lies. What is used of it together with its name begins `used_from`, and is usually less than
// two cache lines.
template <class Node, std::size_t used_from = 0>
class NameTable {
 public:
  Node* find(std::uint64_t hash, std::string_view name) const {
    const Part& part = part_of(hash);
    if (part.slots.empty()) return nullptr;
    for (std::size_t place = hash & part.mask;; place = (place + 1) & part.mask) {
      const Slot& slot = part.slots[place];
      if (!slot.node) return nullptr;
      if (slot.hash == hash && slot.node->name() == name) return slot.node;
    }
  }

  // Precondition: there is no node of this name.
  void insert(std::uint64_t hash, Node* node) {
    Part& part = part_of(hash);
    if (part.used + 1 > part.slots.size() / 4 * 3) {
      grow_slots(part.slots, home);
      part.mask = part.slots.size() - 1;
    }
    put_slot(part.slots, {hash, node}, home);
    ++part.used;
  }

  // Precondition: the node is in here.
  void erase(std::uint64_t hash, Node* node) {
    Part& part = part_of(hash);
    erase_slot(part.slots, {hash, node}, home);
    --part.used;
  }

  // Always inline, because g++ 12 takes a function that only prefetches for one without effect, and
  // drops the calls of it.
  [[gnu::always_inline]] void fetch_slot(std::uint64_t hash) const {
    const Part& part = part_of(hash);
    if (!part.slots.empty()) __builtin_prefetch(&part.slots[hash & part.mask]);
  }

  [[gnu::always_inline]] void fetch_node(std::uint64_t hash, std::size_t name_size) const {
    const Part& part = part_of(hash);
    if (part.slots.empty()) return;
    for (std::size_t place = hash & part.mask; part.slots[place].node; place = (place + 1) & part.mask) {
      if (part.slots[place].hash != hash) continue;
      const char* node = reinterpret_cast<const char*>(part.slots[place].node);
      __builtin_prefetch(node + used_from, 1);
      __builtin_prefetch(node + sizeof(Node) + name_size - 1, 1);  // this may be the next cache line
      return;
    }
  }

  // All nodes are divided into shares by the highest bits of their hashes. A share lies within one
  // of the small tables.
  static constexpr std::size_t shares = 4096;
  static std::size_t share_of(std::uint64_t hash) { return hash >> 52; }

  // Calls visit(node) for each node of a share, in no particular order.
  template <class Visit>
  void visit_share(std::size_t share, Visit&& visit) const {
    const Part& part = parts_[share / (shares / parts)];
    std::array<Node*, 64> found;  // their memory is fetched before they are visited
    std::size_t count = 0;
    const auto visit_found = [&] {
      for (std::size_t place = 0; place < count; ++place) visit(*found[place]);
      count = 0;
    };
    for (const Slot& slot : part.slots) {
      if (!slot.node || share_of(slot.hash) != share) continue;
      const char* node = reinterpret_cast<const char*>(slot.node);
      __builtin_prefetch(node + used_from);
      __builtin_prefetch(node + sizeof(Node));
      found[count++] = slot.node;
      if (count == found.size()) visit_found();
    }
    visit_found();
  }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    Node* node = nullptr;
    bool operator==(const Slot& other) const { return node == other.node; }
  };
  struct Part {
    std::vector<Slot> slots;  // none, or a power of two
    std::size_t mask = 0;
    std::size_t used = 0;
  };
  static constexpr std::size_t parts = 256;

  // The highest bits of the hash say which table it is, and the lowest bits say which place in it.
  static std::size_t part_number(std::uint64_t hash) { return hash >> 56; }
  Part& part_of(std::uint64_t hash) { return parts_[part_number(hash)]; }
  const Part& part_of(std::uint64_t hash) const { return parts_[part_number(hash)]; }

  static std::uint64_t home(const Slot& slot) { return slot.hash; }

  std::array<Part, parts> parts_;
};

}  // namespace tally
