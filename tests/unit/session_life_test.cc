// SPDX-License-Identifier: Apache-2.0
// A session's life, and whom it talks to.
#include "client/session_life.h"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "client/peers.h"
#include "protocol/limits.h"
#include "protocol/session.h"

using namespace tally;

namespace {

const Instant start = Instant{} + seconds(100);
const SessionSecret secret{{1, 2, 3}};

struct PeersBench {
  Peers peers{Incarnation(5), start};
  std::vector<Message> to_distributor;
  std::vector<Message> to_comparator;

  void say_hello(Instant now) { peers.say_hello(now, to_distributor, to_comparator); }
  Peers::Life welcome(Term term) { return peers.receive(DistributorWelcome{term, GroupState::ok}); }
  Peers::Life welcome(Incarnation comparator) { return peers.receive(ComparatorWelcome{comparator}); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(session_life)

BOOST_AUTO_TEST_CASE(a_session_is_named_by_the_digest_of_its_secret) {
  SessionLife life;
  BOOST_TEST(life.is_absent());
  life.begin_opening(secret);
  BOOST_TEST(life.is_opening());
  BOOST_TEST((life.secret() == secret));
  BOOST_TEST((life.name() == session_of(secret)));
}

BOOST_AUTO_TEST_CASE(a_session_that_was_never_used_is_kept_alive_sooner_than_one_that_was) {
  SessionLife life;
  life.begin_opening(secret);
  life.opened(start);
  BOOST_TEST(life.is_open());
  BOOST_TEST((life.next_keep_alive() == start + limits::unused_session_lifetime / 6));
  life.used(start);
  BOOST_TEST((life.next_keep_alive() == start + limits::session_lifetime / 6));
}

BOOST_AUTO_TEST_CASE(a_session_that_was_not_opened_may_be_asked_for_again_later) {
  SessionLife life;
  BOOST_TEST((life.may_open_from() <= start));
  life.begin_opening(secret);
  life.not_opened(start + seconds(1));
  BOOST_TEST(life.is_absent());
  BOOST_TEST((life.may_open_from() == start + seconds(1)));
}

BOOST_AUTO_TEST_CASE(a_group_without_room_denies_a_session_until_it_opens_one) {
  SessionLife life;
  life.begin_opening(secret);
  life.deny();
  life.not_opened(start);
  BOOST_TEST(life.is_denied());
  life.begin_opening(secret);
  life.not_opened(start);  // refused for another reason, which says nothing of its room
  BOOST_TEST(life.is_denied());
  life.begin_opening(secret);
  life.opened(start);
  BOOST_TEST(!life.is_denied());
}

BOOST_AUTO_TEST_CASE(an_open_session_that_the_group_has_lost_is_opened_under_another_name) {
  SessionLife life;
  life.begin_opening(secret);
  life.opened(start);
  const SessionId before = life.name();
  life.begin_opening({{9}});
  BOOST_TEST(life.is_opening());
  BOOST_TEST((life.name() != before));
}

BOOST_AUTO_TEST_CASE(it_closes_and_ends) {
  SessionLife life;
  life.begin_opening(secret);
  life.opened(start);
  life.begin_closing();
  BOOST_TEST(life.is_closing());
  BOOST_TEST(!life.has_ended());
  life.end();
  BOOST_TEST(life.has_ended());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(session_peers)

BOOST_AUTO_TEST_CASE(those_who_have_not_answered_are_greeted_again_after_a_while) {
  PeersBench bench;
  bench.say_hello(start);
  bench.say_hello(start + milliseconds(249));
  BOOST_TEST(bench.to_distributor.size() == 1u);
  BOOST_TEST((std::get<ClientHello>(bench.to_distributor[0]).incarnation == Incarnation(5)));
  bench.welcome(Term(1));
  bench.say_hello(bench.peers.next_hello());
  BOOST_TEST(bench.to_distributor.size() == 1u);
  BOOST_TEST(bench.to_comparator.size() == 2u);
  bench.welcome(Incarnation(7));
  BOOST_TEST((bench.peers.next_hello() == Instant::never()));
  bench.say_hello(start + seconds(10));
  BOOST_TEST(bench.to_comparator.size() == 2u);
}

BOOST_AUTO_TEST_CASE(the_first_that_is_heard_of_is_no_next_one) {
  PeersBench bench;
  BOOST_TEST(!bench.peers.comparator_is_known());
  BOOST_TEST((bench.welcome(Term(4)) == Peers::Life::same));
  BOOST_TEST((bench.welcome(Incarnation(4)) == Peers::Life::same));
  BOOST_TEST(bench.peers.comparator_is_known());
}

BOOST_AUTO_TEST_CASE(another_term_or_incarnation_is_another_life) {
  PeersBench bench;
  bench.welcome(Term(4));
  bench.welcome(Incarnation(4));
  BOOST_TEST((bench.welcome(Term(4)) == Peers::Life::same));
  BOOST_TEST((bench.welcome(Term(5)) == Peers::Life::next));
  BOOST_TEST((bench.welcome(Incarnation(4)) == Peers::Life::same));
  BOOST_TEST((bench.welcome(Incarnation(3)) == Peers::Life::next));
}

BOOST_AUTO_TEST_CASE(a_distributor_that_was_replaced_is_not_listened_to) {
  PeersBench bench;
  bench.welcome(Term(5));
  BOOST_TEST((bench.welcome(Term(4)) == Peers::Life::past));
  BOOST_TEST((bench.welcome(Term(5)) == Peers::Life::same));
}

BOOST_AUTO_TEST_SUITE_END()
