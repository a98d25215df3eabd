// SPDX-License-Identifier: Apache-2.0
// For an operator who gives up what is lost: what can still be read of a damaged journal.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "files/directory.h"

namespace tally {

// Bytes done, of so many.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

// Copies the journal into an empty directory, up to the first thing that is missing or damaged, so that it can be
// opened there: with a new mark, since the old one says what there was. `from` stays as it is. The error is a sentence:
// then nothing of it can be used.
tl::expected<void, std::string> salvage_journal(const Directory& from, Directory& to, const CopyProgress& progress);

}  // namespace tally
