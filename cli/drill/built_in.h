// SPDX-License-Identifier: Apache-2.0
// The drills that `tally drill --list` shows. They are texts of the same kind as users' files.
#pragma once

#include <vector>

#include "cli/drill/steps.h"

namespace tally::cli {

const std::vector<Drill>& built_in_drills();
const Drill* find_built_in(std::string_view name);  // nullptr: there is none of that name

}  // namespace tally::cli
