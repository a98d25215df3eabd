// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "protocol/digest.h"
#include "protocol/hex.h"
#include "protocol/limits.h"
#include "protocol/messages.h"
#include "protocol/operations.h"
#include "protocol/per_replica.h"
#include "protocol/secret.h"
#include "protocol/session.h"

using namespace tally;

BOOST_AUTO_TEST_SUITE(protocol)

BOOST_AUTO_TEST_CASE(names_are_utf8_without_control_characters) {
  for (const std::string& good : {std::string("home"), std::string("Käse/§ 7"), std::string("\U0001F600"),
                                  std::string(256, 'x'), std::string(" ")})
    BOOST_TEST(is_valid_name(good), good);
  const std::string with_nul("a\0b", 3);
  for (const std::string& bad :
       {std::string(), std::string(257, 'x'), with_nul, std::string("a\nb"), std::string("\x7f"),
        std::string("\xc2\x80"), std::string("\xc0\xaf"), std::string("\xed\xa0\x80"), std::string("\xf4\x90\x80\x80"),
        std::string("\xe2\x82"), std::string("\xff"), std::string("\x80")})
    BOOST_TEST(!is_valid_name(bad));
}

// What cannot be seen, or turns around how the rest is seen, would make two counters that look alike.
BOOST_AUTO_TEST_CASE(names_have_no_format_characters) {
  const auto utf8 = [](char32_t point) {
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
    const auto lead = [&](int mark, int shift) { return static_cast<char>(mark | (point >> shift)); };
    if (point < 0x800) return std::string{lead(0xC0, 6), tail(0)};
    if (point < 0x10000) return std::string{lead(0xE0, 12), tail(6), tail(0)};
    return std::string{lead(0xF0, 18), tail(12), tail(6), tail(0)};
  };
  std::size_t refused = 0;
  for (char32_t point = 0xA0; point <= 0x10FFFF; ++point)
    if (point < 0xD800 || point > 0xDFFF) refused += is_valid_name("a" + utf8(point)) ? 0 : 1;
  BOOST_TEST(refused == 170u);  // of Unicode 15.0
  for (const char32_t point : {0xADu, 0x605u, 0x200Bu, 0x200Fu, 0x202Eu, 0x2060u, 0x206Fu, 0xFEFFu, 0xFFFBu, 0x110BDu,
                               0x13430u, 0x1343Fu, 0x1D17Au, 0xE0001u, 0xE0020u, 0xE007Fu})
    BOOST_TEST(!is_valid_name(utf8(point)), static_cast<unsigned>(point));
  for (const char32_t point : {0xA0u, 0xACu, 0xAEu, 0x606u, 0x200Au, 0x2010u, 0x2065u, 0xFFFCu, 0x13440u, 0xE001Fu})
    BOOST_TEST(is_valid_name(utf8(point)), static_cast<unsigned>(point));
}

BOOST_AUTO_TEST_CASE(names_are_compared_by_their_bytes) {
  BOOST_TEST(is_valid_name("\xc3\xa9"));   // é
  BOOST_TEST(is_valid_name("e\xcc\x81"));  // e and a combining accent: another name that looks the same
}

BOOST_AUTO_TEST_CASE(digests_add_and_subtract_modulo_two_to_the_128) {
  Digest sum{0, ~0ULL};
  sum += Digest{0, 1};
  BOOST_TEST((sum == Digest{1, 0}));
  sum -= Digest{0, 1};
  BOOST_TEST((sum == Digest{0, ~0ULL}));
  Digest zero{};
  zero -= Digest{0, 1};
  BOOST_TEST((zero == Digest{~0ULL, ~0ULL}));
}

BOOST_AUTO_TEST_CASE(bytes_and_numbers_read_as_hexadecimal) {
  BOOST_TEST(to_hex(std::string_view("\0\x7f\x80\xff", 4)) == "007f80ff");
  BOOST_TEST(to_hex(std::string_view()) == "");
  BOOST_TEST(to_hex(std::uint64_t{0x0123456789abcdef}) == "0123456789abcdef");
}

BOOST_AUTO_TEST_CASE(a_digest_reads_as_hexadecimal) {
  BOOST_TEST(to_hex(Digest{0x0123456789abcdefULL, 0xfedcba9876543210ULL}) == "0123456789abcdeffedcba9876543210");
}

BOOST_AUTO_TEST_CASE(the_chain_covers_every_field_of_an_order) {
  Order order;
  order.id = {Term(1), Sequence(2), {}};
  order.requests.push_back(
      {RequestKind::operations, false, {{1}}, Principal::clients, RequestNumber(1), RequestNumber(0), 1, 100, "x"});
  const Digest chain = chain_of(order);
  const auto differs = [&](auto&& change) {
    Order other = order;
    change(other);
    return chain_of(other) != chain;
  };
  BOOST_TEST(differs([](Order& o) { o.previous.low = 1; }));
  BOOST_TEST(differs([](Order& o) { o.id.term = Term(2); }));
  BOOST_TEST(differs([](Order& o) { o.id.sequence = Sequence(3); }));
  BOOST_TEST(differs([](Order& o) { o.served.nanoseconds = 1; }));
  BOOST_TEST(differs([](Order& o) { o.calendar.unix_milliseconds = 1; }));
  BOOST_TEST(differs([](Order& o) { o.semantics = 9; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].read_only = true; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].session.bytes[15] = 1; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].principal = Principal::bridges; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].number = RequestNumber(2); }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].acknowledged = RequestNumber(1); }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].attempt = 2; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].result_limit = 7; }));
  BOOST_TEST(differs([](Order& o) { o.requests[0].operations = "y"; }));
  BOOST_TEST(differs([](Order& o) { o.requests.clear(); }));
}

BOOST_AUTO_TEST_CASE(results_of_any_bytes_decode_or_do_not) {
  std::string bytes;
  results::append_header(bytes, RequestOutcome::executed, Sequence(7), 1);
  results::append_operation(bytes, OperationStatus::ok, -5);
  const auto result = results::decode(bytes);
  BOOST_REQUIRE(result.has_value());
  BOOST_TEST(result->sequence.value == 7u);
  BOOST_TEST(result->operations.at(0).value == -5);
  for (std::size_t length = 0; length < bytes.size(); ++length) BOOST_TEST(!results::decode(bytes.substr(0, length)));
  BOOST_TEST(!results::decode(bytes + "x"));
}

// As docs/protocol.md says, and as any other client computes it.
BOOST_AUTO_TEST_CASE(a_session_is_named_by_the_digest_of_its_secret) {
  SessionSecret secret;
  std::iota(secret.bytes.begin(), secret.bytes.end(), std::uint8_t{0});
  BOOST_TEST(to_hex(session_of(secret)) == "338ebf9bf4726dd1853bc16ba43cb548");
}

BOOST_AUTO_TEST_CASE(a_secret_is_known_by_all_its_bytes_and_an_empty_one_by_nobody) {
  BOOST_TEST(is_secret("s3cret", "s3cret"));
  for (const std::string given : {"", "s3cre", "s3cretx", "S3cret", "s3creT"})
    BOOST_TEST(!is_secret(given, "s3cret"), given);
  BOOST_TEST(is_secret(std::string_view("a\0b", 3), std::string_view("a\0b", 3)));
  BOOST_TEST(!is_secret(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
  BOOST_TEST(!is_secret("", ""));
}

BOOST_AUTO_TEST_CASE(a_text_is_digested_under_a_secret) {
  const Digest secret{0x0807060504030201, 0x100f0e0d0c0b0a09};
  const Digest digest = keyed_digest_of(secret, "key");
  BOOST_TEST((digest == Digest{0x89e555cdb27fa03full, 0x89957602359034ebull}));
  BOOST_TEST((keyed_digest_of({secret.high ^ 1, secret.low}, "key") != digest));
}

BOOST_AUTO_TEST_CASE(replica_ids_count_from_one_to_the_last_replica) {
  std::vector<std::uint64_t> seen;
  for (const ReplicaId replica : ReplicaIds(3)) seen.push_back(replica.value);
  BOOST_TEST((seen == std::vector<std::uint64_t>{1, 2, 3}));
  BOOST_TEST(ReplicaIds(3).contains(ReplicaId(3)));
  BOOST_TEST(!ReplicaIds(3).contains(ReplicaId(4)));
  BOOST_TEST(!ReplicaIds(3).contains(ReplicaId()));
}

BOOST_AUTO_TEST_CASE(a_value_per_replica_is_found_by_the_replicas_id) {
  PerReplica<std::string> names(3);
  names[ReplicaId(1)] = "first";
  names[ReplicaId(3)] = "last";
  BOOST_TEST(names.values()[0] == "first");
  BOOST_TEST(names.values()[2] == "last");
}

BOOST_AUTO_TEST_CASE(values_per_replica_are_made_from_the_replicas_ids) {
  const PerReplica<std::string> names(2, [](ReplicaId replica) { return std::to_string(replica.value); });
  BOOST_TEST(names[ReplicaId(1)] == "1");
  BOOST_TEST(names[ReplicaId(2)] == "2");
}

BOOST_AUTO_TEST_CASE(iteration_gives_each_replicas_id_together_with_its_value) {
  PerReplica<std::uint64_t> doubles(5);
  for (auto [replica, value] : doubles) value = 2 * replica.value;
  std::uint64_t seen = 0;
  for (const auto [replica, value] : std::as_const(doubles)) seen += value == 2 * replica.value ? 1 : 0;
  BOOST_TEST(seen == 5u);
}

BOOST_AUTO_TEST_CASE(values_for_every_replica_there_can_be_need_no_memory_of_their_own) {
  constexpr std::size_t bytes = sizeof(PerReplica<std::uint32_t, limits::most_replicas>);
  BOOST_TEST(bytes == limits::most_replicas * sizeof(std::uint32_t));
  PerReplica<std::uint32_t, limits::most_replicas> counts;
  BOOST_TEST(counts.size() == limits::most_replicas);
  BOOST_TEST(counts[ReplicaId(limits::most_replicas)] == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
