// SPDX-License-Identifier: Apache-2.0
// The watch over the group, with a client that answers when the test says so.
#include "bridge/group_watch.h"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "bridge/limits.h"
#include "runtime/clock.h"

namespace tally {

bool is_available = true;
std::vector<std::function<void(std::optional<ClusterStatus>)>> asked;

class Client::Shell {};
Client::Client(std::unique_ptr<Shell> shell) : shell_(std::move(shell)) {}
Client::Client(Client&&) noexcept = default;
Client::~Client() = default;
tl::expected<Client, std::string> Client::connect(const ClientOptions&) { return Client(std::make_unique<Shell>()); }
CallError Client::submit(std::vector<OwnedOperation>, std::chrono::nanoseconds, Completion) { return CallError::none; }
bool Client::available() const { return is_available; }
CallError Client::status(std::chrono::nanoseconds, std::function<void(std::optional<ClusterStatus>)> completion) {
  asked.push_back(std::move(completion));
  return CallError::none;
}
CallError Client::observe(std::uint64_t, std::chrono::nanoseconds, std::function<void(std::optional<Observation>)>) {
  return CallError::closed;
}
CallError Client::admin(AdminCommand, std::chrono::nanoseconds, std::function<void(std::optional<AdminReply>)>) {
  return CallError::none;
}

}  // namespace tally

using namespace tally;
using namespace tally::bridge;

namespace {

struct Bench {
  Bench() {
    is_available = true;
    asked.clear();
  }
  void answer(std::optional<ClusterStatus> status) {
    std::exchange(asked, {}).at(0)(std::move(status));
    context.restart();
    context.poll();
  }
  void answer(GroupState state, const char* reason = "") {
    ClusterStatus status;
    status.state = state;
    status.reason = reason;
    answer(status);
  }

  boost::asio::io_context context;
  Exchange exchange{context, *Client::connect({}), seconds(1)};
  GroupWatch watch{exchange};
  Instant now = monotonic_now();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(group_watch)

BOOST_FIXTURE_TEST_CASE(a_group_serves_once_it_is_heard_of_and_for_a_while, Bench) {
  BOOST_TEST(!watch.serves(now));
  BOOST_TEST(watch.reason() == "starting");
  watch.look(now);
  BOOST_TEST(asked.size() == 1u);
  BOOST_TEST((watch.next_look() == Instant::never()));
  answer(GroupState::degraded);
  BOOST_TEST(watch.serves(monotonic_now()));
  BOOST_TEST(watch.reason() == "");
  BOOST_TEST(!watch.serves(monotonic_now() + door_limits::ready_for + milliseconds(1)));
}

BOOST_FIXTURE_TEST_CASE(it_is_asked_again_only_when_that_is_due, Bench) {
  watch.look(now);
  watch.look(now + seconds(1));  // no answer has come yet
  BOOST_TEST(asked.size() == 1u);
  answer(GroupState::ok);
  BOOST_TEST((watch.next_look() == now + door_limits::unready_status_interval));
  watch.look(now + door_limits::unready_status_interval);
  answer(GroupState::ok);
  BOOST_TEST((watch.next_look() == now + door_limits::unready_status_interval + door_limits::status_interval));
  watch.look(now + door_limits::unready_status_interval + milliseconds(1));
  BOOST_TEST(asked.empty());
}

BOOST_FIXTURE_TEST_CASE(why_it_does_not_serve_is_kept, Bench) {
  watch.look(now);
  answer(GroupState::unavailable, "no_majority");
  BOOST_TEST(!watch.serves(monotonic_now()));
  BOOST_TEST(watch.reason() == "no_majority");
  watch.look(watch.next_look());
  answer(std::nullopt);
  BOOST_TEST(watch.reason() == "no_distributor");
}

BOOST_FIXTURE_TEST_CASE(a_group_that_answers_without_all_replicas_has_no_reason_to_refuse, Bench) {
  watch.look(now);
  answer(GroupState::degraded, "replicas_out");
  BOOST_TEST(watch.reason() == "");
  BOOST_TEST(watch.status().reason == "replicas_out");
}

BOOST_FIXTURE_TEST_CASE(who_asks_why_is_told_after_a_status_that_was_asked_for_later, Bench) {
  int told = 0;
  watch.ask_why([&] { ++told; });
  watch.look(monotonic_now());
  BOOST_TEST(asked.size() == 1u);
  // The status under way may be older than this one's refusal.
  watch.ask_why([&] {
    ++told;
    BOOST_TEST(watch.reason() == "no_majority");
  });
  BOOST_TEST(asked.size() == 1u);
  answer(GroupState::ok);
  BOOST_TEST(told == 1);
  answer(GroupState::unavailable, "no_majority");
  BOOST_TEST(told == 2);
  BOOST_TEST(asked.empty());
}

BOOST_FIXTURE_TEST_CASE(who_asks_why_is_told_that_no_status_comes, Bench) {
  bool told = false;
  watch.ask_why([&] { told = true; });
  answer(std::nullopt);
  BOOST_TEST(told);
  BOOST_TEST(watch.reason() == "no_distributor");
}

BOOST_FIXTURE_TEST_CASE(the_newest_status_is_kept_and_says_that_the_distributor_is_silent, Bench) {
  BOOST_TEST(!watch.heard_at().has_value());
  watch.look(now);
  ClusterStatus status;
  status.state = GroupState::ok;
  status.sequence = Sequence(7);
  status.distributor_state = RoleState::ok;
  answer(status);
  BOOST_TEST(watch.heard_at().has_value());
  BOOST_TEST((watch.status() == status));
  watch.look(watch.next_look());
  answer(std::nullopt);
  BOOST_TEST(!watch.heard_at().has_value());
  BOOST_TEST((watch.status().sequence == Sequence(7)));
  BOOST_TEST((watch.status().state == GroupState::unavailable));
  BOOST_TEST((watch.status().distributor_state == RoleState::down));
}

BOOST_FIXTURE_TEST_CASE(an_open_breaker_outweighs_a_good_status, Bench) {
  watch.look(now);
  answer(GroupState::ok);
  is_available = false;
  BOOST_TEST(!watch.serves(monotonic_now()));
}

BOOST_FIXTURE_TEST_CASE(a_client_library_that_does_not_answer_for_long_hangs, Bench) {
  BOOST_TEST(!watch.client_hangs(now + seconds(60)));
  watch.look(now);
  BOOST_TEST(!watch.client_hangs(now + door_limits::client_patience));
  BOOST_TEST(watch.client_hangs(now + door_limits::client_patience + milliseconds(1)));
  answer(std::nullopt);
  BOOST_TEST(!watch.client_hangs(now + seconds(60)));
}

BOOST_AUTO_TEST_SUITE_END()
