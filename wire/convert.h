// SPDX-License-Identifier: Apache-2.0
// Converts the values of protocol/ to protobuf messages and back, by two overloads for each
// alternative of tally::Message.
//
// to_proto fills an empty protobuf message. It moves texts out of the value unless it takes the
// value as const. from_proto fills a default-constructed value, and moves texts out of the protobuf
// message. It returns false if a number or an enumerator is out of range, or a list is longer than
// protocol/limits.h allows; then the value is unspecified.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "protocol/messages.h"
#include "wire/enums.h"
#include "wire/tally.pb.h"

namespace tally::wire {

// ---- parts that several messages share

inline bool from_proto(std::uint64_t number, std::uint32_t& value) {
  value = static_cast<std::uint32_t>(number);
  return value == number;
}

// Times and durations are signed in tally, and never negative on the wire.
inline bool from_proto(std::uint64_t number, std::int64_t& value) {
  value = static_cast<std::int64_t>(number);
  return value >= 0;
}

inline void to_proto(const Digest& digest, v1::Digest& proto) {
  proto.set_high(digest.high);
  proto.set_low(digest.low);
}

inline Digest from_proto(const v1::Digest& proto) { return {proto.high(), proto.low()}; }

inline void to_proto(const OrderIdentity& id, v1::OrderIdentity& proto) {
  proto.set_term(id.term.value);
  proto.set_sequence(id.sequence.value);
  to_proto(id.chain, *proto.mutable_chain());
}

inline OrderIdentity from_proto(const v1::OrderIdentity& proto) {
  return {Term(proto.term()), Sequence(proto.sequence()), from_proto(proto.chain())};
}

inline void to_proto(const OrderState& state, v1::OrderState& proto) {
  to_proto(state.order, *proto.mutable_order());
  to_proto(state.state, *proto.mutable_state());
}
inline OrderState from_proto(const v1::OrderState& proto) {
  return {from_proto(proto.order()), from_proto(proto.state())};
}

inline void to_proto(const Histogram& histogram, v1::Histogram& proto) {
  proto.mutable_counts()->Add(histogram.counts.begin(), histogram.counts.end());
  proto.set_sum(histogram.sum);
}
inline bool from_proto(const v1::Histogram& proto, Histogram& histogram) {
  if (static_cast<std::size_t>(proto.counts_size()) > histograms::most_counts) return false;
  histogram = {{proto.counts().begin(), proto.counts().end()}, proto.sum()};
  return true;
}

// A text of at most `most` bytes. Names of states and stores are shown to people, so they must be
// plain text besides.
inline bool from_proto(std::string& proto, std::size_t most, std::string& text) {
  text = std::move(proto);
  return text.size() <= most;
}
inline bool plain_from_proto(std::string& proto, std::size_t most, std::string& text) {
  return from_proto(proto, most, text) && is_plain_text(text);
}

// A text of exactly so many bytes: a session's name or its secret.
template <std::size_t size>
void to_proto(const std::array<std::uint8_t, size>& bytes, std::string& text) {
  text.assign(reinterpret_cast<const char*>(bytes.data()), size);
}

inline bool from_proto(std::uint64_t number, Principal& principal) {
  principal = static_cast<Principal>(number);
  return number != 0 && static_cast<std::uint64_t>(principal) == number;
}

template <std::size_t size>
bool from_proto(const std::string& text, std::array<std::uint8_t, size>& bytes) {
  if (text.size() != size) return false;
  std::memcpy(bytes.data(), text.data(), size);
  return true;
}

// ---- from clients and to clients: convert_clients.cc

void to_proto(const ClientHello& hello, v1::ClientHello& proto);
void to_proto(Request& request, v1::Request& proto);
void to_proto(ClientRequest& request, v1::Request& proto);
void to_proto(const StatusQuery& query, v1::StatusQuery& proto);
void to_proto(const AdminCommand& command, v1::AdminCommand& proto);
void to_proto(const ObservationQuery& query, v1::ObservationQuery& proto);
void to_proto(const DistributorWelcome& welcome, v1::DistributorWelcome& proto);
void to_proto(const Refusal& refusal, v1::Refusal& proto);
void to_proto(const ClusterStatus& status, v1::ClusterStatus& proto);
void to_proto(const AdminReply& reply, v1::AdminReply& proto);
void to_proto(const ComparatorWelcome& welcome, v1::ComparatorWelcome& proto);
void to_proto(Decisions& decisions, v1::Decisions& proto);
void to_proto(Observation& observation, v1::Observation& proto);
void to_proto(const Fault& fault, v1::Fault& proto);

bool from_proto(v1::ClientHello& proto, ClientHello& hello);
bool from_proto(v1::Request& proto, Request& request);
bool from_proto(v1::Request& proto, ClientRequest& request);
bool from_proto(v1::StatusQuery& proto, StatusQuery& query);
bool from_proto(v1::AdminCommand& proto, AdminCommand& command);
bool from_proto(v1::ObservationQuery& proto, ObservationQuery& query);
bool from_proto(v1::DistributorWelcome& proto, DistributorWelcome& welcome);
bool from_proto(v1::Refusal& proto, Refusal& refusal);
bool from_proto(v1::ClusterStatus& proto, ClusterStatus& status);
bool from_proto(v1::AdminReply& proto, AdminReply& reply);
bool from_proto(v1::ComparatorWelcome& proto, ComparatorWelcome& welcome);
bool from_proto(v1::Decisions& proto, Decisions& decisions);
bool from_proto(v1::Observation& proto, Observation& observation);
bool from_proto(v1::Fault& proto, Fault& fault);

void to_proto(Decision& decision, v1::Decision& proto);
void to_proto(const LastVerdict& verdict, v1::LastVerdict& proto);
void to_proto(const ReplicaStatus& status, v1::ReplicaStatus& proto);
void to_proto(const ObservedVote& vote, v1::ObservedVote& proto);
void to_proto(ObservedRecord& record, v1::ObservedRecord& proto);

bool from_proto(v1::Decision& proto, Decision& decision);
bool from_proto(v1::LastVerdict& proto, LastVerdict& verdict);
bool from_proto(v1::ReplicaStatus& proto, ReplicaStatus& status);
bool from_proto(v1::ObservedVote& proto, ObservedVote& vote);
bool from_proto(v1::ObservedRecord& proto, ObservedRecord& record);

// ---- between the roles: convert_peers.cc, convert_state.cc

void to_proto(Order& order, v1::Order& proto);
void to_proto(const ReplicaStanding& standing, v1::ReplicaStanding& proto);
void to_proto(const ReplicaReport& report, v1::ReplicaReport& proto);
void to_proto(Vote& vote, v1::Vote& proto);
void to_proto(const StateRequest& request, v1::StateRequest& proto);
void to_proto(StateChunk& chunk, v1::StateChunk& proto);
void to_proto(const BallotCalls& ballots, v1::BallotCalls& proto);
void to_proto(const View& view, v1::View& proto);
void to_proto(const ComparatorReport& report, v1::ComparatorReport& proto);

bool from_proto(v1::Order& proto, Order& order);
bool from_proto(v1::ReplicaStanding& proto, ReplicaStanding& standing);
bool from_proto(v1::ReplicaReport& proto, ReplicaReport& report);
bool from_proto(v1::Vote& proto, Vote& vote);
bool from_proto(v1::StateRequest& proto, StateRequest& request);
bool from_proto(v1::StateChunk& proto, StateChunk& chunk);
bool from_proto(v1::BallotCalls& proto, BallotCalls& ballots);
bool from_proto(v1::View& proto, View& view);
bool from_proto(v1::ComparatorReport& proto, ComparatorReport& report);

void to_proto(const CheckpointHeader& header, v1::CheckpointHeader& proto);
void to_proto(const BallotEntry& entry, v1::BallotEntry& proto);
void to_proto(const BallotCall& ballot, v1::BallotCall& proto);
void to_proto(const Member& member, v1::Member& proto);
void to_proto(const Verdict& verdict, v1::Verdict& proto);
void to_proto(const VoterTally& tally, v1::VoterTally& proto);

bool from_proto(v1::CheckpointHeader& proto, CheckpointHeader& header);
bool from_proto(v1::BallotEntry& proto, BallotEntry& entry);
bool from_proto(v1::BallotCall& proto, BallotCall& ballot);
bool from_proto(v1::Member& proto, Member& member);
bool from_proto(v1::Verdict& proto, Verdict& verdict);
bool from_proto(v1::VoterTally& proto, VoterTally& tally);

// ---- lists of any of these

template <class Values, class ProtoList>
void list_to_proto(Values& values, ProtoList& protos) {
  protos.Reserve(static_cast<int>(values.size()));
  for (auto& value : values) to_proto(value, *protos.Add());
}

template <class ProtoList, class Value>
bool list_from_proto(ProtoList& protos, std::size_t most, std::vector<Value>& values) {
  if (static_cast<std::size_t>(protos.size()) > most) return false;
  values.reserve(static_cast<std::size_t>(protos.size()));
  for (auto& proto : protos)
    if (!from_proto(proto, values.emplace_back())) return false;
  return true;
}

}  // namespace tally::wire
