// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <string>

#include "comparator/observers.h"

using namespace tally;

BOOST_AUTO_TEST_SUITE(comparator_observers)

BOOST_AUTO_TEST_CASE(whoever_asks_is_given_out_once) {
  Observers observers;
  observers.add({"a"}, {1, 7});
  const auto taken = observers.take();
  BOOST_REQUIRE(taken.size() == 1u);
  BOOST_TEST((taken[0].client == ClientId{"a"}));
  BOOST_TEST((taken[0].query == ObservationQuery{1, 7}));
  BOOST_TEST(observers.take().empty());
}

BOOST_AUTO_TEST_CASE(of_one_client_the_newest_query_counts) {
  Observers observers;
  for (std::uint64_t number = 1; number <= 100; ++number) observers.add({"a"}, {number, 0});
  const auto taken = observers.take();
  BOOST_REQUIRE(taken.size() == 1u);
  BOOST_TEST(taken[0].query.number == 100u);
}

BOOST_AUTO_TEST_CASE(one_principal_cannot_use_up_the_room_of_another) {
  Observers observers;
  for (std::size_t count = 0; count < limits::observers_per_turn + 10; ++count)
    observers.add({std::to_string(count), Principal::clients}, {1, 0});
  observers.add({"bridge", Principal::bridges}, {1, 0});
  const auto taken = observers.take();
  BOOST_TEST(taken.size() == limits::observers_per_turn + 1);
  BOOST_TEST(taken.back().client.routing_id == "bridge");
}

BOOST_AUTO_TEST_SUITE_END()
