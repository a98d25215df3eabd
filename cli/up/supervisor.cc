// SPDX-License-Identifier: Apache-2.0
#include "cli/up/supervisor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <set>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "cli/files.h"
#include "cli/up/child_log.h"
#include "cli/up/held_up.h"
#include "protocol/check.h"
#include "protocol/quorum.h"
#include "runtime/clock.h"
#include "runtime/daemon.h"
#include "runtime/log.h"

namespace tally::cli {
namespace {

constexpr Duration between_refusals = seconds(60);
constexpr Duration between_looks = seconds(1);
constexpr int notifications_per_turn = 256;

std::string text_of(int status) {
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit " + std::to_string(WEXITSTATUS(status));
}

// A signal that is ignored would never be read, and a shell has its background jobs ignore some.
void make_readable(int signal) { ::signal(signal, SIG_DFL); }

}  // namespace

Descriptor open_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD}) {
    make_readable(signal);
    sigaddset(&signals, signal);
  }
  sigaddset(&signals, SIGHUP);  // stays ignored under nohup
  CHECK(pthread_sigmask(SIG_BLOCK, &signals, nullptr) == 0);
  Descriptor descriptor(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  CHECK(descriptor);
  return descriptor;
}

Supervisor::Supervisor(Places places, Duration watchdog, std::vector<ChildPlan> plans)
    : places_(std::move(places)), woken_(monotonic_now()), watch_(watchdog, woken_) {
  for (ChildPlan& plan : plans) {
    Child& child = children_.emplace_back();
    if (plan.starts_later) child.start_at = Instant::never();
    child.plan = std::move(plan);
  }
}

std::optional<std::string> Supervisor::run(const Descriptor& signals) {
  bool stop_asked = false;
  while (!stop_asked) {
    start_due(monotonic_now());
    stop_asked = wait(signals, std::min(next_deadline(), next_look_after_));
    start_the_rest(woken_);
    look_after();
    watch();
    reap(monotonic_now());
    if (auto why = why_it_cannot_run()) return why;
  }
  return std::nullopt;
}

// Makes again what cleaners and people have removed under the running group, and restarts what
// cannot be reached any more.
void Supervisor::look_after() {
  if (woken_ < next_look_after_) return;
  next_look_after_ = woken_ + between_looks;
  const std::string trouble = places_.look_after().value_or("");
  if (trouble != told_trouble_ && !trouble.empty())
    log_event(Event("run_directory_lost", Severity::error).with("reason", trouble));
  told_trouble_ = trouble;
  if (!trouble.empty()) return;
  for (Child& child : children_) {
    if (child.pid == 0) continue;
    if (access(pid_file(child).c_str(), F_OK) != 0) write_pid(child);
    if (child.ready_at != Instant::never()) restart_unreachable(child);
  }
}

void Supervisor::restart_unreachable(Child& child) {
  const auto is_gone = [](const std::string& path) { return access(path.c_str(), F_OK) != 0; };
  const auto lost = std::ranges::find_if(child.plan.sockets, is_gone);
  if (lost == child.plan.sockets.end()) return;
  log_event(Event("socket_lost", Severity::warning).with("role", child.plan.role).with("socket", *lost));
  kill(child.pid, SIGTERM);
  child.ready_at = Instant::never();  // once is enough
}

void Supervisor::start_the_rest(Instant now) {
  const auto is_missing = [](const Child& child) {
    return !child.plan.starts_later && child.ready_at == Instant::never();
  };
  if (std::ranges::any_of(children_, is_missing)) return;
  for (Child& child : children_) {
    if (child.pid == 0 && child.plan.starts_later && child.start_at == Instant::never()) child.start_at = now;
    child.plan.starts_later = false;
  }
}

// The first refusal of a daemon that the group cannot do without.
std::optional<std::string> Supervisor::why_it_cannot_run() const {
  const auto may_fail = [](const Child& child) { return child.plan.may_fail; };
  const auto refused = [](const Child& child) { return child.refused; };
  const auto replicas = static_cast<std::size_t>(std::ranges::count_if(children_, may_fail));
  const auto left = static_cast<std::size_t>(
      std::ranges::count_if(children_, [&](const Child& child) { return may_fail(child) && !refused(child); }));
  const bool too_few = replicas > 0 && left < quorum_of(replicas);
  for (const Child& child : children_)
    if (refused(child) && (!may_fail(child) || too_few))
      return child.plan.role + " refuses: " + last_refusal(log_file(child));
  return std::nullopt;
}

void Supervisor::start_due(Instant now) {
  for (Child& child : children_)
    if (child.pid == 0 && child.start_at <= now) start(child, now);
}

Instant Supervisor::next_deadline() const {
  Instant start = Instant::never();
  Instant due = Instant::never();
  for (const Child& child : children_) {
    if (child.pid == 0)
      start = std::min(start, child.start_at);
    else
      due = std::min(due, child.pulse.due());
  }
  return std::min(start, watch_.next_look(due));
}

void Supervisor::start(Child& child, Instant now) {
  const Descriptor log = open_child_log(log_file(child));
  const Duration watchdog = watch_.interval() * child.plan.watchdogs;
  std::vector<std::string> command = child.plan.command;
  command.insert(command.end(), {"--log", log_file(child)});
  const pid_t pid = log ? spawn({std::move(command), log.get(), child.plan.listening_sockets,
                                 notifications_.for_children(), watchdog})
                        : -1;
  if (pid < 0) {
    log_event(
        Event("child_not_started", Severity::error).with("role", child.plan.role).with("reason", std::strerror(errno)));
    child.start_at = now + child.pause.after({});
    return;
  }
  child.pid = pid;
  child.ready_at = Instant::never();
  child.pulse = Pulse(watchdog, now);
  write_pid(child);
  log_event(Event("child_started").with("role", child.plan.role).with("pid", pid));
}

void Supervisor::write_pid(const Child& child) const {
  if (const auto error = write_file(pid_file(child), std::to_string(child.pid) + '\n', private_file))
    log_event(Event("pid_file_not_written", Severity::error).with("reason", *error));
}

void Supervisor::take_notifications() {
  for (int count = 0; count < notifications_per_turn; ++count) {
    const auto told = notifications_.receive();
    if (!told) return;
    const auto child = std::ranges::find(children_, told->from, &Child::pid);
    if (told->from == 0 || child == children_.end()) continue;
    if (told->ready) child->ready_at = woken_;
    if (told->ready) child->pulse.ready(woken_);
    if (told->alive) child->pulse.alive(woken_);
    if (told->stopping) child->pulse.stopping(woken_);
    if (told->stopping && !stopping_ && !child->plan.listening_sockets.empty()) succeed(*child);
  }
}

// Both accept from the same socket, so no connection is refused in between.
void Supervisor::succeed(Child& child) {
  child.leaving.push_back({std::exchange(child.pid, 0), woken_ + Pulse::transition});
  child.start_at = woken_;
}

void Supervisor::watch() {
  if (!watch_.look(woken_)) {
    for (Child& child : children_) child.pulse.alive(woken_);
    return;
  }
  for (Child& child : children_) {
    for (const Child::Leaving& old : child.leaving)
      if (old.kill_at <= woken_) kill(old.pid, SIGKILL);
    if (child.pid == 0) continue;
    const Pulse::Finding finding = child.pulse.look(woken_);
    if (finding == Pulse::Finding::hung || (finding == Pulse::Finding::silent && !is_held_up(child.pid)))
      kill_hung(child);
  }
}

void Supervisor::kill_hung(Child& child) {
  log_event(Event("child_hung", Severity::error)
                .with("role", child.plan.role)
                .with("pid", child.pid)
                .with("silent_ms", child.pulse.silence(woken_).milliseconds()));
  kill(child.pid, SIGKILL);
  child.pulse = Pulse();  // once is enough
}

// The signals of several deaths may arrive as one, so every child is looked at.
void Supervisor::reap(Instant now) {
  for (Child& child : children_) {
    int status = 0;
    std::erase_if(child.leaving, [&](const Child::Leaving& old) {
      if (waitpid(old.pid, &status, WNOHANG) != old.pid) return false;
      tell_exit(child, status);
      return true;
    });
    if (child.pid == 0 || waitpid(child.pid, &status, WNOHANG) != child.pid) continue;
    const bool was_ready = child.ready_at != Instant::never();
    // Before it could hear of it.
    const bool was_told = WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
    const bool ended_well = was_told || (was_ready && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    child.pid = 0;
    child.start_at = ended_well ? now : now + child.pause.after(was_ready ? now - child.ready_at : Duration{});
    child.refused = WIFEXITED(status) && WEXITSTATUS(status) == exit_usage;
    tell_exit(child, status);
    if (child.refused && child.plan.may_fail) tell_refusal(child, now);
  }
}

void Supervisor::tell_exit(const Child& child, int status) {
  const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  log_event(Event("child_exited", clean ? Severity::info : Severity::warning)
                .with("role", child.plan.role)
                .with("status", text_of(status)));
}

// The daemon is tried again, and that is told once a minute.
void Supervisor::tell_refusal(Child& child, Instant now) {
  if (child.told_refusal && now - *child.told_refusal < between_refusals) return;
  child.told_refusal = now;
  std::fprintf(stderr, "tally: %s refuses, and is tried again: %s\n", child.plan.role.c_str(),
               last_refusal(log_file(child)).c_str());
}

// Waits until a signal or a notification comes, or until the deadline. True if a signal asks for an
// end.
bool Supervisor::wait(const Descriptor& signals, Instant deadline) {
  std::array<pollfd, 2> watched{{{signals.get(), POLLIN, 0}, {notifications_.descriptor(), POLLIN, 0}}};
  const Duration left = std::max(Duration{}, deadline - monotonic_now());
  const timespec timeout{left.nanoseconds / 1'000'000'000, left.nanoseconds % 1'000'000'000};
  ppoll(watched.data(), watched.size(), deadline == Instant::never() ? nullptr : &timeout, nullptr);
  woken_ = monotonic_now();
  take_notifications();
  return take_signals(signals);
}

bool Supervisor::take_signals(const Descriptor& signals) {
  bool stop_asked = false;
  for (signalfd_siginfo info{}; read(signals.get(), &info, sizeof info) == sizeof info;)
    stop_asked = stop_asked || info.ssi_signo != SIGCHLD;
  return stop_asked;
}

bool Supervisor::running(int round) const {
  return std::ranges::any_of(children_, [&](const Child& child) {
    return child.plan.stop_round == round && (child.pid != 0 || !child.leaving.empty());
  });
}

void Supervisor::signal_round(int round, int signal) {
  for (const Child& child : children_) {
    if (child.plan.stop_round != round) continue;
    if (child.pid != 0) kill(child.pid, signal);
    for (const Child::Leaving& old : child.leaving) kill(old.pid, signal);
  }
}

void Supervisor::await_round(const Descriptor& signals, int round, Duration patience) {
  const Instant deadline = monotonic_now() + patience;
  for (Instant now = monotonic_now(); running(round) && now < deadline; now = monotonic_now()) {
    wait(signals, deadline);
    reap(monotonic_now());
  }
}

void Supervisor::stop(const Descriptor& signals) {
  stopping_ = true;
  // After SIGKILL; longer only in a broken kernel or on a broken disk.
  constexpr Duration death_takes = seconds(5);
  std::set<int> rounds;
  for (const Child& child : children_) rounds.insert(child.plan.stop_round);
  for (const int round : rounds) {
    Duration patience;
    for (const Child& child : children_)
      if (child.plan.stop_round == round) patience = std::max(patience, child.plan.stop_patience);
    signal_round(round, SIGTERM);
    signal_round(round, SIGCONT);  // one that was stopped hears nothing
    await_round(signals, round, patience);
    signal_round(round, SIGKILL);
    await_round(signals, round, death_takes);
  }
}

}  // namespace tally::cli
