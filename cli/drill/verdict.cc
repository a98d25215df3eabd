// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/verdict.h"

namespace tally::cli {
namespace {

void demand_answers(const Drill& drill, const Findings& findings, std::vector<std::string>& failures) {
  const auto demand = [&](std::uint64_t count, const char* which) {
    if (count == 0) failures.push_back(std::string("no increment ") + which + " was answered");
  };
  if (!findings.struck) {
    failures.emplace_back("no step broke anything");
    return;
  }
  const std::vector<Increment>& history = findings.history;
  const Instant whole = findings.healed.value_or(findings.ended);
  demand(answered_between(history, findings.began, *findings.struck), "from before the first fault");
  if (!drill.fails_safe) demand(answered_across(history, *findings.struck, whole), "from the time of the faults");
  if (findings.healed) demand(answered_between(history, whole, findings.ended), "from after the faults");
}

}  // namespace

DrillResult verdict(const Drill& drill, std::uint64_t seed, const Findings& findings) {
  DrillResult result;
  result.name = drill.name;
  result.seed = seed;
  result.refused = findings.refused;
  result.detected_after = findings.detected_after;
  result.evicted_after = findings.evicted_after;
  result.voting_again_after = findings.voting_again_after;
  result.took = findings.ended - findings.began;
  result.failures = findings.failures;
  std::vector<std::string>& failures = result.failures;

  if (!findings.final_values) failures.emplace_back("the final values could not be read");
  const Judgement judgement = judge(findings.history, findings.final_values);
  result.answered = judgement.answered;
  result.unknown = judgement.unknown;
  result.lost = judgement.lost;
  result.twice = judgement.twice;
  result.order_violations = judgement.order_violations;
  failures.insert(failures.end(), judgement.examples.begin(), judgement.examples.end());
  demand_answers(drill, findings, failures);
  if (drill.fails_safe && findings.refused == 0) failures.emplace_back("no client was refused");

  if (findings.struck) {
    result.longest_gap = longest_gap(findings.history, *findings.struck, findings.healed.value_or(findings.ended));
    if (drill.longest_gap && result.longest_gap > *drill.longest_gap)
      failures.push_back("for " + std::to_string(result.longest_gap.milliseconds()) +
                         " ms nobody was answered, and at most " + std::to_string(drill.longest_gap->milliseconds()) +
                         " ms are allowed");
  }
  return result;
}

}  // namespace tally::cli
