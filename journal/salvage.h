// SPDX-License-Identifier: Apache-2.0
// Copies what can still be read of a damaged journal, for an operator who gives up what is lost.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <tl/expected.hpp>

#include "files/directory.h"

namespace tally {

// How many bytes are done, of how many.
using CopyProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

// Copies the journal into an empty directory, up to the first thing that is missing or damaged, so
// that it can be opened there. The copy gets a new mark, because the old one tells of what is lost.
// `from` stays as it is. The error is a sentence; after an error nothing in `to` can be used.
tl::expected<void, std::string> salvage_journal(const Directory& from, Directory& to, const CopyProgress& progress);

}  // namespace tally
