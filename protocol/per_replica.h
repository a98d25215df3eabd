// SPDX-License-Identifier: Apache-2.0
// One value for each replica, found by the replica's id. Ids count from 1 and arrays from 0; only
// this file knows both, so that no other code subtracts 1 from an id or adds 1 to an index.
//
//   PerReplica<Stream> streams(3);
//   streams[ReplicaId(2)].send(order);
//   for (auto [replica, stream] : streams) stream.greet(replica);
//   for (const ReplicaId replica : ReplicaIds(3)) greet(replica);
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>
#include <vector>

#include "protocol/check.h"
#include "protocol/ids.h"

namespace tally {

// Where a replica stands in an array. Precondition: it is a replica's id, thus not zero.
constexpr std::size_t place_of(ReplicaId replica) { return static_cast<std::size_t>(replica.value - 1); }

// The ids of the first so many replicas, to iterate over.
class ReplicaIds {
 public:
  class Iterator {
   public:
    constexpr explicit Iterator(std::size_t place) : place_(place) {}
    constexpr ReplicaId operator*() const { return ReplicaId(place_ + 1); }
    constexpr Iterator& operator++() { return ++place_, *this; }
    constexpr bool operator==(const Iterator&) const = default;

   private:
    std::size_t place_;
  };

  constexpr explicit ReplicaIds(std::size_t replicas) : replicas_(replicas) {}
  constexpr Iterator begin() const { return Iterator(0); }
  constexpr Iterator end() const { return Iterator(replicas_); }
  constexpr bool contains(ReplicaId replica) const { return replica.value >= 1 && replica.value <= replicas_; }

 private:
  std::size_t replicas_;
};

// There are as many values as replicas are configured. Where memory must not be allocated,
// PerReplica<Value, limits::most_replicas> has room for every replica that there can be inside
// itself.
template <class Value, std::size_t fixed = 0>
class PerReplica {
 public:
  PerReplica() = default;
  explicit PerReplica(std::size_t replicas) requires(fixed == 0) : values_(replicas) {}
  // `make` gives the value of the replica whose id it is handed.
  template <class Make>
  PerReplica(std::size_t replicas, Make&& make) requires(fixed == 0) {
    values_.reserve(replicas);
    for (const ReplicaId replica : ReplicaIds(replicas)) values_.push_back(make(replica));
  }

  std::size_t size() const { return values_.size(); }
  ReplicaIds ids() const { return ReplicaIds(size()); }
  bool contains(ReplicaId replica) const { return ids().contains(replica); }

  // Precondition: contains(replica).
  Value& operator[](ReplicaId replica) { return CHECK(contains(replica)), values_[place_of(replica)]; }
  const Value& operator[](ReplicaId replica) const { return CHECK(contains(replica)), values_[place_of(replica)]; }

  // The values alone, in order of the ids.
  std::span<Value> values() { return values_; }
  std::span<const Value> values() const { return values_; }

  // Iteration gives each value together with its replica's id.
  template <class Element>
  struct Entry {
    ReplicaId replica;
    Element& value;
  };
  template <class Element>
  class Iterator {
   public:
    Iterator(Element* first, ReplicaIds::Iterator replica) : first_(first), replica_(replica) {}
    Entry<Element> operator*() const { return {*replica_, first_[place_of(*replica_)]}; }
    Iterator& operator++() { return ++replica_, *this; }
    bool operator==(const Iterator&) const = default;

   private:
    Element* first_;
    ReplicaIds::Iterator replica_;
  };
  Iterator<Value> begin() { return {values_.data(), ids().begin()}; }
  Iterator<Value> end() { return {values_.data(), ids().end()}; }
  Iterator<const Value> begin() const { return {values_.data(), ids().begin()}; }
  Iterator<const Value> end() const { return {values_.data(), ids().end()}; }

  bool operator==(const PerReplica&) const = default;

 private:
  std::conditional_t<fixed == 0, std::vector<Value>, std::array<Value, fixed>> values_{};
};

}  // namespace tally
