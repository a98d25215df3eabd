// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/drill.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <tl/expected.hpp>

#include "cli/drill/built_in.h"
#include "cli/drill/engine.h"
#include "cli/drill/patience.h"
#include "cli/drill/results.h"
#include "cli/files.h"
#include "cli/report.h"
#include "runtime/clock.h"
#include "runtime/json_text.h"
#include "runtime/toml_text.h"

namespace tally::cli {
namespace {

constexpr const char* clear_line = "\r\x1b[K";

Failure usage(std::string what) { return {ExitCode::usage, std::move(what)}; }

tl::expected<Drill, Failure> read_drill(const std::string& file) {
  const auto fail_with = [&](const char* why) { return tl::unexpected(usage(file + ": cannot be read: " + why)); };
  std::error_code none;
  if (std::filesystem::is_directory(file, none)) return fail_with("it is a directory");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail_with(std::strerror(errno));
  const auto text = read_toml(stream);
  if (!text) return fail_with(text.error().c_str());
  return parse_drill(*text, file).map_error([](const ConfigErrors& errors) { return usage(errors.text()); });
}

tl::expected<std::vector<Drill>, Failure> chosen_drills(const DrillOptions& options) {
  const int ways = int{!options.names.empty()} + int{options.all} + int{options.list} + int{!options.file.empty()};
  if (ways != 1) return tl::unexpected(usage("name drills, or say one of --all, --list and --file"));
  if (options.all || options.list) return built_in_drills();
  if (!options.file.empty()) return read_drill(options.file).map([](const Drill& drill) { return std::vector{drill}; });
  std::vector<Drill> drills;
  for (const std::string& name : options.names) {
    const Drill* drill = find_built_in(name);
    if (!drill) return tl::unexpected(usage("there is no drill " + name + "; see `tally drill --list`"));
    drills.push_back(*drill);
  }
  return drills;
}

void print_list(const std::vector<Drill>& drills, bool json) {
  if (json) {
    std::string text;
    JsonText out(text);
    out.begin_array();
    for (const Drill& drill : drills)
      out.begin_object().member("drill", drill.name).member("about", drill.about).end_object();
    out.end_array();
    std::printf("%s\n", text.c_str());
    return;
  }
  std::size_t width = 0;
  for (const Drill& drill : drills) width = std::max(width, drill.name.size());
  for (const Drill& drill : drills)
    std::printf("%-*s  %s\n", static_cast<int>(width), drill.name.c_str(), drill.about.c_str());
}

// Where the work is, on one line of a terminal, and what else is to be said.
class Progress {
 public:
  ~Progress() { clear(); }
  void begin(std::size_t number, std::size_t count, const std::string& name) {
    name_ = name;
    place_ = std::to_string(number) + " of " + std::to_string(count);
  }
  void show(const std::string& what) const {
    if (is_shown_)
      std::fprintf(stderr, "%stally: drill %s, %s: %s", clear_line, place_.c_str(), name_.c_str(), what.c_str());
  }
  void tell_of_drill(const std::string& what) const {
    clear();
    tell(name_ + ": " + what);
  }

 private:
  void clear() const {
    if (is_shown_) std::fputs(clear_line, stderr);
  }

  bool is_shown_ = can_repaint(stderr);
  std::string name_;
  std::string place_;
};

// The results so far, and why there are no more.
struct Drilled {
  std::vector<DrillResult> results;
  std::optional<Failure> failure;
};

Drilled run_all(const std::vector<Drill>& drills, std::uint64_t seed, bool keep) {
  const Patience patience;
  Drilled drilled;
  Progress progress;
  std::map<std::string, std::uint64_t> runs;  // so far, of each name; each draws something else
  DrillRun run;
  run.keep = keep;
  run.progress = [&](const std::string& what) { progress.show(what); };
  run.tell = [&](const std::string& what) { progress.tell_of_drill(what); };
  try {
    for (const Drill& drill : drills) {
      progress.begin(drilled.results.size() + 1, drills.size(), drill.name);
      run.seed = seed + runs[drill.name]++;
      auto result = run_one(drill, run, patience);
      if (!result) {
        drilled.failure = result.error();
        return drilled;
      }
      for (const std::string& failure : result->failures)
        run.tell("FAILED (seed " + std::to_string(run.seed) + "): " + failure);
      if (result->unknown > 0)
        run.tell(std::to_string(result->unknown) + " increments have an unknown outcome: each was counted once or not");
      drilled.results.push_back(std::move(*result));
    }
  } catch (const Interrupted& interrupted) {
    drilled.failure = Failure{ExitCode::failed, interrupted.what()};
  }
  return drilled;
}

}  // namespace

ExitCode run_drill(const DrillOptions& options) {
  const auto drills = chosen_drills(options);
  if (!drills) return fail(drills.error());
  if (options.list) {
    print_list(*drills, options.json);
    return ExitCode::done;
  }
  // Whether it can be written is found now, and not after minutes.
  const auto write_report = [&](const std::vector<DrillResult>& results) {
    return options.junit.empty() ? std::nullopt : write_file(options.junit, results_junit(results), public_file);
  };
  if (const auto problem = write_report({})) return fail(usage(*problem));
  const std::uint64_t seed = options.seed.value_or(random_number() >> 32);
  tell("drill: seed " + std::to_string(seed));
  const Drilled drilled = run_all(*drills, seed, options.keep);
  const auto& results = drilled.results;
  if (options.json)
    std::fputs(results_json(results).c_str(), stdout);
  else if (!results.empty())
    std::fputs(results_table(results, wants_colour(stdout)).c_str(), stdout);
  if (const auto problem = write_report(results)) return fail(usage(*problem));
  if (drilled.failure) return fail(*drilled.failure);
  const bool all_passed = std::ranges::all_of(results, &DrillResult::passed);
  return all_passed ? ExitCode::done : ExitCode::unverified;
}

}  // namespace tally::cli
