// SPDX-License-Identifier: Apache-2.0
// tally-simulate: runs seeds, counts those that passed and those that failed, and says how to run a
// failed one again.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include "simulation/simulation.h"

namespace {

using tally::simulation::Outcome;
using tally::simulation::Simulation;

constexpr char usage[] =
    "Usage: tally-simulate [--seeds A-B | --seed N | --file FILE] [--beyond] [--trace] [--twice]\n"
    "                      [--keys HOURS] [--sabotage NAME]\n"
    "  --seeds A-B  these seeds, both ends included; default: 1-100\n"
    "  --seed N     one seed\n"
    "  --file FILE  the seeds of a file: a line each, `N reason` or `N beyond reason`\n"
    "  --beyond     more than f replicas faulty at a time: refusals are right answers, a wrong one never is\n"
    "  --trace      tell the story, line by line\n"
    "  --twice      run each seed twice; both traces must be equal\n"
    "  --keys HOURS so many simulated hours of ordinary use of idempotency keys, for each seed\n"
    "  --sabotage   break the product on purpose: wrong_answer, forgotten_sync, trusted_name\n";

struct Run {
  std::uint64_t seed = 0;
  bool beyond = false;
};

struct Options {
  std::vector<Run> runs;
  bool trace = false;
  bool twice = false;
  std::uint64_t hours_of_keys = 0;  // zero: what the seed draws is run
  tally::simulation::Sabotage sabotage{};
};

std::string replay_command(const Run& run) {
  return "scripts/simulate --seeds " + std::to_string(run.seed) + "-" + std::to_string(run.seed) +
         (run.beyond ? " --beyond" : "") + " --trace";
}

// A failed CHECK aborts the process. Whoever sees that wants to know which seed was running.
char present_run[128];

void say_present_run(int) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, present_run, std::strlen(present_run));
  std::signal(SIGABRT, SIG_DFL);
}

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "tally-simulate: %s\n%s", why.c_str(), usage);
  std::exit(2);
}

std::uint64_t number(const std::string& text) {
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') refuse("not a number: " + text);
  return value;
}

void add_range(const std::string& text, std::vector<Run>& runs) {
  const std::size_t dash = text.find('-');
  const std::uint64_t first = number(text.substr(0, dash));
  const std::uint64_t last = dash == std::string::npos ? first : number(text.substr(dash + 1));
  for (std::uint64_t seed = first; seed <= last; ++seed) runs.push_back({seed, false});
}

void add_file(const std::string& path, std::vector<Run>& runs) {
  std::ifstream file(path);
  if (!file) refuse("cannot read " + path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t space = line.find(' ');
    const bool beyond = space != std::string::npos && line.compare(space + 1, 7, "beyond ") == 0;
    runs.push_back({number(line.substr(0, space)), beyond});
  }
}

Options parse(int count, char** words) {
  Options options;
  bool beyond = false;
  for (int place = 1; place < count; ++place) {
    const std::string word = words[place];
    const auto value = [&]() -> std::string {
      if (++place >= count) refuse(word + " wants a value");
      return words[place];
    };
    if (word == "--seeds" || word == "--seed") {
      add_range(value(), options.runs);
    } else if (word == "--file") {
      add_file(value(), options.runs);
    } else if (word == "--beyond") {
      beyond = true;
    } else if (word == "--trace") {
      options.trace = true;
    } else if (word == "--twice") {
      options.twice = true;
    } else if (word == "--keys") {
      options.hours_of_keys = number(value());
    } else if (word == "--sabotage") {
      const auto sabotage = tally::simulation::sabotage_from(value());
      if (!sabotage) refuse("unknown sabotage");
      options.sabotage = *sabotage;
    } else if (word == "--help" || word == "-h") {
      std::fputs(usage, stdout);
      std::exit(0);
    } else {
      refuse("unknown option: " + word);
    }
  }
  if (options.runs.empty()) add_range("1-100", options.runs);
  if (beyond)
    for (Run& run : options.runs) run.beyond = true;
  return options;
}

Outcome simulate(const Run& run, const Options& options, bool prints) {
  std::snprintf(present_run, sizeof present_run, "aborted in: %s\n", replay_command(run).c_str());
  tally::simulation::Plan plan =
      options.hours_of_keys == 0
          ? tally::simulation::draw_plan(run.seed, run.beyond)
          : tally::simulation::plan_of_keys(run.seed, tally::hours(static_cast<std::int64_t>(options.hours_of_keys)));
  plan.sabotage = options.sabotage;
  return Simulation(plan, prints).run();
}

}  // namespace

int main(int count, char** words) {
  const Options options = parse(count, words);
  std::signal(SIGABRT, say_present_run);
  const auto began = std::chrono::steady_clock::now();
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;
  Outcome sum;
  for (const Run& run : options.runs) {
    Outcome outcome = simulate(run, options, options.trace);
    if (options.twice && simulate(run, options, false).trace != outcome.trace)
      outcome.violation = "the same seed made two histories";
    sum.simulated_seconds += outcome.simulated_seconds;
    sum.orders += outcome.orders;
    sum.calls += outcome.calls;
    sum.answered += outcome.answered;
    ++(outcome.violation ? failed : passed);
    if (outcome.violation)
      std::printf("seed %llu failed: %s\n  again: %s\n", static_cast<unsigned long long>(run.seed),
                  outcome.violation->c_str(), replay_command(run).c_str());
    std::fflush(stdout);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%llu orders, %llu calls, %llu operations answered; %.0f simulated seconds in %.1f seconds\n",
              static_cast<unsigned long long>(sum.orders), static_cast<unsigned long long>(sum.calls),
              static_cast<unsigned long long>(sum.answered), sum.simulated_seconds, took.count());
  std::printf("%.0f simulated seconds a second, %.0f seeds a minute\n", sum.simulated_seconds / took.count(),
              60.0 * static_cast<double>(options.runs.size()) / took.count());
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(passed),
              static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
