// SPDX-License-Identifier: Apache-2.0
// Frames: the header, the checksum, and the protobuf message that belongs to each alternative of
// tally::Message.
#include "wire/codec.h"

#include <bit>
#include <variant>

#include "protocol/bytes.h"
#include "protocol/digest.h"
#include "protocol/fields.h"
#include "protocol/limits.h"
#include "wire/body.h"
#include "wire/convert.h"
#include "wire/tally.pb.h"

namespace tally::wire {
namespace {

constexpr std::string_view magic = "TLY1";
constexpr std::uint16_t has_checksum = 1;

template <class ProtoMessage, v1::MessageType message_type>
struct Body {
  using Proto = ProtoMessage;
  static constexpr v1::MessageType type = message_type;
  // A single flipped bit of a header must never turn one type into another (tally.proto).
  static_assert(std::popcount(static_cast<unsigned>(message_type)) % 2 == 0);
};

// clang-format off
template <class Value> struct BodyOf;
template <> struct BodyOf<ClientHello> : Body<v1::ClientHello, v1::MESSAGE_TYPE_CLIENT_HELLO> {};
template <> struct BodyOf<ClientRequest> : Body<v1::Request, v1::MESSAGE_TYPE_REQUEST> {};
template <> struct BodyOf<StatusQuery> : Body<v1::StatusQuery, v1::MESSAGE_TYPE_STATUS_QUERY> {};
template <> struct BodyOf<AdminCommand> : Body<v1::AdminCommand, v1::MESSAGE_TYPE_ADMIN_COMMAND> {};
template <> struct BodyOf<ObservationQuery> : Body<v1::ObservationQuery, v1::MESSAGE_TYPE_OBSERVATION_QUERY> {};
template <> struct BodyOf<DistributorWelcome> : Body<v1::DistributorWelcome, v1::MESSAGE_TYPE_DISTRIBUTOR_WELCOME> {};
template <> struct BodyOf<Refusal> : Body<v1::Refusal, v1::MESSAGE_TYPE_REFUSAL> {};
template <> struct BodyOf<ClusterStatus> : Body<v1::ClusterStatus, v1::MESSAGE_TYPE_CLUSTER_STATUS> {};
template <> struct BodyOf<AdminReply> : Body<v1::AdminReply, v1::MESSAGE_TYPE_ADMIN_REPLY> {};
template <> struct BodyOf<ComparatorWelcome> : Body<v1::ComparatorWelcome, v1::MESSAGE_TYPE_COMPARATOR_WELCOME> {};
template <> struct BodyOf<Decisions> : Body<v1::Decisions, v1::MESSAGE_TYPE_DECISIONS> {};
template <> struct BodyOf<Observation> : Body<v1::Observation, v1::MESSAGE_TYPE_OBSERVATION> {};
template <> struct BodyOf<Order> : Body<v1::Order, v1::MESSAGE_TYPE_ORDER> {};
template <> struct BodyOf<ReplicaStanding> : Body<v1::ReplicaStanding, v1::MESSAGE_TYPE_REPLICA_STANDING> {};
template <> struct BodyOf<Fault> : Body<v1::Fault, v1::MESSAGE_TYPE_FAULT> {};
template <> struct BodyOf<ReplicaReport> : Body<v1::ReplicaReport, v1::MESSAGE_TYPE_REPLICA_REPORT> {};
template <> struct BodyOf<Vote> : Body<v1::Vote, v1::MESSAGE_TYPE_VOTE> {};
template <> struct BodyOf<StateRequest> : Body<v1::StateRequest, v1::MESSAGE_TYPE_STATE_REQUEST> {};
template <> struct BodyOf<StateChunk> : Body<v1::StateChunk, v1::MESSAGE_TYPE_STATE_CHUNK> {};
template <> struct BodyOf<BallotCalls> : Body<v1::BallotCalls, v1::MESSAGE_TYPE_BALLOT_CALLS> {};
template <> struct BodyOf<View> : Body<v1::View, v1::MESSAGE_TYPE_VIEW> {};
template <> struct BodyOf<ComparatorReport> : Body<v1::ComparatorReport, v1::MESSAGE_TYPE_COMPARATOR_REPORT> {};
// clang-format on

template <class Proto>
Reused<Proto>& reused() {
  thread_local Reused<Proto> proto;
  return proto;
}

// ---- encoding

std::array<char, header_bytes> header_of(v1::MessageType type, std::string_view body) {
  std::string bytes(magic);
  append_number(bytes, static_cast<std::uint16_t>(type));
  append_number(bytes, has_checksum);
  append_number(bytes, checksum_of(body));
  std::array<char, header_bytes> header;
  bytes.copy(header.data(), header.size());
  return header;
}

template <class Value>
EncodedMessage encode_value(Value& value) {
  using Of = BodyOf<Value>;
  auto& shared = reused<typename Of::Proto>();
  auto& proto = shared.next();
  to_proto(value, proto);
  EncodedMessage message;
  proto.SerializeToString(&message.body);
  shared.has_coded(message.body.size());
  message.header = header_of(Of::type, message.body);
  return message;
}

// ---- decoding

struct Header {
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint64_t checksum = 0;
};

tl::expected<Header, DecodeError> read_header(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.take(magic.size()) != magic) return tl::unexpected(DecodeError::bad_header);
  Header header;
  header.type = reader.number<std::uint16_t>();
  header.flags = reader.number<std::uint16_t>();
  header.checksum = reader.number<std::uint64_t>();
  const bool known_flags = header.flags == has_checksum || (header.flags == 0 && header.checksum == 0);
  if (!reader.at_end() || !known_flags) return tl::unexpected(DecodeError::bad_header);
  return header;
}

// Of all messages, only BallotCalls has lists within a list.
bool within_limits(std::string_view body, const v1::BallotCalls&) {
  using namespace fields;
  // Besides its requests each ballot has two fields: its identity, and that it is synced.
  std::size_t left = 2 * limits::message_ballots + limits::message_ballot_requests;
  return has_at_most(limits::message_fields, body) && visit_fields(body, [&](const Field& field) {
           return field.tag != tag_of(v1::BallotCalls::kBallotsFieldNumber, wire_text) ||
                  visit_fields(field.content, [&](const Field&) { return left-- > 0; });
         });
}

bool within_limits(std::string_view body, const google::protobuf::MessageLite&) {
  return fields::has_at_most(limits::message_fields, body);
}

template <class Value>
bool decode_body(std::string_view body, Message& message) {
  using Proto = typename BodyOf<Value>::Proto;
  auto& shared = reused<Proto>();
  Proto& proto = shared.next();
  if (!within_limits(body, proto)) return false;
  shared.has_coded(body.size());
  return proto.ParseFromArray(body.data(), static_cast<int>(body.size())) &&
         from_proto(proto, message.emplace<Value>());
}

using BodyDecoder = bool (*)(std::string_view, Message&);

// Returns null for an unknown type, and for one that is not expected. The pointer is never read; it
// only names the alternatives.
template <class... Values>
BodyDecoder decoder_for(std::uint16_t type, Kinds expected, const std::variant<Values...>*) {
  BodyDecoder decoder = nullptr;
  ((BodyOf<Values>::type == type && (expected & kinds<Values>()) != 0 && (decoder = decode_body<Values>)) || ...);
  return decoder;
}

}  // namespace

EncodedMessage encode(Message message) {
  return std::visit([](auto& value) { return encode_value(value); }, message);
}

tl::expected<Message, DecodeError> decode(std::string_view header_frame, std::string_view body, Kinds expected) {
  const auto header = read_header(header_frame);
  if (!header) return tl::unexpected(header.error());
  const BodyDecoder decode_as = decoder_for(header->type, expected, static_cast<const Message*>(nullptr));
  if (!decode_as) return tl::unexpected(DecodeError::unknown_type);
  if (body.size() > limits::message_bytes) return tl::unexpected(DecodeError::bad_body);
  if (header->flags == has_checksum && header->checksum != checksum_of(body))
    return tl::unexpected(DecodeError::bad_checksum);
  tl::expected<Message, DecodeError> message;
  if (!decode_as(body, *message)) return tl::unexpected(DecodeError::bad_body);
  return message;
}

}  // namespace tally::wire
