// SPDX-License-Identifier: Apache-2.0
#include "client/session_life.h"

#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/session.h"

namespace tally {
namespace {

constexpr Duration keep_alive_period = limits::session_lifetime / 6;
constexpr Duration first_keep_alive = limits::unused_session_lifetime / 6;

}  // namespace

void SessionLife::begin_opening(const SessionSecret& secret) {
  CHECK(is_absent() || is_open());
  phase_ = Phase::opening;
  secret_ = secret;
  name_ = session_of(secret);
}

void SessionLife::opened(Instant now) {
  CHECK(is_opening());
  phase_ = Phase::open;
  denied_ = false;
  next_keep_alive_ = now + first_keep_alive;
}

void SessionLife::not_opened(Instant retry) {
  CHECK(is_opening());
  phase_ = Phase::none;
  may_open_from_ = retry;
}

void SessionLife::used(Instant now) { next_keep_alive_ = now + keep_alive_period; }

}  // namespace tally
