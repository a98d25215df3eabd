// SPDX-License-Identifier: Apache-2.0
// The hot path without its sockets: a request from the client through distributor, replica and comparator, and its
// answer back. No stage allocates memory for each operation.
#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "comparator_setup.h"
#include "count_allocations.h"
#include "protocol/limits.h"
#include "protocol/operation_codec.h"
#include "replica/idempotency.h"
#include "replica/state.h"
#include "wire/codec.h"

using namespace tally;

namespace {

constexpr std::size_t replicas = 3;
constexpr std::size_t counters = 100;

template <class Value>
Value decoded_as(const wire::EncodedMessage& message) {
  auto decoded = wire::decode({message.header.data(), message.header.size()}, message.body);
  return std::get<Value>(std::move(decoded.value()));
}

// A group of one replica, whose vote is taken for that of all.
class Group {
 public:
  Group() {
    comparator_.receive(first_view(replicas), now_);
    report();
    Request open;
    open.kind = RequestKind::open_session;
    open.session = session_;
    open.result_limit = results::header_bytes;
    order(open);
    for (std::size_t number = 0; number < counters; ++number) names_.push_back("/page/" + std::to_string(number));
    allocations_to_count(counters);  // they exist from now on
  }

  // Counts so often with one request, and says how often each stage allocated.
  std::map<std::string, std::size_t> allocations_to_count(std::size_t times) {
    std::vector<Operation> operations;
    for (std::size_t place = 0; place < times; ++place)
      operations.push_back({OperationKind::add, names_[place % names_.size()], 1, {}, {}, 0});
    stages_.clear();
    Request request;
    request.session = session_;
    request.number = RequestNumber(++number_);
    request.acknowledged = RequestNumber(number_ - 1);
    request.result_limit = limits::request_result_bytes;
    stage("operations encoded", [&] { request.operations = encode_operations(operations); });
    wire::EncodedMessage message;
    stage("request encoded", [&] { message = wire::encode(ClientRequest{{}, std::move(request)}); });
    stage("request decoded", [&] { request = decoded_as<ClientRequest>(message).request; });
    request.session = session_;
    const Decisions decisions = order(std::move(request));
    std::optional<RequestResult> result;
    stage("results decoded", [&] { result = results::decode(decisions.decisions.at(0).result); });
    BOOST_TEST_REQUIRE(result.has_value());
    BOOST_TEST_REQUIRE(result->operations.size() == times);
    return stages_;
  }

 private:
  template <class Work>
  void stage(const std::string& name, Work&& work) {
    const std::size_t before = allocations;
    work();
    stages_[name] = allocations - before;
  }

  Decisions order(Request request) {
    Order order;
    order.id = {Term(1), Sequence(++sequence_), Digest{1, sequence_}};
    order.semantics = limits::semantics_version;
    order.requests.push_back(std::move(request));
    BallotCalls ballots{Term(1), {{order.id, {{ClientId{"client"}, session_, order.requests[0].number}}}}};
    wire::EncodedMessage message;
    stage("order encoded", [&] { message = wire::encode(std::move(order)); });
    stage("order decoded", [&] { order = decoded_as<Order>(message); });
    Vote vote{order.id, Incarnation(9), Recovery(1), {}, {}};
    stage("order executed", [&] { state_.apply(order, vote.results); });
    vote.state = state_.digest();
    stage("vote encoded", [&] { message = wire::encode(std::move(vote)); });
    comparator_.receive(std::move(ballots), now_);
    stage("votes decoded, compared and decided", [&] {
      for (std::uint64_t id = 1; id <= replicas; ++id)
        comparator_.receive(ReplicaId(id), decoded_as<Vote>(message), now_);
    });
    ComparatorOutput output = report();
    BOOST_TEST_REQUIRE(output.decisions.size() == 1u);
    stage("decision encoded", [&] { message = wire::encode(std::move(output.decisions[0].decisions)); });
    Decisions decisions;
    stage("decision decoded", [&] { decisions = decoded_as<Decisions>(message); });
    return decisions;
  }

  ComparatorOutput report() {
    ComparatorOutput output = comparator_.take_output();
    if (!output.audit.empty()) comparator_.audit_written(records_ += output.audit.size(), "hash");
    return output;
  }

  std::vector<std::string> names_;
  State state_{StateLimits{}, 42};
  ComparatorCore comparator_{filled({}, replicas)};
  Instant now_ = Instant{} + seconds(1);
  const SessionId session_{{1}};
  std::uint64_t sequence_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t records_ = 0;
  std::map<std::string, std::size_t> stages_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hot_path)

BOOST_AUTO_TEST_CASE(allocations_are_counted) {
  const std::size_t before = allocations;
  const std::string text(1000, 't');
  BOOST_TEST(allocations == before + 1);
}

BOOST_AUTO_TEST_CASE(no_stage_allocates_for_each_operation) {
  constexpr std::size_t growth = 4;  // of a string or a list that doubles twice, and what holds it
  Group group;
  group.allocations_to_count(4000);
  const auto few = group.allocations_to_count(1000);
  const auto many = group.allocations_to_count(4000);
  BOOST_TEST_REQUIRE(many.size() == 11u);
  for (const auto& [stage, count] : many) {
    BOOST_TEST_MESSAGE(stage << ": " << few.at(stage) << " for 1000 increments, " << count << " for 4000");
    BOOST_TEST(count <= few.at(stage) + growth, stage << ": " << few.at(stage) << ", then " << count);
    BOOST_TEST(few.at(stage) < 60u, stage);
  }
}

// Whatever its length, and just after the lookup table has grown.
BOOST_AUTO_TEST_CASE(an_idempotency_key_takes_at_most_64_bytes) {
  const StateLimits limits;
  IdempotencyKeys keys(Principal::bridges, limits);
  const std::size_t before = live_bytes;
  for (std::uint64_t number = 1; number <= 600'000; ++number) {
    const Digest key = digest_of({reinterpret_cast<const char*>(&number), sizeof number});
    BOOST_REQUIRE(keys.make_room({}));
    keys.store(key, 1, {OperationStatus::ok, 1}, Sequence(number), {});
    if (number % 50'000 == 0) BOOST_TEST(live_bytes - before <= 64 * number);
  }
}

BOOST_AUTO_TEST_SUITE_END()
