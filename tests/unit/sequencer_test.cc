// SPDX-License-Identifier: Apache-2.0
#include "distributor/sequencer.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "protocol/limits.h"
#include "protocol/operations.h"

using namespace tally;

namespace {

Request request(std::uint64_t number, std::size_t bytes = 10, std::uint32_t result_limit = 100) {
  Request request;
  request.number = RequestNumber(number);
  request.result_limit = result_limit;
  request.operations = std::string(bytes, 'x');
  return request;
}

Sequencer::Admission add(Sequencer& sequencer, const std::string& client, Request request) {
  return sequencer.add(ClientId{client}, request);
}

std::string clients_of(const std::vector<WaitingRequest>& batch) {
  std::string text;
  for (const WaitingRequest& waiting : batch) text += waiting.client.routing_id;
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sequencer)

BOOST_AUTO_TEST_CASE(a_new_one_is_empty_and_its_batch_too) {
  Sequencer sequencer;
  BOOST_TEST(sequencer.empty());
  BOOST_TEST(sequencer.take_batch().empty());
  BOOST_TEST(sequencer.take_all().empty());
}

BOOST_AUTO_TEST_CASE(clients_that_wait_take_turns) {
  Sequencer sequencer;
  for (std::uint64_t number = 1; number <= 4; ++number) add(sequencer, "a", request(number));
  add(sequencer, "b", request(1));
  add(sequencer, "b", request(2));
  add(sequencer, "c", request(1));
  BOOST_TEST(clients_of(sequencer.take_batch()) == "abcabaa");
  BOOST_TEST(sequencer.empty());
}

BOOST_AUTO_TEST_CASE(one_clients_requests_keep_their_order) {
  Sequencer sequencer;
  for (std::uint64_t number = 1; number <= 3; ++number) add(sequencer, "a", request(number));
  std::uint64_t expected = 0;
  for (const WaitingRequest& waiting : sequencer.take_batch()) BOOST_TEST(waiting.request.number.value == ++expected);
}

BOOST_AUTO_TEST_CASE(who_was_not_served_comes_first_in_the_next_batch) {
  Sequencer sequencer;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    add(sequencer, "a", request(number, limits::request_bytes));
    add(sequencer, "b", request(number, limits::request_bytes));
  }
  BOOST_TEST(clients_of(sequencer.take_batch()) == "a");
  BOOST_TEST(clients_of(sequencer.take_batch()) == "b");
  BOOST_TEST(clients_of(sequencer.take_batch()) == "a");
}

BOOST_AUTO_TEST_CASE(a_batch_has_no_more_requests_than_an_order_may) {
  Sequencer sequencer;
  for (std::uint64_t client = 0; client < 8; ++client)
    for (std::uint64_t number = 1; number <= limits::pending_requests_per_client; ++number)
      add(sequencer, std::to_string(client), request(number));
  BOOST_TEST(sequencer.take_batch().size() == limits::order_requests);
  BOOST_TEST(!sequencer.empty());
}

BOOST_AUTO_TEST_CASE(a_batch_has_no_more_bytes_than_an_order_may) {
  Sequencer sequencer;
  for (std::uint64_t number = 1; number <= 100; ++number) add(sequencer, "a", request(number, 100'000));
  std::size_t all = 0;
  while (!sequencer.empty()) {
    const auto batch = sequencer.take_batch();
    std::size_t bytes = 0;
    for (const WaitingRequest& waiting : batch) bytes += waiting.request.operations.size();
    BOOST_TEST(!batch.empty());
    BOOST_TEST(bytes <= limits::order_bytes);
    all += batch.size();
  }
  BOOST_TEST(all == 100u);
}

BOOST_AUTO_TEST_CASE(a_batch_cannot_cause_more_results_than_a_vote_may_have) {
  Sequencer sequencer;
  for (std::uint64_t number = 1; number <= 7; ++number)
    add(sequencer, "a", request(number, 10, limits::request_result_bytes));
  while (!sequencer.empty()) {
    std::size_t bytes = 0;
    for (const WaitingRequest& waiting : sequencer.take_batch()) bytes += 4 + waiting.request.result_limit;
    BOOST_TEST(bytes > 0u);
    BOOST_TEST(bytes <= limits::order_result_bytes);
  }
}

// Law 25. (What asks for half a megabyte of results for nothing used to leave no place for anybody else.)
BOOST_AUTO_TEST_CASE(who_asks_for_much_leaves_room_for_those_who_ask_for_little) {
  Sequencer sequencer;
  for (std::uint64_t number = 1; number <= 200; ++number) {
    add(sequencer, "greedy" + std::to_string(number), request(1, 0, limits::request_result_bytes));
    add(sequencer, "large" + std::to_string(number), request(1, limits::request_bytes));
  }
  for (std::uint64_t client = 1; client <= 500; ++client)
    add(sequencer, "small" + std::to_string(client), request(1, 100, 1000));
  std::size_t small = 0;
  for (const WaitingRequest& waiting : sequencer.take_batch()) small += waiting.request.result_limit == 1000 ? 1 : 0;
  BOOST_TEST(small == 500u);
}

BOOST_AUTO_TEST_CASE(who_asks_for_much_gets_it_though_others_ask_for_little_all_the_time) {
  Sequencer sequencer;
  add(sequencer, "much", request(1, limits::request_bytes, limits::request_result_bytes));
  for (std::uint64_t number = 1; number <= 2'000; ++number)
    add(sequencer, "c" + std::to_string(number), request(1, 100, 10'000));
  const auto batch = sequencer.take_batch();
  BOOST_TEST(batch.front().client.routing_id == "much");
  BOOST_TEST(batch.size() > 1u);
}

BOOST_AUTO_TEST_CASE(principals_share_an_order_however_many_clients_one_of_them_has) {
  Sequencer sequencer;
  const auto add_for = [&](Principal principal, const std::string& client, std::uint64_t number) {
    Request one = request(number);
    one.principal = principal;
    BOOST_TEST((sequencer.add(ClientId{client}, one) == Sequencer::Admission::queued));
  };
  for (std::uint64_t number = 1; number <= 3'000; ++number)
    add_for(Principal::clients, "c" + std::to_string(number), 1);
  for (std::uint64_t number = 1; number <= 200; ++number) add_for(Principal::bridges, "bridge", number);
  std::size_t of_bridges = 0;
  for (const WaitingRequest& waiting : sequencer.take_batch())
    of_bridges += waiting.request.principal == Principal::bridges ? 1 : 0;
  BOOST_TEST(of_bridges == 200u);
}

BOOST_AUTO_TEST_CASE(a_principal_whose_places_are_taken_takes_none_of_anothers) {
  Sequencer sequencer;
  for (std::size_t count = 0; count < limits::pending_requests; ++count)
    add(sequencer, "c" + std::to_string(count), request(1));
  Request of_bridge = request(1);
  of_bridge.principal = Principal::bridges;
  BOOST_TEST((sequencer.add(ClientId{"bridge"}, of_bridge) == Sequencer::Admission::queued));
}

BOOST_AUTO_TEST_CASE(the_largest_possible_request_fits_into_an_order) {
  Sequencer sequencer;
  add(sequencer, "a", request(1, limits::request_bytes, limits::request_result_bytes));
  BOOST_TEST(sequencer.take_batch().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_beyond_its_limits_is_malformed) {
  Sequencer sequencer;
  const auto malformed = Sequencer::Admission::malformed;
  BOOST_TEST((add(sequencer, "a", request(1, limits::request_bytes + 1)) == malformed));
  BOOST_TEST((add(sequencer, "a", request(1, 10, limits::request_result_bytes + 1)) == malformed));
  BOOST_TEST((add(sequencer, "a", request(1, 10, results::header_bytes - 1)) == malformed));
  BOOST_TEST((add(sequencer, "a", request(1, 10, results::header_bytes)) == Sequencer::Admission::queued));
}

BOOST_AUTO_TEST_CASE(a_request_that_acknowledges_its_own_number_is_malformed) {
  Sequencer sequencer;
  Request one = request(5);
  one.acknowledged = RequestNumber(5);
  BOOST_TEST((add(sequencer, "a", one) == Sequencer::Admission::malformed));
  one.acknowledged = RequestNumber(4);
  BOOST_TEST((add(sequencer, "a", one) == Sequencer::Admission::queued));
}

BOOST_AUTO_TEST_CASE(one_client_waits_with_so_many_requests_and_leaves_room_for_others) {
  Sequencer sequencer;
  for (std::uint64_t number = 1; number <= limits::pending_requests_per_client; ++number)
    BOOST_TEST((add(sequencer, "a", request(number)) == Sequencer::Admission::queued));
  BOOST_TEST((add(sequencer, "a", request(9'999)) == Sequencer::Admission::full));
  BOOST_TEST((add(sequencer, "b", request(1)) == Sequencer::Admission::queued));
}

BOOST_AUTO_TEST_CASE(all_clients_together_wait_with_so_many_requests) {
  Sequencer sequencer;
  for (std::size_t count = 0; count < limits::pending_requests; ++count)
    BOOST_TEST((add(sequencer, "c" + std::to_string(count), request(1)) == Sequencer::Admission::queued));
  BOOST_TEST((add(sequencer, "late", request(1)) == Sequencer::Admission::full));
  sequencer.take_batch();
  BOOST_TEST((add(sequencer, "late", request(1)) == Sequencer::Admission::queued));
}

BOOST_AUTO_TEST_CASE(all_clients_together_wait_with_so_many_bytes) {
  Sequencer sequencer;
  std::size_t bytes = 0;
  std::uint64_t number = 0;
  while (add(sequencer, "c" + std::to_string(number % 8), request(number + 1, limits::request_bytes)) ==
         Sequencer::Admission::queued) {
    bytes += limits::request_bytes;
    ++number;
  }
  BOOST_TEST(bytes <= limits::pending_bytes);
  BOOST_TEST(bytes >= limits::pending_bytes - 2 * limits::request_bytes);
  BOOST_TEST(sequencer.take_all().size() == number);
  BOOST_TEST((add(sequencer, "a", request(1, limits::request_bytes)) == Sequencer::Admission::queued));
}

BOOST_AUTO_TEST_CASE(what_is_not_queued_stays_with_the_caller) {
  Sequencer sequencer;
  Request impossible = request(1, limits::request_bytes + 1);
  sequencer.add(ClientId{"a"}, impossible);
  BOOST_TEST(impossible.operations.size() == limits::request_bytes + 1);
}

BOOST_AUTO_TEST_CASE(take_all_gives_everything_once) {
  Sequencer sequencer;
  for (std::uint64_t client = 0; client < 10; ++client)
    for (std::uint64_t number = 1; number <= 200; ++number) add(sequencer, std::to_string(client), request(number));
  BOOST_TEST(sequencer.take_all().size() == 2'000u);
  BOOST_TEST(sequencer.empty());
}

BOOST_AUTO_TEST_SUITE_END()
