// SPDX-License-Identifier: Apache-2.0
// The life of a client's session with the group, from its opening to its end.
//
//   none ──▶ opening ──▶ open ──▶ closing ──▶ ended
//    ▲ │        │ ▲        │                    ▲
//    │ │ refused┘ └────────┘ the group lost it  │
//    │ └────────────────────────────────────────┘ closed before it was open
//
// A session has a secret, which its client chooses, and a name, which is the secret's digest (law
// 24). Each opening has a new secret, so that nothing that is said of an earlier session is taken
// for this one's. A session that is not used expires at the group, an hour after its last request,
// and a minute after its opening if it has never had one; so it is kept alive with a request that
// does nothing. When the group refuses to open one it is asked again after a pause.
//
// Part of the session core: pure, one thread, instants never go back.
#pragma once

#include <cstdint>

#include "protocol/ids.h"
#include "protocol/time.h"

namespace tally {

class SessionLife {
 public:
  bool is_opening() const { return phase_ == Phase::opening; }
  bool is_open() const { return phase_ == Phase::open; }
  bool is_closing() const { return phase_ == Phase::closing; }
  bool has_ended() const { return phase_ == Phase::ended; }
  // There is no session, and none is asked for.
  bool is_absent() const { return phase_ == Phase::none; }
  // The group had no room for a session when it was asked last.
  bool is_denied() const { return denied_; }

  // Of the session that is being opened, or was opened last.
  const SessionSecret& secret() const { return secret_; }
  const SessionId& name() const { return name_; }

  // The group says that it has no room for it.
  void deny() { denied_ = true; }

  // Precondition of each: the phase from which the arrow comes.
  void begin_opening(const SessionSecret& secret);
  void opened(Instant now);
  void not_opened(Instant retry);
  void begin_closing() { phase_ = Phase::closing; }
  void end() { phase_ = Phase::ended; }

  // A request of it is sent now.
  void used(Instant now);

  // When it may be opened, and when it is to be kept alive.
  Instant may_open_from() const { return may_open_from_; }
  Instant next_keep_alive() const { return next_keep_alive_; }

 private:
  enum class Phase : std::uint8_t { none, opening, open, closing, ended };

  Phase phase_ = Phase::none;
  SessionSecret secret_;
  SessionId name_;
  bool denied_ = false;
  Instant may_open_from_;
  Instant next_keep_alive_;
};

}  // namespace tally
