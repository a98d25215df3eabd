// SPDX-License-Identifier: Apache-2.0
// The results of drills as a table, as JSON and as JUnit XML. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/drill/verdict.h"
#include "cli/table.h"

namespace tally::cli {

std::string results_table(const std::vector<DrillResult>& results, bool colour);
// An array with an object for each drill. The names of its members are a contract with scripts.
std::string results_json(const std::vector<DrillResult>& results);
// As JUnit and what reads its reports know it: a test case for each drill.
std::string results_junit(const std::vector<DrillResult>& results);

}  // namespace tally::cli
