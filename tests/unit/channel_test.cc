// SPDX-License-Identifier: Apache-2.0
// Channels over real sockets: who hears of whom.
#include "runtime/channel.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>
#include <unistd.h>

#include "runtime/clock.h"
#include "runtime/waiter.h"

using namespace tally;

namespace {

constexpr ChannelLimits channel_limits{10, 1 << 20};
constexpr Duration patience = seconds(20);

struct Fixture {
  Fixture() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tally-channel-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(pattern.data()));
    directory = pattern;
    endpoint = "ipc://" + pattern + "/socket";
  }
  ~Fixture() { std::filesystem::remove_all(directory); }

  // The next message of `channel`; the other one gets its turns meanwhile, as in a daemon's loop.
  static Channel::Incoming next_of(Channel& channel, Channel& other) {
    Waiter waiter;
    waiter.watch(channel);
    waiter.watch(other);
    const Instant end = monotonic_now() + patience;
    while (monotonic_now() < end) {
      other.receive();
      if (auto incoming = channel.receive()) return std::move(*incoming);
      waiter.wait(end);
    }
    BOOST_FAIL("nothing came");
    return {};
  }

  Channel connect(Unconnected unconnected = Unconnected::queue) {
    return Channel::connect(connecting_context, endpoint, channel_limits, "me", unconnected);
  }
  Channel bind(zmq::context_t& context) const { return Channel::bind(context, endpoint, channel_limits, true); }

  std::filesystem::path directory;
  std::string endpoint;
  zmq::context_t connecting_context;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(channel, Fixture)

BOOST_AUTO_TEST_CASE(the_binding_side_hears_of_a_connection) {
  zmq::context_t context;
  Channel bound = bind(context);
  Channel connected = connect();
  const Channel::Incoming incoming = next_of(bound, connected);
  BOOST_TEST(incoming.peer == "me");
  BOOST_TEST(!incoming.message.has_value());
}

BOOST_AUTO_TEST_CASE(a_message_that_was_sent_arrives) {
  zmq::context_t context;
  Channel bound = bind(context);
  Channel connected = connect();
  next_of(bound, connected);
  BOOST_TEST((connected.send({}, StatusQuery{5}) == SendResult::sent));
  const Channel::Incoming incoming = next_of(bound, connected);
  BOOST_TEST((std::get<StatusQuery>(incoming.message.value()) == StatusQuery{5}));
  BOOST_TEST((bound.send("me", StatusQuery{6}) == SendResult::sent));
  BOOST_TEST((std::get<StatusQuery>(next_of(connected, bound).message.value()) == StatusQuery{6}));
}

// libzmq probes the first connection alone, unless ZMQ_IMMEDIATE is set. A client that is not heard of is not told that
// the distributor or the comparator is new, and does not send again at once.
BOOST_AUTO_TEST_CASE(a_restarted_binding_side_hears_of_the_connection_too) {
  auto context = std::make_unique<zmq::context_t>();
  auto bound = std::make_unique<Channel>(bind(*context));
  Channel connected = connect(Unconnected::refuse);
  next_of(*bound, connected);
  for (int restart = 0; restart < 3; ++restart) {
    bound.reset();
    context = std::make_unique<zmq::context_t>();
    bound = std::make_unique<Channel>(bind(*context));
    const Channel::Incoming incoming = next_of(*bound, connected);
    BOOST_TEST(incoming.peer == "me");
    BOOST_TEST(!incoming.message.has_value());
  }
}

// A vote that is cast while the comparator restarts must reach the new one: nobody casts it again.
BOOST_AUTO_TEST_CASE(what_is_queued_while_the_binding_side_restarts_arrives) {
  auto context = std::make_unique<zmq::context_t>();
  auto bound = std::make_unique<Channel>(bind(*context));
  Channel connected = connect();
  next_of(*bound, connected);
  bound.reset();
  context = std::make_unique<zmq::context_t>();
  BOOST_TEST((connected.send({}, StatusQuery{7}) == SendResult::sent));
  bound = std::make_unique<Channel>(bind(*context));
  BOOST_TEST((std::get<StatusQuery>(next_of(*bound, connected).message.value()) == StatusQuery{7}));
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_not_there_gets_nothing_and_the_sender_knows) {
  zmq::context_t context;
  Channel bound = bind(context);
  BOOST_TEST((bound.send("nobody", StatusQuery{}) == SendResult::no_peer));
}

BOOST_AUTO_TEST_CASE(a_sender_that_does_not_queue_knows_that_there_is_no_connection) {
  Channel connected = connect(Unconnected::refuse);
  BOOST_TEST((connected.send({}, StatusQuery{}) == SendResult::full));
}

BOOST_AUTO_TEST_SUITE_END()
