// SPDX-License-Identifier: Apache-2.0
#include "distributor/journal_upkeep.h"

#include <algorithm>
#include <utility>

#include "runtime/clock.h"
#include "runtime/log.h"

namespace tally {
namespace {

// The journal is read again at 2 MiB a second: one of a gigabyte in less than ten minutes.
constexpr std::size_t scrub_bytes = 512 * 1024;
constexpr Duration scrub_period = milliseconds(250);
constexpr Duration between_scrubs = seconds(30);
constexpr Duration preparation_retry = seconds(2);

}  // namespace

void JournalUpkeep::tick(Instant now) {
  if (next_scrub_ && *next_scrub_ <= now) scrub();
  if (next_preparation_ && *next_preparation_ <= now && journal_.wants_preparation()) prepare();
}

Instant JournalUpkeep::next_deadline() const {
  const Instant scrub = next_scrub_.value_or(Instant::never());
  const bool is_preparation_due = next_preparation_ && journal_.wants_preparation();
  return is_preparation_due ? std::min(scrub, *next_preparation_) : scrub;
}

void JournalUpkeep::scrub() {
  next_scrub_.reset();
  thread_.submit([this, from = scrub_place_]() -> Background::Completion {
    const Journal::Scrubbed scrubbed = journal_.scrub(from, scrub_bytes);
    return [this, scrubbed] {
      if (scrubbed.damaged) damaged_ = scrubbed.damaged;
      scrub_place_ = scrubbed.damaged ? scrubbed.damaged->next() : scrubbed.next;
      const bool pass_ends = scrub_place_.value == 0;
      next_scrub_ = monotonic_now() + (pass_ends ? between_scrubs : scrub_period);
    };
  });
}

void JournalUpkeep::prepare() {
  next_preparation_.reset();
  thread_.submit([this]() -> Background::Completion {
    const std::optional<std::string> failed = journal_.prepare();
    return [this, failed] {
      if (failed) log_event(Event("journal_cannot_grow", Severity::error).with("reason", *failed));
      next_preparation_ = failed ? monotonic_now() + preparation_retry : Instant();
    };
  });
}

void JournalUpkeep::cut_below(Sequence first) {
  thread_.submit([this, first]() -> Background::Completion {
    journal_.cut_below(first);
    return [] {};
  });
}

std::optional<Sequence> JournalUpkeep::take_damaged() { return std::exchange(damaged_, std::nullopt); }

}  // namespace tally
