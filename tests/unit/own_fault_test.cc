// SPDX-License-Identifier: Apache-2.0
#include "runtime/own_fault.h"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/clock.h"

using namespace tally;

namespace {

// How a process ends that does this, and that has blocked the signals as run_daemon() does. One
// that goes on forever is ended by SIGALRM.
int end_of(const std::function<void(const StopSignals&)>& act) {
  const pid_t child = fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    alarm(20);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    act(StopSignals());
    _exit(0);
  }
  int status = 0;
  BOOST_REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

bool is_well(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

}  // namespace

BOOST_AUTO_TEST_SUITE(own_fault)

BOOST_AUTO_TEST_CASE(a_crash_is_one) {
  const int status = end_of([](const StopSignals& stop) { suffer({FaultKind::crash, {}}, stop); });
  BOOST_TEST(WIFSIGNALED(status));
  BOOST_TEST(WTERMSIG(status) == SIGKILL);
}

BOOST_AUTO_TEST_CASE(a_hang_lasts_as_long_as_it_is_told_to) {
  static constexpr Duration so_long = milliseconds(20);
  const Instant before = monotonic_now();
  BOOST_TEST(is_well(end_of([](const StopSignals& stop) { suffer({FaultKind::hang, so_long}, stop); })));
  BOOST_TEST((monotonic_now() - before >= so_long));
}

BOOST_AUTO_TEST_CASE(a_stop_ends_a_hang_that_has_no_end) {
  BOOST_TEST(is_well(end_of([](const StopSignals& stop) {
    raise(SIGTERM);
    suffer({FaultKind::hang, {}}, stop);
  })));
}

BOOST_AUTO_TEST_CASE(other_kinds_do_nothing) {
  for (const FaultKind kind : {FaultKind::none, FaultKind::silent, FaultKind::wrong_value, FaultKind::disk_full})
    BOOST_TEST(is_well(end_of([&](const StopSignals& stop) { suffer({kind, hours(1)}, stop); })));
}

BOOST_AUTO_TEST_SUITE_END()
