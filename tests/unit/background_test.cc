// SPDX-License-Identifier: Apache-2.0
// The hand-over between an event loop and its background thread, under heavy traffic. The thread sanitizer runs this
// (scripts/sanitize): plain variables are what it watches.
#include "runtime/background.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <poll.h>
#include <stdexcept>

using namespace tally;

namespace {

constexpr int patience_ms = 20'000;

// Waits for completions, as a loop does, and runs them.
void turn(Background& background) {
  pollfd ready{background.completion_fd(), POLLIN, 0};
  BOOST_REQUIRE_EQUAL(poll(&ready, 1, patience_ms), 1);
  background.run_completions();
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_job_runs_once_and_in_order_and_completes_on_the_loop) {
  constexpr std::uint64_t jobs = 20'000;
  constexpr std::uint64_t window = 64;
  Background background;
  std::uint64_t ran = 0;        // the background thread's
  std::uint64_t completed = 0;  // the loop's
  bool in_order = true;
  for (std::uint64_t submitted = 0; completed < jobs;) {
    for (; submitted < jobs && submitted - completed < window; ++submitted) {
      background.submit([&ran, &completed, &in_order, number = submitted]() -> Background::Completion {
        const bool job_in_order = ran++ == number;
        return [&completed, &in_order, job_in_order, number] {
          in_order &= job_in_order && completed == number;
          ++completed;
        };
      });
    }
    turn(background);
  }
  BOOST_TEST(ran == jobs);
  BOOST_TEST(in_order);
}

BOOST_AUTO_TEST_CASE(what_a_job_throws_is_thrown_on_the_loop) {
  Background background;
  background.submit([]() -> Background::Completion { throw std::runtime_error("the disk"); });
  BOOST_CHECK_THROW(turn(background), std::runtime_error);
  bool completed = false;
  background.submit([&]() -> Background::Completion { return [&] { completed = true; }; });
  turn(background);
  BOOST_TEST(completed);
}

BOOST_AUTO_TEST_CASE(a_completion_may_submit_the_next_job) {
  constexpr int jobs = 5'000;
  Background background;
  int left = jobs;
  std::function<void()> submit_next = [&] {
    background.submit([&]() -> Background::Completion {
      return [&] {
        if (--left > 0) submit_next();
      };
    });
  };
  submit_next();
  while (left > 0) turn(background);
  background.run_completions();
  BOOST_TEST(left == 0);
}

BOOST_AUTO_TEST_CASE(what_a_job_made_is_the_loops_alone_afterwards) {
  Background background;
  std::unique_ptr<std::string> made;
  for (int round = 0; round < 2'000; ++round) {
    made.reset();
    background.submit([&made, round]() -> Background::Completion {
      auto fresh = std::make_shared<std::string>(std::to_string(round));
      return [&made, fresh] { made = std::make_unique<std::string>(*fresh); };
    });
    turn(background);
    BOOST_REQUIRE(made && *made == std::to_string(round));
  }
}

BOOST_AUTO_TEST_CASE(its_end_lets_go_of_jobs_and_never_runs_their_completions) {
  for (int round = 0; round < 1'000; ++round) {
    const auto held = std::make_shared<int>(round);
    int completed = 0;
    int expected = 0;
    {
      Background background;
      for (int job = 0; job < round % 20; ++job)
        background.submit(
            [held, &completed]() -> Background::Completion { return [held, &completed] { ++completed; }; });
      if (round % 20 > 0 && round % 3 == 0) turn(background);
      expected = completed;
    }
    BOOST_REQUIRE_EQUAL(completed, expected);
    BOOST_REQUIRE_EQUAL(held.use_count(), 1);
  }
}
