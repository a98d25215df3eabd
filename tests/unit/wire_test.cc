// SPDX-License-Identifier: Apache-2.0
// The codec: what goes in comes out again, and no bytes do harm.
#include <algorithm>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "count_allocations.h"
#include "protobuf_operation.h"
#include "protocol/bytes.h"
#include "protocol/digest.h"
#include "protocol/limits.h"
#include "protocol/operation_codec.h"
#include "wire/codec.h"

using namespace tally;

namespace {

using wire::DecodeError;
using wire::EncodedMessage;

const CheckpointSeal a_seal{Sequence(7), {1, 2, 3}, 1ULL << 40};
constexpr OrderIdentity an_order{Term(3), Sequence(1ULL << 40), {0x0123456789abcdefULL, 0xfedcba9876543210ULL}};
constexpr SessionId a_session{{77, 0, 255}};
constexpr SessionSecret a_secret{{1, 2, 0, 255}};

// One message of each alternative. Every field has a value that is not its default.
std::vector<Message> one_of_each() {
  Request request{RequestKind::close_session, true, a_session,  Principal::bridges,           RequestNumber(9),
                  RequestNumber(8),           7,    0xFFFFFFFF, std::string("\0\xff text", 7)};
  Request unnamed = request;
  unnamed.session = {};
  unnamed.principal = Principal::clients;
  const Fault fault{FaultKind::disk_full, seconds(7), 0.25};
  const LastVerdict verdict{VerdictReason::silence, Sequence(4), CalendarTime{1'700'000'000'000}};
  const ReplicaStatus status{ReplicaId(2),
                             ReplicaState::probation,
                             Sequence(5),
                             6,
                             7,
                             "rocksdb",
                             8,
                             9,
                             90,
                             10,
                             11,
                             12,
                             verdict,
                             true,
                             Sequence(13),
                             OutReason::silence,
                             CalendarTime{1'700'000'000'001},
                             CalendarTime{1'700'000'000'002},
                             250};
  ReplicaStatus other;
  other.id = ReplicaId(3);
  other.state = ReplicaState::voting;
  const std::string hash(limits::audit_hash_bytes, 'a');
  return {
      ClientHello{Incarnation(~0ULL)},
      ClientRequest{a_secret, unnamed},
      StatusQuery{5},
      AdminCommand{1, "secret", AdminAction::fault, ReplicaId(2), fault, Sequence(12), AdminTarget::comparator},
      ObservationQuery{6, 7},
      DistributorWelcome{Term(2), GroupState::halted},
      Refusal{a_session, RequestNumber(4), 5, RefusalReason::malformed},
      ClusterStatus{1,
                    Term(2),
                    ViewNumber(3),
                    Sequence(4),
                    Sequence(5),
                    Sequence(6),
                    GroupState::degraded,
                    {status, other},
                    7,
                    RoleState::ok,
                    8,
                    RoleState::draining,
                    9,
                    10,
                    11,
                    12,
                    13,
                    14,
                    Sequence(15),
                    Sequence(16),
                    "replicas-out",
                    "wait",
                    {{1, 2}, 3},
                    {{4}, 5},
                    10,
                    {{6, 7, 8}, 9}},
      AdminReply{1, AdminOutcome::refused, "no\xff"},
      ComparatorWelcome{Incarnation(6)},
      Decisions{Term(1), Sequence(2), {{a_session, RequestNumber(3), 2, "result"}, {{}, RequestNumber(4), 3, ""}}},
      Observation{1,
                  Incarnation(2),
                  {an_order, {3, 4}},
                  {5, 6},
                  7,
                  {{ReplicaId(1), Sequence(8), {9, 10}, {11, 12}, VoteOutcome::agrees, 13},
                   {ReplicaId(2), Sequence(14), {15, 16}, {17, 18}, VoteOutcome::pending, 0}},
                  {{19, hash, R"({"number":19})"}, {20, hash, ""}}},
      Order{an_order, {5, 6}, {INT64_MAX}, {1'700'000'000'000}, 1, {12, 13}, {request, Request{}}, true, true},
      ReplicaStanding{Term(1),
                      GroupId(2),
                      ViewNumber(3),
                      ReplicaState::quarantined,
                      Recovery(4),
                      an_order,
                      Sequence(5),
                      Sequence(6),
                      OutReason::dissent,
                      Sequence(7),
                      {an_order, {8, 9}},
                      Sequence(9),
                      true,
                      a_seal,
                      UINT64_MAX},
      fault,
      ReplicaReport{GroupId(1),
                    Incarnation(2),
                    Recovery(3),
                    an_order,
                    Sequence(4),
                    true,
                    5,
                    "sqlite",
                    {an_order, {8, 9}},
                    true,
                    Sequence(6),
                    true,
                    a_seal,
                    Term(12),
                    an_order},
      Vote{an_order, Incarnation(1), Recovery(2), {3, 4}, std::string(1000, 'r')},
      StateRequest{GroupId(1), Sequence(2), Sequence(3), std::string("C\0after", 7), true},
      StateChunk{StateAnswer::none,
                 Sequence(2),
                 "Ca",
                 {GroupId(1), an_order, {4}, {5}, 6, {7, 8}},
                 std::string("\x02\0\0\0Cb\x01\0\0\0v", 11),
                 "Cb",
                 true},
      BallotCalls{Term(1),
                  {{an_order, {{{"client"}, a_session, RequestNumber(1)}, {{"other"}, {}, {}}}}, {an_order, {}}}},
      View{Term(1),
           GroupId(2),
           ViewNumber(3),
           {{ReplicaId(1), MemberRole::observed, Recovery(2), ReplicaState::probation},
            {ReplicaId(2), MemberRole::none, {}, ReplicaState::evicted}},
           Incarnation(4),
           Sequence(5),
           Sequence(6),
           Sequence(7),
           "audit"},
      ComparatorReport{GroupId(1),
                       Incarnation(2),
                       Term(3),
                       ViewNumber(4),
                       Sequence(5),
                       {{ReplicaId(1), Sequence(2), 3, 4, 5, 6, 7}},
                       {{ReplicaId(3), Recovery(1), VerdictReason::silence, Sequence(8)}},
                       "audit",
                       9,
                       {an_order, {10, 11}},
                       Sequence(12),
                       {Sequence(12), {ReplicaId(1), ReplicaId(3)}},
                       an_order,
                       {{1}, 2},
                       {{3, 4}, 5}},
  };
}

std::string_view header_of(const EncodedMessage& encoded) { return {encoded.header.data(), encoded.header.size()}; }

auto decode(const EncodedMessage& encoded) { return wire::decode(header_of(encoded), encoded.body); }

// The same header without a checksum, as other clients may send it.
std::string unchecked(const EncodedMessage& encoded) {
  return std::string(header_of(encoded).substr(0, 6)) + std::string(10, '\0');
}

template <class Value>
auto decode_body_of(const std::string& body) {
  return wire::decode(unchecked(wire::encode(Message(Value{}))), body);
}

template <class Value>
bool is_bad_body(const std::string& body) {
  const auto decoded = decode_body_of<Value>(body);
  return !decoded && decoded.error() == DecodeError::bad_body;
}

// Whatever a decoder accepts must be a proper message: it survives a round trip.
bool is_error_or_proper(const tl::expected<Message, DecodeError>& decoded) {
  if (!decoded) return true;
  const auto again = decode(wire::encode(*decoded));
  return again && *again == *decoded;
}

// ---- protobuf by hand

std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes.push_back(static_cast<char>(number | 0x80));
  bytes.push_back(static_cast<char>(number));
  return bytes;
}

std::string number_field(unsigned field, std::uint64_t number) { return varint(field << 3) + varint(number); }

std::string text_field(unsigned field, const std::string& text) {
  return varint(field << 3 | 2) + varint(text.size()) + text;
}

std::string double_field(unsigned field, double number) {
  std::string bytes = varint(field << 3 | 1);
  append_number(bytes, std::bit_cast<std::uint64_t>(number));
  return bytes;
}

std::string session_field(unsigned field) { return text_field(field, std::string(16, 's')); }
std::string secret_field() { return session_field(9); }
// A request within an order that lacks nothing but its kind.
std::string ordered_request() { return session_field(10) + number_field(11, 1); }

std::string repeat(std::size_t count, const std::string& text) {
  std::string bytes;
  bytes.reserve(count * text.size());
  for (std::size_t done = 0; done < count; ++done) bytes += text;
  return bytes;
}

constexpr std::uint64_t beyond_u32 = 1ULL << 32;
constexpr std::uint64_t minus_one = ~0ULL;

}  // namespace

BOOST_AUTO_TEST_SUITE(wire_codec)

BOOST_AUTO_TEST_CASE(every_message_survives_a_round_trip) {
  const std::vector<Message> messages = one_of_each();
  BOOST_TEST(messages.size() == std::variant_size_v<Message>);
  for (std::size_t alternative = 0; alternative < messages.size(); ++alternative) {
    BOOST_TEST(messages[alternative].index() == alternative);
    const auto decoded = decode(wire::encode(messages[alternative]));
    BOOST_TEST_REQUIRE(decoded.has_value(), "alternative " << alternative);
    BOOST_TEST((*decoded == messages[alternative]), "alternative " << alternative);
  }
}

BOOST_AUTO_TEST_CASE(a_reused_object_leaves_nothing_in_the_next_message) {
  for (const Message& message : one_of_each()) {
    const auto before = wire::encode(Message(ClientRequest{}));
    BOOST_TEST(decode(wire::encode(message)).has_value());
    BOOST_TEST((wire::encode(Message(ClientRequest{})).body == before.body));
  }
  BOOST_TEST((std::get<Order>(*decode(wire::encode(Order{}))) == Order{}));
  BOOST_TEST((std::get<Vote>(*decode(wire::encode(Vote{}))) == Vote{}));
}

BOOST_AUTO_TEST_CASE(the_header_is_laid_out_as_documented) {
  const EncodedMessage encoded = wire::encode(Message(StatusQuery{300}));
  ByteReader reader(header_of(encoded));
  BOOST_TEST(reader.take(4) == "TLY1");
  BOOST_TEST(reader.number<std::uint16_t>() == 6);
  BOOST_TEST(reader.number<std::uint16_t>() == 1);
  BOOST_TEST(reader.number<std::uint64_t>() == checksum_of(encoded.body));
  BOOST_TEST(reader.at_end());
  BOOST_TEST((encoded.body == number_field(1, 300)));
}

BOOST_AUTO_TEST_CASE(a_message_without_a_checksum_is_accepted) {
  for (const Message& message : one_of_each()) {
    const EncodedMessage encoded = wire::encode(message);
    const auto decoded = wire::decode(unchecked(encoded), encoded.body);
    BOOST_TEST((decoded && *decoded == message));
  }
}

BOOST_AUTO_TEST_CASE(each_kind_of_damage_has_its_own_error) {
  const EncodedMessage good = wire::encode(Message(StatusQuery{1}));
  const auto error = [&](std::size_t place, char byte) {
    std::string header(header_of(good));
    header[place] = byte;
    return wire::decode(header, good.body).error();
  };
  BOOST_TEST((error(0, 'X') == DecodeError::bad_header));
  BOOST_TEST((error(6, 3) == DecodeError::bad_header));
  BOOST_TEST((error(7, 1) == DecodeError::bad_header));
  BOOST_TEST((error(4, 0) == DecodeError::unknown_type));
  BOOST_TEST((error(5, 1) == DecodeError::unknown_type));
  BOOST_TEST((wire::decode(header_of(good), "other").error() == DecodeError::bad_checksum));
  BOOST_TEST(is_bad_body<StatusQuery>("\x08"));
}

BOOST_AUTO_TEST_CASE(a_header_of_another_size_is_refused) {
  const EncodedMessage good = wire::encode(Message(StatusQuery{1}));
  const std::string longer = std::string(header_of(good)) + '\0';
  for (std::size_t size = 0; size <= longer.size(); ++size) {
    const auto decoded = wire::decode(std::string_view(longer).substr(0, size), good.body);
    BOOST_TEST(decoded.has_value() == (size == wire::header_bytes));
    if (!decoded) BOOST_TEST((decoded.error() == DecodeError::bad_header));
  }
}

BOOST_AUTO_TEST_CASE(every_truncation_of_a_body_is_noticed) {
  for (const Message& message : one_of_each()) {
    const EncodedMessage encoded = wire::encode(message);
    for (std::size_t size = 0; size < encoded.body.size(); ++size) {
      // In a copy, a sanitizer sees what is read beyond the end.
      const std::string body = encoded.body.substr(0, size);
      BOOST_TEST(!wire::decode(header_of(encoded), body));
      BOOST_TEST(is_error_or_proper(wire::decode(unchecked(encoded), body)));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_noticed) {
  for (const Message& message : one_of_each()) {
    const EncodedMessage encoded = wire::encode(message);
    std::string header(header_of(encoded));
    for (std::size_t bit = 0; bit < 8 * header.size(); ++bit) {
      const char flip = static_cast<char>(1 << bit % 8);
      header[bit / 8] ^= flip;
      BOOST_TEST(!wire::decode(header, encoded.body), "header bit " << bit);
      header[bit / 8] ^= flip;
    }
    std::string body = encoded.body;
    for (std::size_t bit = 0; bit < 8 * body.size(); ++bit) {
      const char flip = static_cast<char>(1 << bit % 8);
      body[bit / 8] ^= flip;
      BOOST_TEST(!wire::decode(header, body), "body bit " << bit);
      BOOST_TEST(is_error_or_proper(wire::decode(unchecked(encoded), body)), "body bit " << bit);
      body[bit / 8] ^= flip;
    }
  }
}

BOOST_AUTO_TEST_CASE(random_bytes_do_no_harm) {
  std::mt19937_64 random(20'240'607);
  std::vector<std::string> headers;
  for (const Message& message : one_of_each()) headers.push_back(unchecked(wire::encode(message)));
  std::vector<Operation> operations;
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes(random() % 64, '\0');
    // Small numbers come more often, because tags and sizes are made of them.
    for (char& byte : bytes) byte = static_cast<char>(random() % 3 ? random() % 32 : random());
    decode_operations(bytes, operations);
    const auto decoded = wire::decode(headers[random() % headers.size()], bytes);
    BOOST_REQUIRE(is_error_or_proper(decoded));
    BOOST_REQUIRE(!wire::decode(bytes, bytes));
  }
}

BOOST_AUTO_TEST_CASE(unknown_enumerators_are_refused) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{99}, minus_one}) {
    BOOST_TEST(is_bad_body<ClientRequest>(secret_field() + number_field(1, number)));
    BOOST_TEST(is_bad_body<AdminCommand>(number_field(3, number)));
    BOOST_TEST(is_bad_body<DistributorWelcome>(number_field(2, number)));
    BOOST_TEST(is_bad_body<Refusal>(number_field(3, number)));
    BOOST_TEST(is_bad_body<ClusterStatus>(number_field(7, number)));
    BOOST_TEST(is_bad_body<ClusterStatus>(number_field(7, 1) + text_field(8, number_field(2, number))));
    BOOST_TEST(is_bad_body<AdminReply>(number_field(2, number)));
    BOOST_TEST(is_bad_body<ReplicaStanding>(number_field(4, number)));
    BOOST_TEST(is_bad_body<ComparatorReport>(text_field(7, number_field(3, number))));
    BOOST_TEST(is_bad_body<Observation>(text_field(6, number_field(5, number))));
  }
  BOOST_TEST(is_bad_body<ClientRequest>(secret_field() + number_field(1, 7)));
  BOOST_TEST(decode_body_of<Order>(text_field(6, ordered_request() + number_field(1, 3))).has_value());
  BOOST_TEST(is_bad_body<Order>(text_field(6, ordered_request() + number_field(1, 4))));
  BOOST_TEST(is_bad_body<Fault>(number_field(1, 10)));
  BOOST_TEST(is_bad_body<AdminCommand>(number_field(3, 3) + number_field(7, 3)));
  BOOST_TEST(is_bad_body<View>(text_field(4, number_field(2, 3))));
}

BOOST_AUTO_TEST_CASE(numbers_beyond_their_type_are_refused) {
  const std::string request = secret_field() + number_field(1, 1);
  BOOST_TEST(decode_body_of<ClientRequest>(request + number_field(6, beyond_u32 - 1)).has_value());
  BOOST_TEST(is_bad_body<ClientRequest>(request + number_field(6, beyond_u32)));
  BOOST_TEST(is_bad_body<ClientRequest>(request + number_field(8, beyond_u32)));
  BOOST_TEST(is_bad_body<Order>(text_field(6, ordered_request() + number_field(11, 1 << 16))));
  BOOST_TEST(is_bad_body<Refusal>(session_field(5) + number_field(3, 1) + number_field(4, beyond_u32)));
  BOOST_TEST(is_bad_body<Decisions>(text_field(3, session_field(5) + number_field(3, beyond_u32))));
  BOOST_TEST(is_bad_body<Order>(number_field(5, beyond_u32)));
  BOOST_TEST(is_bad_body<Observation>(number_field(5, beyond_u32)));
}

BOOST_AUTO_TEST_CASE(secrets_and_names_of_sessions_have_sixteen_bytes) {
  const std::string kind = number_field(1, 1);
  for (const std::size_t size : {0, 15, 17, 4096}) {
    const std::string text(size, 'x');
    BOOST_TEST(is_bad_body<ClientRequest>(kind + text_field(9, text)));
    BOOST_TEST(is_bad_body<Refusal>(number_field(3, 1) + text_field(5, text)));
    BOOST_TEST(is_bad_body<Decisions>(text_field(3, text_field(5, text))));
    BOOST_TEST(is_bad_body<Order>(text_field(6, kind + text_field(10, text) + number_field(11, 1))));
    BOOST_TEST(is_bad_body<BallotCalls>(text_field(2, text_field(2, text_field(4, text)))));
  }
}

// No replica may be shown a secret, and no client may give itself a name or an account (law 24).
BOOST_AUTO_TEST_CASE(an_order_holds_no_secret_and_a_client_names_neither_session_nor_account) {
  BOOST_TEST(is_bad_body<Order>(text_field(6, ordered_request() + number_field(1, 1) + secret_field())));
  const auto decoded =
      decode_body_of<ClientRequest>(secret_field() + number_field(1, 1) + session_field(10) + number_field(11, 1));
  BOOST_TEST_REQUIRE(decoded.has_value());
  const Request& request = std::get<ClientRequest>(*decoded).request;
  BOOST_TEST((request.session == SessionId{}));
  BOOST_TEST((request.principal == Principal::clients));
}

// Each text has a bound, whoever sends it, and what people are shown is plain text (law 23).
BOOST_AUTO_TEST_CASE(a_text_may_be_as_long_as_its_limit_and_no_longer) {
  const auto takes = [&]<class Value>(std::type_identity<Value>, unsigned field, std::size_t most,
                                      const std::string& rest = {}) {
    BOOST_TEST(decode_body_of<Value>(rest + text_field(field, std::string(most, 'x'))).has_value());
    BOOST_TEST(is_bad_body<Value>(rest + text_field(field, std::string(most + 1, 'x'))));
  };
  takes(std::type_identity<ReplicaReport>(), 8, limits::word_bytes);
  takes(std::type_identity<View>(), 9, limits::audit_head_bytes);
  takes(std::type_identity<ComparatorReport>(), 8, limits::audit_head_bytes);
  takes(std::type_identity<StateRequest>(), 4, limits::entry_key_bytes);
  takes(std::type_identity<StateChunk>(), 3, limits::entry_key_bytes, number_field(1, 1));
  takes(std::type_identity<StateChunk>(), 6, limits::entry_key_bytes, number_field(1, 1));
  takes(std::type_identity<StateChunk>(), 5, limits::state_chunk_bytes, number_field(1, 1));
  takes(std::type_identity<AdminCommand>(), 2, limits::admin_token_bytes, number_field(3, 1));
  takes(std::type_identity<AdminReply>(), 3, limits::sentence_bytes, number_field(2, 1));
  takes(std::type_identity<ClusterStatus>(), 21, limits::word_bytes, number_field(7, 1));
  takes(std::type_identity<ClusterStatus>(), 22, limits::sentence_bytes, number_field(7, 1));
  for (const char* strange : {"\x1b[2J", "\xff\xfe", "\n", "\xe2\x80\xae"})
    BOOST_TEST(is_bad_body<ReplicaReport>(text_field(8, strange)), strange);
}

BOOST_AUTO_TEST_CASE(an_observed_record_is_bounded_alone_and_with_the_others) {
  const auto record = [](unsigned field, std::size_t bytes) {
    return text_field(7, text_field(field, std::string(bytes, 'x')));
  };
  BOOST_TEST(decode_body_of<Observation>(record(2, limits::audit_hash_bytes)).has_value());
  BOOST_TEST(is_bad_body<Observation>(record(2, limits::audit_hash_bytes + 1)));
  BOOST_TEST(is_bad_body<Observation>(text_field(7, text_field(2, "\x1b[2J"))));
  const std::string longest = record(3, limits::observed_line_bytes);
  BOOST_TEST(is_bad_body<Observation>(record(3, limits::observed_line_bytes + 1)));
  const std::size_t most = limits::observation_line_bytes / limits::observed_line_bytes;
  BOOST_TEST(decode_body_of<Observation>(repeat(most, longest)).has_value());
  BOOST_TEST(is_bad_body<Observation>(repeat(most, longest) + record(3, 1)));
}

BOOST_AUTO_TEST_CASE(a_word_that_stands_for_a_state_or_a_reason_must_be_known) {
  BOOST_TEST(decode_body_of<ReplicaStanding>(number_field(4, 1) + text_field(10, "silence")).has_value());
  BOOST_TEST(is_bad_body<ReplicaStanding>(number_field(4, 1) + text_field(10, "Silence")));
  BOOST_TEST(decode_body_of<ClusterStatus>(number_field(7, 1) + text_field(10, "draining")).has_value());
  BOOST_TEST(is_bad_body<ClusterStatus>(number_field(7, 1) + text_field(10, "leading")));
}

BOOST_AUTO_TEST_CASE(a_message_that_is_not_expected_is_not_decoded) {
  const EncodedMessage vote = wire::encode(Message(Vote{}));
  const auto error = [&](std::string_view body, wire::Kinds expected) {
    const auto decoded = wire::decode(header_of(vote), body, expected);
    return decoded ? std::nullopt : std::optional(decoded.error());
  };
  BOOST_TEST((error(vote.body, wire::kinds<Vote>()) == std::nullopt));
  BOOST_TEST((error(vote.body, wire::kinds<Order, Vote, BallotCalls>()) == std::nullopt));
  // If the body were looked at, its checksum would be wrong.
  BOOST_TEST((error("no body", wire::kinds<Order, BallotCalls>()) == DecodeError::unknown_type));
  BOOST_TEST((error("no body", wire::Kinds{}) == DecodeError::unknown_type));
}

BOOST_AUTO_TEST_CASE(times_and_durations_are_never_negative) {
  BOOST_TEST(decode_body_of<Order>(number_field(3, INT64_MAX)).has_value());
  BOOST_TEST(is_bad_body<Order>(number_field(3, minus_one)));
  BOOST_TEST(is_bad_body<Order>(number_field(4, minus_one)));
  BOOST_TEST(is_bad_body<Fault>(number_field(2, minus_one)));
  const std::string verdict = number_field(1, 1) + number_field(3, minus_one);
  BOOST_TEST(
      is_bad_body<ClusterStatus>(number_field(7, 1) + text_field(8, number_field(2, 1) + text_field(12, verdict))));
}

BOOST_AUTO_TEST_CASE(a_probability_lies_between_zero_and_one) {
  for (const double good : {0.0, 0.5, 1.0}) BOOST_TEST(decode_body_of<Fault>(double_field(3, good)).has_value());
  for (const double bad : {-0.1, 1.1, std::nan(""), HUGE_VAL}) BOOST_TEST(is_bad_body<Fault>(double_field(3, bad)));
}

BOOST_AUTO_TEST_CASE(an_absent_probability_means_always) {
  BOOST_TEST((decode_body_of<Fault>("").value() == Message(Fault{})));
  BOOST_TEST((std::get<AdminCommand>(decode_body_of<AdminCommand>(number_field(3, 1)).value()).fault == Fault{}));
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_ignored_and_groups_refused) {
  const std::string later = number_field(100, 5) + text_field(101, "later") + double_field(102, 1);
  BOOST_TEST((decode_body_of<StatusQuery>(number_field(1, 7) + later).value() == Message(StatusQuery{7})));
  BOOST_TEST(is_bad_body<StatusQuery>(varint(100 << 3 | 3) + varint(100 << 3 | 4)));
  BOOST_TEST(is_bad_body<StatusQuery>(repeat(500'000, varint(1 << 3 | 3))));
}

BOOST_AUTO_TEST_CASE(a_list_may_be_as_long_as_its_limit_and_no_longer) {
  const std::string request = text_field(6, ordered_request() + number_field(1, 1));
  BOOST_TEST(decode_body_of<Order>(repeat(limits::order_requests, request)).has_value());
  BOOST_TEST(is_bad_body<Order>(repeat(limits::order_requests + 1, request)));
  const std::string decision = text_field(3, session_field(5));
  BOOST_TEST(decode_body_of<Decisions>(repeat(limits::order_requests, decision)).has_value());
  BOOST_TEST(is_bad_body<Decisions>(repeat(limits::order_requests + 1, decision)));
  const std::string member = text_field(4, number_field(4, 1));
  BOOST_TEST(decode_body_of<View>(repeat(limits::group_replicas, member)).has_value());
  BOOST_TEST(is_bad_body<View>(repeat(limits::group_replicas + 1, member)));
  const std::string observed_vote = text_field(6, number_field(5, 1));
  BOOST_TEST(decode_body_of<Observation>(repeat(limits::group_replicas, observed_vote)).has_value());
  BOOST_TEST(is_bad_body<Observation>(repeat(limits::group_replicas + 1, observed_vote)));
  const std::string observed_record = text_field(7, "");
  BOOST_TEST(decode_body_of<Observation>(repeat(limits::observed_records, observed_record)).has_value());
  BOOST_TEST(is_bad_body<Observation>(repeat(limits::observed_records + 1, observed_record)));
  const std::string ballot = text_field(2, "");
  BOOST_TEST(decode_body_of<BallotCalls>(repeat(limits::message_ballots, ballot)).has_value());
  BOOST_TEST(is_bad_body<BallotCalls>(repeat(limits::message_ballots + 1, ballot)));
  const std::string entry = text_field(2, session_field(4) + number_field(5, 1));
  BOOST_TEST(decode_body_of<BallotCalls>(text_field(2, repeat(limits::order_requests, entry))).has_value());
  BOOST_TEST(is_bad_body<BallotCalls>(text_field(2, repeat(limits::order_requests + 1, entry))));
  const std::string full_ballot = text_field(2, text_field(1, "") + repeat(limits::order_requests, entry));
  BOOST_TEST(decode_body_of<BallotCalls>(repeat(32, full_ballot)).has_value());
  BOOST_TEST(is_bad_body<BallotCalls>(repeat(33, full_ballot)));
}

BOOST_AUTO_TEST_CASE(a_message_is_full_of_ballots_and_of_requests_at_the_same_time) {
  BallotCall ballot;
  ballot.order = {Term(1), Sequence(1), {}};
  ballot.synced = true;
  ballot.requests.resize(limits::message_ballot_requests / limits::message_ballots);
  for (BallotEntry& entry : ballot.requests) entry.number = RequestNumber(1);
  const BallotCalls full{Term(1), std::vector<BallotCall>(limits::message_ballots, ballot)};
  const wire::EncodedMessage encoded = wire::encode(Message(full));
  const std::string_view header(encoded.header.data(), encoded.header.size());
  const auto decoded = wire::decode(header, {encoded.body.data(), encoded.body.size()});
  BOOST_REQUIRE(decoded.has_value());
  BOOST_TEST((decoded.value() == Message(full)));
}

BOOST_AUTO_TEST_CASE(huge_counts_cost_no_memory) {
  const std::string many = repeat(limits::message_bytes / 2, text_field(6, ""));
  const std::size_t before = live_bytes;
  most_live_bytes = live_bytes;
  BOOST_TEST(is_bad_body<Order>(many));
  BOOST_TEST(is_bad_body<ComparatorReport>(many));
  std::vector<Operation> operations;
  BOOST_TEST(!decode_operations(repeat(limits::request_bytes / 2, text_field(1, "")), operations));
  BOOST_TEST(most_live_bytes - before < 2 * limits::message_bytes);
  BOOST_TEST(is_bad_body<BallotCalls>(text_field(2, repeat(limits::message_bytes / 2 - 10, text_field(2, "")))));
  BOOST_TEST(most_live_bytes - before < 4 * limits::message_bytes);
}

BOOST_AUTO_TEST_CASE(what_reused_objects_keep_is_bounded) {
  const std::string large = text_field(6, text_field(50, std::string(400'000, 'x')));
  const std::string small = text_field(6, "");
  most_live_bytes = live_bytes;
  const std::size_t before = live_bytes;
  // Another request keeps the large text each time. Without a bound that would be 160 MB in the
  // end.
  for (std::size_t place = 0; place < 400; ++place) decode_body_of<Order>(repeat(place, small) + large);
  BOOST_TEST(most_live_bytes - before < 3 * limits::reused_message_bytes);
}

BOOST_AUTO_TEST_CASE(a_body_beyond_two_mebibytes_is_refused) {
  const std::string text = text_field(5, std::string(limits::message_bytes - 10, 'r'));
  BOOST_TEST(decode_body_of<Vote>(text).has_value());
  BOOST_TEST(is_bad_body<Vote>(text_field(5, std::string(limits::message_bytes, 'r'))));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(wire_operations)

namespace {

std::vector<Operation> some_operations() {
  return {{OperationKind::add, "home", INT64_MIN, "key", {}, 0},
          {OperationKind::get, std::string_view("\0\xff", 2), 0, {}, {}, 0},
          {OperationKind::set, "Käse", INT64_MAX, {}, {}, 0},
          {OperationKind::remove, "", -1, "other key", {}, 0},
          {OperationKind::list, "a/", 0, {}, "a/b", 0xFFFFFFFF},
          {OperationKind::add, "quota", 1, {}, {}, 3, {ExpiryKind::after, INT64_MAX}, 0, true},
          {OperationKind::set, "quota", 1, {}, {}, 0, {ExpiryKind::keep, 0}, condition::missing, false},
          {OperationKind::expire, "quota", 0, {}, {}, 0, {ExpiryKind::at, INT64_MIN}, UINT32_MAX, true},
          {OperationKind::check, "quota", INT64_MAX, {}, {}, UINT32_MAX, {}, condition::unchanged, false},
          {OperationKind::scan, {}, INT64_MAX, {}, {}, 1000},
          {OperationKind::clear, {}, 7, {}, {}, 1000},
          {OperationKind::count, {}, 0, {}, {}, 0},
          {}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(operations_survive_a_round_trip) {
  const std::vector<Operation> operations = some_operations();
  const std::string bytes = encode_operations(operations);
  std::vector<Operation> decoded;
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST_REQUIRE(decode_operations(bytes, decoded));
    BOOST_TEST_REQUIRE(decoded.size() == operations.size());
    for (std::size_t place = 0; place < operations.size(); ++place)
      BOOST_TEST(same(decoded[place], operations[place]), "operation " << place);
  }
  BOOST_TEST(decode_operations("", decoded));
  BOOST_TEST(decoded.empty());
}

BOOST_AUTO_TEST_CASE(truncated_and_flipped_operations_do_no_harm) {
  const std::string bytes = encode_operations(some_operations());
  std::vector<Operation> decoded;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string truncated = bytes.substr(0, size);
    if (!decode_operations(truncated, decoded)) BOOST_TEST(decoded.empty());
  }
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] ^= static_cast<char>(1 << bit % 8);
    if (decode_operations(flipped, decoded))
      for (const Operation& operation : decoded) BOOST_TEST(operation.name.size() <= bytes.size());
  }
}

BOOST_AUTO_TEST_CASE(a_request_may_hold_as_many_operations_as_its_limit_and_no_more) {
  std::vector<Operation> operations(limits::request_operations, {OperationKind::get, "x", 0, {}, {}, 0});
  std::vector<Operation> decoded;
  BOOST_TEST(decode_operations(encode_operations(operations), decoded));
  BOOST_TEST(decoded.size() == limits::request_operations);
  operations.emplace_back();
  BOOST_TEST(!decode_operations(encode_operations(operations), decoded));
  BOOST_TEST(decoded.empty());
}

BOOST_AUTO_TEST_CASE(an_impossible_operation_leaves_the_others_alone) {
  const std::string bytes = text_field(1, number_field(1, 99)) + text_field(1, number_field(6, beyond_u32 + 5)) +
                            text_field(1, number_field(1, 2) + text_field(2, "home"));
  std::vector<Operation> decoded;
  BOOST_TEST_REQUIRE(decode_operations(bytes, decoded));
  BOOST_TEST_REQUIRE(decoded.size() == 3);
  BOOST_TEST((decoded[0].kind == OperationKind::unspecified));
  BOOST_TEST(decoded[1].limit == UINT32_MAX);
  BOOST_TEST(same(decoded[2], {OperationKind::get, "home", 0, {}, {}, 0}));
}

BOOST_AUTO_TEST_CASE(terms_of_another_version_are_known_to_be_unknown) {
  const auto decode_one = [](const std::string& fields) {
    std::vector<Operation> decoded;
    decode_operations(text_field(1, number_field(1, 3) + text_field(2, "home") + fields), decoded);
    return decoded.at(0);
  };
  BOOST_TEST(has_proper_terms(decode_one(number_field(7, 2) + number_field(8, 10))));
  const Operation unknown_expiry = decode_one(number_field(7, 4) + number_field(8, 10));
  BOOST_TEST((unknown_expiry.expiry.kind == ExpiryKind::unknown));
  BOOST_TEST(!has_proper_terms(unknown_expiry));
  BOOST_TEST((decode_one(number_field(7, UINT64_MAX)).expiry.kind == ExpiryKind::unknown));
  BOOST_TEST(has_proper_terms(decode_one(number_field(9, 1))));
  BOOST_TEST(!has_proper_terms(decode_one(number_field(9, 1u << 7))));
  BOOST_TEST(decode_one(number_field(9, beyond_u32 + 1)).conditions == UINT32_MAX);
  BOOST_TEST(!has_proper_terms(decode_one(number_field(9, beyond_u32 + 1))));
  BOOST_TEST(decode_one(number_field(10, 77)).detail);
}

BOOST_AUTO_TEST_CASE(decoding_operations_allocates_nothing_once_warm) {
  const std::string name = "a name too long to be kept inside a std::string";
  const std::vector<Operation> operations(1024, {OperationKind::add, name, 1, name, {}, 0});
  const std::string bytes = encode_operations(operations);
  std::vector<Operation> decoded;
  // This is done three times, because the object may just have been due for its replacement.
  std::size_t fewest = SIZE_MAX;
  for (int round = 0; round < 3; ++round) {
    const std::size_t before = allocations;
    BOOST_TEST(decode_operations(bytes, decoded));
    fewest = std::min(fewest, allocations - before);
  }
  BOOST_TEST(fewest == 0);
}

namespace {

// Fields that exist, of their own type or of another, in any order and more than once. Now and then
// they are any bytes.
std::string random_operation(std::mt19937_64& random) {
  std::string bytes;
  for (std::uint64_t fields = random() % 8; fields > 0; --fields) {
    const auto number = static_cast<unsigned>(random() % 13);
    switch (random() % 8) {
      case 0: bytes += varint(number << 3 | 1) + std::string(8, 'e'); break;
      case 1: bytes += varint(number << 3 | 5) + std::string(4, 'f'); break;
      case 2: bytes += static_cast<char>(random()); break;
      case 3:
      case 4: bytes += number_field(number, random() >> random() % 64); break;
      default: bytes += text_field(number, std::string(random() % 4, 't')); break;
    }
  }
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(operations_are_what_protobuf_makes_of_their_bytes) {
  std::mt19937_64 random(20'261'125);
  std::vector<Operation> decoded;
  int accepted = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes;
    for (std::uint64_t count = random() % 4; count > 0; --count) bytes += text_field(1, random_operation(random));
    if (!decode_operations(bytes, decoded)) continue;
    ++accepted;
    v1::Operations proto;
    BOOST_TEST_REQUIRE(proto.ParseFromString(bytes));
    BOOST_TEST_REQUIRE(proto.operations_size() == static_cast<int>(decoded.size()));
    for (std::size_t place = 0; place < decoded.size(); ++place)
      BOOST_TEST_REQUIRE(same(decoded[place], view_of(proto.operations(static_cast<int>(place)))));
  }
  BOOST_TEST(accepted > 10'000);
}

BOOST_AUTO_TEST_CASE(tags_and_sizes_may_be_as_long_as_protobuf_accepts_them) {
  // One operation whose name is "t". Its tag or its size is written with more bytes than it needs.
  const auto stretched = [](std::uint64_t number, unsigned count) {
    std::string bytes;
    for (unsigned place = 1; place < count; ++place, number >>= 7) bytes += static_cast<char>((number & 0x7F) | 0x80);
    return bytes + static_cast<char>(number);
  };
  const std::uint64_t tag = 1 << 3 | 2;
  const std::string name = text_field(2, "t");
  for (unsigned count = 1; count <= 11; ++count) {
    for (const std::string& bytes : {stretched(tag, count) + varint(3) + name, varint(tag) + stretched(3, count) + name,
                                     text_field(1, stretched(2 << 3 | 2, count) + varint(1) + "t"),
                                     stretched(tag | std::uint64_t{1} << 32, count) + varint(3) + name,
                                     varint(tag) + stretched(3 | std::uint64_t{1} << 32, count) + name}) {
      std::vector<Operation> decoded;
      v1::Operations proto;
      const bool taken = proto.ParseFromString(bytes);
      BOOST_TEST(decode_operations(bytes, decoded) == taken);
      if (taken) BOOST_TEST(static_cast<int>(decoded.size()) == proto.operations_size());
    }
  }
}

BOOST_AUTO_TEST_CASE(operations_are_encoded_as_protobuf_encodes_them) {
  const std::string bytes = encode_operations(some_operations());
  v1::Operations proto;
  BOOST_TEST_REQUIRE(proto.ParseFromString(bytes));
  BOOST_TEST((proto.SerializeAsString() == bytes));
}

BOOST_AUTO_TEST_SUITE_END()
