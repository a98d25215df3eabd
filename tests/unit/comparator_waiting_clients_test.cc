// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "comparator/waiting_clients.h"

using namespace tally;

BOOST_AUTO_TEST_SUITE(comparator_waiting_clients)

BOOST_AUTO_TEST_CASE(clients_that_wait_are_moved_once) {
  WaitingClients waiting;
  waiting.add({"a", Principal::clients});
  waiting.add({"b", Principal::bridges});
  std::vector<ClientId> welcomes;
  waiting.move_to(welcomes);
  BOOST_TEST(welcomes.size() == 2u);
  waiting.move_to(welcomes);
  BOOST_TEST(welcomes.size() == 2u);
}

BOOST_AUTO_TEST_CASE(one_principal_cannot_use_up_the_room_of_another) {
  WaitingClients waiting;
  for (std::size_t count = 0; count < limits::known_clients + 10; ++count)
    waiting.add({std::to_string(count), Principal::clients});
  waiting.add({"bridge", Principal::bridges});
  std::vector<ClientId> welcomes;
  waiting.move_to(welcomes);
  BOOST_TEST(welcomes.size() == limits::known_clients + 1);
}

BOOST_AUTO_TEST_SUITE_END()
