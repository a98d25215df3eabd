// SPDX-License-Identifier: Apache-2.0
#include "distributor/reproduction.h"

#include <boost/test/unit_test.hpp>

using namespace tally;
using Finding = Reproduction::Finding;

namespace {

const OrderState agreed{{Term(1), Sequence(9), {}}, {1, 1}};
const OrderState other{{Term(1), Sequence(9), {}}, {2, 2}};
constexpr std::size_t majority = 2;

Reproducer right(std::uint64_t id) { return {ReplicaId(id), agreed, false}; }
Reproducer wrong(std::uint64_t id) { return {ReplicaId(id), other, false}; }
Reproducer silent(std::uint64_t id, bool is_awaited) { return {ReplicaId(id), std::nullopt, is_awaited}; }

Reproduction find(const std::vector<Reproducer>& reproducers, bool may_retry = true) {
  return find_reproduction(reproducers, agreed, majority, may_retry);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reproduction)

BOOST_AUTO_TEST_CASE(a_majority_of_right_proofs_reproduces_the_state) {
  const Reproduction found = find({right(1), wrong(2), right(3)});
  BOOST_TEST((found.finding == Finding::reproduced));
  BOOST_TEST((found.replicas == std::vector{ReplicaId(1), ReplicaId(3)}));
}

BOOST_AUTO_TEST_CASE(where_nothing_was_ever_agreed_nothing_has_to_be_reproduced) {
  const Reproduction found = find_reproduction({silent(1, true), silent(2, true)}, OrderState(), majority, true);
  BOOST_TEST((found.finding == Finding::reproduced));
  BOOST_TEST(found.replicas.empty());
}

BOOST_AUTO_TEST_CASE(those_that_are_wrong_try_again_where_another_one_is_right) {
  const Reproduction found = find({right(1), wrong(2), wrong(3)});
  BOOST_TEST((found.finding == Finding::wrong));
  BOOST_TEST((found.replicas == std::vector{ReplicaId(2), ReplicaId(3)}));
}

BOOST_AUTO_TEST_CASE(it_is_hopeless_when_too_few_may_still_be_right) {
  BOOST_TEST((find({right(1), wrong(2), wrong(3)}, false).finding == Finding::hopeless));
  BOOST_TEST((find({right(1), wrong(2), silent(3, false)}, false).finding == Finding::waiting));
  BOOST_TEST((find({wrong(1), wrong(2), wrong(3)}).finding == Finding::hopeless));
}

BOOST_AUTO_TEST_CASE(while_nobody_is_right_whoever_is_awaited_may_still_be) {
  BOOST_TEST((find({wrong(1), wrong(2), silent(3, true)}).finding == Finding::waiting));
  BOOST_TEST((find({wrong(1), wrong(2), silent(3, false)}).finding == Finding::hopeless));
}

BOOST_AUTO_TEST_SUITE_END()
