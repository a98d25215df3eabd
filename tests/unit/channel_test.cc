// SPDX-License-Identifier: Apache-2.0
// Channels over real sockets: who hears of whom.
#include "runtime/channel.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/clock.h"
#include "runtime/silence.h"
#include "runtime/waiter.h"
#include "temporary_directory.h"

using namespace tally;

namespace {

constexpr ChannelLimits channel_limits{10, 1 << 20};

std::optional<Channel::Incoming> receive(Channel& channel) {
  Channel::Share share;
  return channel.receive(share);
}
constexpr Duration patience = seconds(20);

struct Fixture {
  std::filesystem::path socket_path() const { return directory.path / "socket"; }

  // The next message of `channel`; the other one gets its turns meanwhile, as in a daemon's loop.
  static Channel::Incoming next_of(Channel& channel, Channel& other) {
    Waiter waiter;
    waiter.watch(channel);
    waiter.watch(other);
    const Instant end = monotonic_now() + patience;
    while (monotonic_now() < end) {
      receive(other);
      if (auto incoming = receive(channel)) return std::move(*incoming);
      waiter.wait(end);
    }
    BOOST_FAIL("nothing came");
    return {};
  }

  Channel connect(Unconnected unconnected = Unconnected::queue) {
    return Channel::connect(connecting_context, endpoint, channel_limits, "me", unconnected);
  }
  Channel bind(zmq::context_t& context) const { return Channel::bind(context, endpoint, channel_limits, true); }

  TemporaryDirectory directory;
  std::string endpoint = "ipc://" + socket_path().string();
  zmq::context_t connecting_context;
};

// A connection that says nothing.
class RawConnection {
 public:
  explicit RawConnection(const std::filesystem::path& path) : descriptor_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    BOOST_REQUIRE(::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    const timeval longest{patience.milliseconds() / 1000, 0};
    BOOST_REQUIRE(setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest) == 0);
  }
  ~RawConnection() { close(descriptor_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // Whether the other side says something (ZMTP's signature), or hangs up at once.
  bool is_greeted() const {
    char first = 0;
    return recv(descriptor_, &first, 1, 0) == 1;
  }
  // Whether it hangs up in the end.
  bool is_closed() const {
    char last = 0;
    ssize_t count = 1;
    while (count == 1) count = recv(descriptor_, &last, 1, 0);
    return count == 0;
  }

 private:
  int descriptor_;
};

Instant seconds_after_start(std::int64_t count) { return Instant{1'000'000'000'000} + seconds(count); }

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

// libzmq ends the connection for good: no message, and no connection, ever comes to that socket again.
BOOST_AUTO_TEST_CASE(after_a_message_that_is_too_large_a_channel_can_be_connected_anew) {
  zmq::context_t context;
  zmq::socket_t other(context, zmq::socket_type::router);
  other.set(zmq::sockopt::router_handover, true);
  other.set(zmq::sockopt::rcvtimeo, static_cast<int>(patience.milliseconds()));
  other.set(zmq::sockopt::linger, 0);
  other.bind(endpoint);
  Channel connected = connect();
  Waiter waiter;
  waiter.watch(connected);
  const auto hears_of_connection = [&] {
    zmq::message_t id;
    zmq::message_t probe;
    return other.recv(id) && id.to_string() == "me" && other.recv(probe) && probe.size() == 0;
  };
  BOOST_REQUIRE(hears_of_connection());
  other.send(zmq::buffer(std::string("me")), zmq::send_flags::sndmore);
  other.send(zmq::message_t(2u << 20), zmq::send_flags::none);
  waiter.reconnect(connected, "me");
  BOOST_REQUIRE(hears_of_connection());
  const wire::EncodedMessage encoded = wire::encode(StatusQuery{8});
  other.send(zmq::buffer(std::string("me")), zmq::send_flags::sndmore);
  other.send(zmq::buffer(encoded.header), zmq::send_flags::sndmore);
  other.send(zmq::buffer(encoded.body), zmq::send_flags::none);
  const Instant end = monotonic_now() + patience;
  std::optional<Channel::Incoming> incoming;
  while (!(incoming = receive(connected))) {
    BOOST_REQUIRE(monotonic_now() < end);
    waiter.wait(end);
  }
  BOOST_TEST((std::get<StatusQuery>(incoming->message.value()) == StatusQuery{8}));
}

BOOST_AUTO_TEST_CASE(who_owes_a_word_and_says_none_has_been_silent_for_too_long_once) {
  Silence silence;
  Instant now = seconds_after_start(0);
  silence.is_over(now);
  silence.expect(now);
  int times = 0;
  for (int tenth = 1; tenth <= 31; ++tenth) times += silence.is_over(now + milliseconds(100) * tenth) ? 1 : 0;
  BOOST_TEST(times == 1);
  BOOST_TEST(!silence.expects());
}

BOOST_AUTO_TEST_CASE(who_looks_late_does_not_judge) {
  Silence silence;
  silence.is_over(seconds_after_start(0));
  silence.expect(seconds_after_start(0));
  BOOST_TEST(!silence.is_over(seconds_after_start(100)));
  BOOST_TEST(!silence.is_over(seconds_after_start(101)));
  BOOST_TEST(!silence.is_over(seconds_after_start(102)));
  BOOST_TEST(silence.is_over(seconds_after_start(103)));
}

BOOST_AUTO_TEST_CASE(one_connection_too_many_is_closed_and_the_others_are_not) {
  zmq::context_t context;
  Channel bound = Channel::bind(context, endpoint, {10, 1 << 20, wire::all_kinds, 2}, true);
  const RawConnection first(socket_path());
  BOOST_TEST(first.is_greeted());
  auto second = std::make_unique<RawConnection>(socket_path());
  BOOST_TEST(second->is_greeted());
  for (int more = 0; more < 20; ++more) BOOST_TEST(!RawConnection(socket_path()).is_greeted());
  second.reset();
  const Instant end = monotonic_now() + patience;
  while (!RawConnection(socket_path()).is_greeted()) BOOST_REQUIRE(monotonic_now() < end);
}

BOOST_AUTO_TEST_CASE(a_connection_that_says_nothing_is_closed_after_a_while) {
  zmq::context_t context;
  Channel bound = bind(context);
  const RawConnection silent(socket_path());
  BOOST_TEST(silent.is_greeted());
  BOOST_TEST(silent.is_closed());
}

BOOST_AUTO_TEST_SUITE_END()
