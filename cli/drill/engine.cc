// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/engine.h"

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <signal.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "cli/drill/fresh_group.h"
#include "cli/drill/load.h"
#include "cli/drill/watch.h"
#include "cli/outcome.h"
#include "runtime/clock.h"
#include "runtime/descriptor.h"

namespace tally::cli {
namespace {

constexpr std::uint64_t few_answers = 100;
constexpr Duration answer_patience = seconds(20);
constexpr Duration command_patience = seconds(5);
constexpr Duration read_patience = seconds(30);
constexpr std::chrono::seconds read_timeout{2};
constexpr Duration between_looks = milliseconds(10);

// The same numbers from the same seed with every library, unlike std::uniform_int_distribution.
class Draw {
 public:
  Draw(std::uint64_t seed, const std::string& name) : engine_(seed) {
    for (const char letter : name) engine_.seed(engine_() ^ static_cast<unsigned char>(letter));
  }
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  Duration between(Duration least, Duration most) {
    const auto steps = static_cast<std::uint64_t>((most.nanoseconds - least.nanoseconds) / 1'000'000);
    return least + milliseconds(static_cast<std::int64_t>(below(steps + 1)));
  }
  template <class Value>
  void shuffle(std::vector<Value>& values) {
    for (std::size_t left = values.size(); left > 1; --left) std::swap(values[left - 1], values[below(left)]);
  }

 private:
  std::mt19937_64 engine_;
};

// Writes a file again and again, and syncs each block, as long as that succeeds.
void write_and_sync(const std::string& path, const std::atomic<bool>& is_over) {
  constexpr off_t blocks = 8;
  const std::string block(std::size_t{8} << 20, 'x');
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  const auto write_block = [&](off_t place) {
    return pwrite(file.get(), block.data(), block.size(), place * std::ssize(block)) == std::ssize(block) &&
           fdatasync(file.get()) == 0;
  };
  for (off_t place = 0; file && !is_over && write_block(place); place = (place + 1) % blocks) continue;
  unlink(path.c_str());
}

class Engine {
 public:
  Engine(const Drill& drill, const DrillRun& run, const Patience& patience, FreshGroup& group, Client client)
      : drill_(drill),
        run_(run),
        patience_(patience),
        group_(group),
        client_(std::move(client)),
        draw_(run.seed, drill.name),
        watch_([this](const std::string& role) { return group_.process(role); }) {}

  DrillResult run() {
    expect("before the first step all replicas vote", drill_.healed_within, [&] { return watch_.all_vote(); });
    findings_.began = monotonic_now();
    load_.emplace(drill_.clients, "drill-", [&] {
      return drill_.door == Door::http ? http_door([this] { return group_.http_port(); }) : client_door(client_);
    });
    if (!answers(few_answers)) findings_.failures.emplace_back("clients are not answered before the first step");
    for (std::int64_t round = 1; findings_.failures.empty() && round <= drill_.repeat; ++round) play(round);
    if (!findings_.failures.empty()) {
      rescue();
      heal();
    }
    if (findings_.healed && !answers(few_answers))
      findings_.failures.emplace_back("clients are not answered after the last step");
    load_->stop();
    findings_.ended = monotonic_now();
    finish();
    return verdict(drill_, run_.seed, findings_);
  }

 private:
  // ---- what is seen

  void look() { watch_.look(group_.status(), monotonic_now()); }

  template <class Condition>
  bool wait(Duration at_most, Condition condition) {
    return patience_.wait(at_most, [&] {
      look();
      return condition();
    });
  }

  void let_pass(Duration length) {
    const Instant end = monotonic_now() + length;
    for (Instant now = monotonic_now(); now < end; now = monotonic_now()) {
      look();
      patience_.pause(std::min(end - now, between_looks));
    }
  }

  template <class Condition>
  bool expect(const std::string& what, Duration at_most, Condition condition) {
    if (wait(at_most, condition)) return true;
    findings_.failures.push_back(what + ": not within " + std::to_string(at_most.milliseconds()) + " ms; " + present());
    return false;
  }

  bool answers(std::uint64_t count) {
    const std::uint64_t before = load_->answered();
    return wait(answer_patience, [&] { return load_->answered() >= before + count; });
  }

  std::string present() const {
    const auto& status = watch_.status();
    if (!status) return "the distributor does not answer";
    std::string text = "the group is " + std::string(to_string(status->state));
    if (!status->reason.empty()) text += " (" + status->reason + ')';
    for (const ReplicaStatus& one : status->replicas)
      text += ", replica-" + std::to_string(one.id.value) + ' ' + std::string(to_string(one.state));
    return text;
  }

  // ---- steps

  void play(std::int64_t round) {
    std::vector<std::uint64_t> order(static_cast<std::size_t>(drill_.replicas));
    std::iota(order.begin(), order.end(), 1);
    draw_.shuffle(order);
    mark();
    for (std::size_t place = 0; place < drill_.steps.size(); ++place) {
      const Step& step = drill_.steps[place];
      const std::string role = role_of(step.target, order);
      std::string what = "step " + std::to_string(place + 1) + " of " + std::to_string(drill_.steps.size());
      if (drill_.repeat > 1) what += ", round " + std::to_string(round);
      what += ", " + text_of(step, role);
      run_.progress(what);
      let_pass(draw_.between(step.after_least, step.after_most));
      if (step.action == Action::expect) {
        expect(what, step.within, [&] { return is_met(step.expected, role); });
      } else if (step.action != Action::wait) {
        mark();
        if (const auto problem = act(step, role)) findings_.failures.push_back(what + ": " + *problem);
      }
      if (!findings_.failures.empty()) return;
    }
    heal();
    if (round > 1) return;
    findings_.detected_after = watch_.detected_after();
    findings_.evicted_after = watch_.evicted_after();
    findings_.voting_again_after = watch_.voting_again_after();
  }

  // What an expectation waits for has happened since then.
  void mark() {
    look();
    mark_.answered = load_->answered();
    mark_.refused = load_->refused();
    mark_.at = calendar_now();
    for (const std::string& role : group_.roles()) {
      mark_.log_size[role] = group_.log(role).size();
      const ReplicaStatus* replica = watch_.replica(role);
      if (replica) mark_.evictions[role] = replica->evictions;
    }
  }

  bool is_met(const Expectation& expected, const std::string& role) {
    const auto& status = watch_.status();
    if (expected.answers > 0) return load_->answered() >= mark_.answered + static_cast<std::uint64_t>(expected.answers);
    if (expected.refusals > 0) return load_->refused() >= mark_.refused + static_cast<std::uint64_t>(expected.refusals);
    if (!expected.event.empty())
      return group_.log(role).find(' ' + expected.event, mark_.log_size[role]) != std::string::npos;
    if (!expected.group.empty())
      return status && to_string(status->state) == expected.group &&
             (expected.why.empty() || status->reason == expected.why);
    if (expected.state == "running") return watch_.is_whole(role) && (role != "bridge" || group_.bridge_is_ready());
    if (expected.state == "voting") return watch_.is_whole(role);
    const ReplicaStatus* replica = watch_.replica(role);
    if (!replica) return false;
    if (!expected.reason.empty())
      return replica->last_verdict && replica->last_verdict->at >= mark_.at &&
             to_string(replica->last_verdict->reason) == expected.reason;
    // It may have come back between two looks.
    if (expected.state == "evicted" && replica->evictions > mark_.evictions[role]) return true;
    return to_string(replica->state) == expected.state;
  }

  std::optional<std::string> act(const Step& step, const std::string& role) {
    switch (step.action) {
      case Action::kill: return role == "all" ? kill_all() : send(role, SIGKILL);
      case Action::pause: return send(role, SIGSTOP);
      case Action::resume: return resume(role);
      case Action::fault:
        strike(role);
        faulty_.insert(role);
        return command(AdminAction::fault, role, step.fault);
      case Action::clear: faulty_.erase(role); return command(AdminAction::fault, role, FaultKind::none);
      case Action::evict: strike(role); return command(AdminAction::evict, role);
      case Action::readmit: return command(AdminAction::readmit, role);
      case Action::wipe: strike(role); return group_.wipe(role);
      case Action::storm: storm(step); return std::nullopt;
      case Action::busy_disk: keep_disk_busy(step); return std::nullopt;
      case Action::wait:
      case Action::expect: break;
    }
    return std::nullopt;
  }

  void strike(const std::string& role) { watch_.strike(role, {monotonic_now(), calendar_now()}); }

  std::optional<std::string> send(const std::string& role, int signal) {
    const pid_t process = group_.process(role);
    if (!is_alive(process)) return "it does not run";
    strike(role);
    watch_.take_away(process);
    if (signal == SIGSTOP) paused_[role] = process;
    kill(process, signal);
    return std::nullopt;
  }

  // Whoever hangs for too long was killed by `tally up` meanwhile, and there is nothing to do.
  std::optional<std::string> resume(const std::string& role) {
    const auto found = paused_.find(role);
    if (found == paused_.end()) return "it was not paused";
    const pid_t process = found->second;
    paused_.erase(found);
    if (group_.process(role) == process && is_alive(process)) {
      watch_.release(process);
      kill(process, SIGCONT);
    }
    return std::nullopt;
  }

  std::optional<std::string> kill_all() {
    for (const std::string& role : group_.roles()) {
      strike(role);
      watch_.take_away(group_.process(role));
    }
    look();
    group_.kill_all();
    faulty_.clear();
    paused_.clear();
    return group_.start_again();
  }

  // Operators' commands may come while a distributor starts.
  std::optional<std::string> command(AdminAction action, const std::string& role, FaultKind fault = FaultKind::none) {
    AdminCommand command;
    command.action = action;
    command.replica = ReplicaId(replica_number(role).value());
    command.fault.kind = fault;
    std::optional<std::string> problem;
    patience_.wait(command_patience, [&] { return !(problem = group_.command(command)); });
    return problem;
  }

  // Two replicas are never down at one time. A role that may not be killed at its turn is killed
  // later.
  void storm(const Step& step) {
    std::vector<std::string> turns;
    const Instant end = monotonic_now() + step.lasts;
    for (Instant turn = monotonic_now(); turn < end; turn = turn + step.every) {
      let_pass(turn - monotonic_now());
      const auto may_die = [&](const std::string& role) {
        return is_alive(group_.process(role)) && (!replica_number(role) || watch_.all_vote());
      };
      auto next = std::ranges::find_if(turns, may_die);
      if (next == turns.end()) {
        std::vector<std::string> more = group_.roles();
        draw_.shuffle(more);
        turns.insert(turns.end(), more.begin(), more.end());
        next = std::ranges::find_if(turns, may_die);
      }
      if (next == turns.end()) continue;
      send(*next, SIGKILL);
      turns.erase(next);
    }
  }

  // As another program on the same disk would; the distributor waits for that disk with each order.
  void keep_disk_busy(const Step& step) {
    strike("distributor");
    std::atomic<bool> is_over = false;
    std::vector<std::jthread> writers;
    for (const char* name : {"/busy-1", "/busy-2"})
      writers.emplace_back([&is_over, path = group_.directory() + name] { write_and_sync(path, is_over); });
    let_pass(step.lasts);
    is_over = true;
  }

  // ---- the end

  // After a failure everything is made whole, so that what is under way can be answered and judged.
  void rescue() {
    while (!paused_.empty()) resume(paused_.begin()->first);
    for (const std::string& role : std::exchange(faulty_, {})) command(AdminAction::fault, role);
  }

  void heal() {
    run_.progress("waiting until all replicas vote again");
    findings_.healed.reset();
    std::vector<std::uint64_t> votes_before;
    // A replica that was broken may be taken for a voter until it is missed: its votes say more.
    const auto votes_arrive = [&] {
      if (!watch_.all_vote()) return votes_before.clear(), false;
      std::vector<std::uint64_t> votes;
      for (const ReplicaStatus& one : watch_.status()->replicas) votes.push_back(one.votes);
      if (votes_before.empty()) votes_before = votes;
      return std::ranges::equal(votes, votes_before, std::greater<>());
    };
    if (expect("in the end all replicas vote again", drill_.healed_within, votes_arrive))
      findings_.healed = monotonic_now();
  }

  void finish() {
    findings_.history = load_->history();
    findings_.final_values = read_counters();
    findings_.refused = load_->refused();
    findings_.struck = watch_.struck();
    if (load_->given_up() > 0)
      findings_.failures.push_back(std::to_string(load_->given_up()) +
                                   " increments with an idempotency key were repeated, and never answered");
    // Whoever was not killed has crashed.
    for (const auto& [death, times] : group_.deaths())
      if (!death.ends_with("signal 9")) findings_.failures.push_back("a daemon died by itself: " + death);
    if (findings_.refused == 0) return;
    std::string reasons;
    for (const std::string& reason : load_->reasons()) reasons += (reasons.empty() ? "" : "; ") + reason;
    run_.tell("clients were refused " + std::to_string(findings_.refused) + " times: " + reasons);
  }

  std::optional<std::vector<std::int64_t>> read_counters() {
    std::vector<OwnedOperation> reads;
    for (const std::string& name : load_->counters()) reads.push_back(read_of(name));
    std::vector<Answer> answers;
    const bool are_read = patience_.wait(read_patience, [&] {
      answers = client_.call(reads, read_timeout);
      return std::ranges::all_of(answers, &Answer::is_decided);
    });
    if (!are_read) return std::nullopt;
    std::vector<std::int64_t> values(answers.size());
    std::ranges::transform(answers, values.begin(), [](const Answer& answer) { return answer.value().value_or(0); });
    return values;
  }

  struct Mark {
    std::uint64_t answered = 0;
    std::uint64_t refused = 0;
    CalendarTime at;
    std::map<std::string, std::size_t> log_size;
    std::map<std::string, std::uint64_t> evictions;
  };

  const Drill& drill_;
  const DrillRun& run_;
  const Patience& patience_;
  FreshGroup& group_;
  Client client_;  // outlives the load
  Draw draw_;
  Watch watch_;
  Mark mark_;
  std::map<std::string, pid_t> paused_;
  std::set<std::string> faulty_;  // roles with an injected fault
  Findings findings_;
  std::optional<DrillLoad> load_;
};

}  // namespace

tl::expected<DrillResult, Failure> run_one(const Drill& drill, const DrillRun& run, const Patience& patience) {
  run.progress("starting a group");
  const auto group = FreshGroup::start(drill, patience);
  if (!group) return tl::unexpected(group.error());
  if (run.keep) {
    (*group)->keep();
    run.tell("the group's directory is kept: " + (*group)->directory());
  }
  auto client = Client::connect((*group)->endpoints());
  if (!client) return tl::unexpected(Failure{ExitCode::failed, client.error()});
  DrillResult result = Engine(drill, run, patience, **group, std::move(*client)).run();
  run.progress("stopping the group");
  return result;
}

}  // namespace tally::cli
