// SPDX-License-Identifier: Apache-2.0
#include "replica/reporting.h"

#include <algorithm>
#include <utility>

namespace tally {

void Reporting::restart(Instant now) {
  now_ = now;
  due_ = resend_ = true;
  reported_ = missing_through_ = Sequence();
  asked_ = false;
  awaits_state_ = is_sign_of_life_due_ = false;
}

void Reporting::await_state() {
  awaits_state_ = true;
  next_sign_of_life_.reset();
}

void Reporting::request(Instant now) {
  now_ = now;
  due_ = true;
}

void Reporting::applied(Sequence applied, Instant now) {
  now_ = now;
  if (applied.value >= reported_.value + orders_per_report) due_ = true;
}

void Reporting::missed(Sequence through, Sequence applied, Instant now) {
  now_ = now;
  if (!has_gap(applied)) asked_ = false;
  missing_through_ = std::max(missing_through_, through);
  if (asked_ || (last_resend_ && now - *last_resend_ < busy_period)) return;
  due_ = resend_ = true;
}

void Reporting::tick(Sequence applied, bool behind, Instant now) {
  now_ = now;
  if (next_deadline(applied) > now) return;
  due_ = true;
  const bool stalled = applied == reported_;
  resend_ = (has_gap(applied) && !asked_) || (stalled && (has_gap(applied) || behind));
}

void Reporting::tick_without_state(Instant now) {
  if (next_sign_of_life_ && now < *next_sign_of_life_) return;
  if (next_sign_of_life_) {
    request(now);
    is_sign_of_life_due_ = true;
  }
  next_sign_of_life_ = now + idle_period;
}

Instant Reporting::next_deadline(Sequence applied) const {
  return awaits_state_ ? next_sign_of_life_.value_or(Instant::never()) : last_ + period(applied);
}

std::optional<Reporting::Due> Reporting::take(Sequence applied) {
  if (awaits_state_ && !std::exchange(is_sign_of_life_due_, false)) return std::nullopt;
  if (!due_) return std::nullopt;
  const Due due{resend_};
  if (resend_) {
    asked_ = true;
    last_resend_ = now_;
  }
  due_ = resend_ = false;
  last_ = now_;
  reported_ = applied;
  return due;
}

}  // namespace tally
