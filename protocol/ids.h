// SPDX-License-Identifier: Apache-2.0
// Tagged identities: a sequence number is never a term, and a compiler says so.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace tally {

// An unsigned 64-bit number of one kind. Zero means "none yet" for every kind.
template <class Tag>
struct Id {
  std::uint64_t value = 0;

  constexpr Id() = default;
  constexpr explicit Id(std::uint64_t number) : value(number) {}
  constexpr Id next() const { return Id(value + 1); }
  constexpr auto operator<=>(const Id&) const = default;
};

// One life of a leading distributor; fences lower ones.
using Term = Id<struct TermTag>;
// An order's place in the one total order; the first is 1.
using Sequence = Id<struct SequenceTag>;
using ViewNumber = Id<struct ViewTag>;    // which replicas vote; never fences
using ReplicaId = Id<struct ReplicaTag>;  // 1 .. 2f+1
// A session's own count of its requests; the first is 1.
using RequestNumber = Id<struct RequestTag>;
// How many times a replica was told to recover; ties a verdict to a life.
using Recovery = Id<struct RecoveryTag>;
// Random per process start; tells a restart from a reconnection.
using Incarnation = Id<struct IncarnationTag>;
// Random per group; journal, checkpoints and audit log carry it.
using GroupId = Id<struct GroupTag>;

// What a client proves with that a session is its own: 128 random bits that it chose. Only the
// client and the distributor ever hold it (law 24).
struct SessionSecret {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const SessionSecret&) const = default;
};

// A session's name: the digest of its secret (protocol/session.h). All zero: none.
struct SessionId {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const SessionId&) const = default;
};

// In whose account something is put, so that nobody can use up what others need (law 25). Who that
// is, is known from the endpoint that a request came by. Room is left for principals that are keys.
enum class Principal : std::uint16_t {
  bridges = 1,  // bridges and the `tally` command, by endpoints of their own
  clients = 2,  // everybody else, together
};

// Where a client is reached: its ZeroMQ routing id, the same at the distributor and at the
// comparator, and whose endpoint it comes by there. Opaque.
struct ClientId {
  std::string routing_id;
  Principal principal = Principal::clients;
  auto operator<=>(const ClientId&) const = default;
};

}  // namespace tally

template <class Tag>
struct std::hash<tally::Id<Tag>> {
  std::size_t operator()(tally::Id<Tag> id) const noexcept {
    return static_cast<std::size_t>(id.value * 0x9E3779B97F4A7C15ULL);
  }
};
