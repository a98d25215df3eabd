// SPDX-License-Identifier: Apache-2.0
// tally-scenario: plays transcripts, and says where what happens is not what they say.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "scenarios/transcript.h"

namespace {

using tally::scenarios::Scenario;
using tally::scenarios::Step;
using tally::scenarios::Transcript;

constexpr char usage[] =
    "Usage: tally-scenario [--rewrite] FILE...\n"
    "  --rewrite  write what happens into the files\n";

// Plays it. Each step's output becomes what has happened.
Transcript play(const std::string& path, Transcript transcript) {
  Scenario scenario;
  for (Step& step : transcript.steps) {
    try {
      step.output = scenario.carry_out(step.command);
    } catch (const std::exception& error) {
      throw std::runtime_error(path + ":" + std::to_string(step.line) + ": " + step.command + ": " + error.what());
    }
  }
  return transcript;
}

bool is_as_told(const std::string& path, const Transcript& told, const Transcript& played) {
  bool same = true;
  for (std::size_t place = 0; place < told.steps.size(); ++place) {
    const Step& expected = told.steps[place];
    const Step& actual = played.steps[place];
    if (expected.output == actual.output) continue;
    same = false;
    std::printf("%s:%zu: > %s\n%s", path.c_str(), expected.line, expected.command.c_str(),
                tally::scenarios::difference(expected.output, actual.output).c_str());
  }
  return same;
}

}  // namespace

int main(int count, char** words) {
  std::vector<std::string> paths(words + 1, words + count);
  const bool rewrite = std::erase(paths, "--rewrite") > 0;
  const bool asks = paths.size() == 1 && (paths.front() == "--help" || paths.front() == "-h");
  if (asks || paths.empty() || paths.front().starts_with("-")) {
    std::fputs(usage, asks ? stdout : stderr);
    return asks ? 0 : 2;
  }
  std::size_t failed = 0;
  for (const std::string& path : paths) {
    try {
      const Transcript told = tally::scenarios::read_transcript(path);
      const Transcript played = play(path, told);
      if (rewrite)
        tally::scenarios::write_transcript(path, played);
      else if (!is_as_told(path, told, played))
        ++failed;
    } catch (const std::exception& error) {
      std::printf("%s\n", error.what());
      ++failed;
    }
  }
  std::printf("%zu passed, %zu failed\n", paths.size() - failed, failed);
  return failed == 0 ? 0 : 1;
}
