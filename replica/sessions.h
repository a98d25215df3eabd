// SPDX-License-Identifier: Apache-2.0
// Client sessions: which requests ran, and what they answered until the client has seen it (laws 17
// and 18).
//
// The window of one session:      a = acknowledged          a + W
//   ───────── stale ──────────────────┼─ runs, or repeats its stored result ─┼─ beyond_window ──
//
// A session belongs to whoever knows its secret. A replica knows only the digest of the secret (law
// 24).
//
// Invariants
// - The number of a stored result is above `acknowledged`, and at most `acknowledged` + W. No
//   request at or below `acknowledged` runs.
// - Only these are dropped: what is acknowledged, what is closed, sessions without activity for
//   `session_lifetime` of served time, and those that never had any for `unused_session_lifetime`.
//   So sessions that somebody opens for nothing are soon gone.
// - Each account has no more sessions and bytes of results than its limits allow (law 25).
// - digest() is the sum of entry_digest over all sessions and stored results (law 10).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/digest.h"
#include "protocol/messages.h"
#include "protocol/operations.h"
#include "replica/checkpoint.h"
#include "replica/state_limits.h"

namespace tally {

class Sessions {
  struct StoredResult {
    std::string bytes;
    Digest content;  // content_digest of the request that it answers
    Digest digest;   // of its entry; never changes
    bool captured = false;
  };
  struct Session {
    RequestNumber acknowledged;
    ServedTime last_activity;
    Principal principal{};  // whose it is
    bool used = false;      // it had a request
    std::size_t bytes = 0;  // of its results
    Digest digest;          // of its own entry
    std::map<RequestNumber, StoredResult> results;
    bool captured = false;   // a checkpoint may hold it
    bool announced = false;  // while restoring: its own entry has come, and not only results of it
  };
  using Entry = std::map<SessionId, Session>::value_type;

 public:
  struct Account {
    std::size_t sessions = 0;
    std::size_t result_bytes = 0;
  };

  // `limits` outlives this.
  explicit Sessions(const StateLimits& limits) : limits_(limits) {}

  // Drops sessions that were idle for their lifetime: a thousand at most, so that no order takes
  // long for it.
  void expire(ServedTime now);

  // Returns true also if the session is open already: whoever sends its secret again is the same
  // client. False: the account is full.
  bool open(const Request& request, ServedTime now);
  // False: there is no such session.
  bool close(SessionId id);

  // What is to become of a request.
  struct Admission {
    RequestOutcome outcome{};   // executed: run it, or repeat `stored`. Anything else refuses it
    std::string_view stored{};  // empty: run it. Valid until the next change
    Entry* session = nullptr;   // of a request that runs: for store()
    Digest content{};           // likewise
  };
  // Also raises the number that is acknowledged, and notes the activity.
  Admission admit(const Request& request, ServedTime now);

  // Whether there is room for the result of an admitted request, in its session and in the account
  // of its principal (law 18).
  bool has_room_for(const Admission& admission, std::size_t result_bytes) const;
  void store(const Admission& admission, RequestNumber number, std::string_view result);

  // For operators. list() appends (text size u16, text, bytes of its results i64) for each session
  // after the one that `after` begins with, and returns how many it appended. The text has the
  // session's name, its principal, whether it was used, the seconds without a request, what is
  // acknowledged, and the number of results.
  Account account_of(Principal principal) const;
  std::size_t bytes_of(SessionId id) const;
  std::uint32_t list(std::string_view after, std::uint32_t most, ServedTime now, std::string& bytes) const;

  std::size_t size() const { return sessions_.size(); }
  Digest digest() const { return digest_; }
  Digest recomputed_digest() const;

  // Entries are digested again one by one, from `place` on. The digest of the data replaces the one
  // that was kept, so that a replica with corrupted memory votes wrongly and is caught.
  struct ScrubPlace {
    SessionId session;     // all before this one are done
    RequestNumber result;  // and its results up to this one; its own entry comes before them
    bool begun = false;
  };
  struct Scrubbed {
    std::size_t work = 0;
    bool right = true;
    bool end = false;
  };
  // Does about `most` work, and at least one entry. A small entry is one of work; a large one
  // counts by its size.
  Scrubbed scrub(ScrubPlace& place, std::size_t most);

  std::size_t changes() const { return dirty_.size() + removed_.size(); }
  // These three are as in Counters.
  void begin_capture(bool full);
  std::size_t capture_some(std::size_t most, EntryChanges& changes);
  void end_capture(EntryChanges& changes);
  // Take one entry of a checkpoint; they may come in any order, and finish_restore() comes at the
  // end. False: the entry makes no sense.
  bool restore(std::string_view key, std::string_view value);
  bool restore_result(std::string_view key, std::string_view value);
  bool finish_restore();

 private:
  void capture(Entry& entry, EntryChanges& changes);
  bool has(const SessionId& id, RequestNumber number) const;
  ServedTime expiry_of(const Session& session) const;
  static std::string session_value(const Session& session);
  bool adopt(Digest& kept, const Digest& recomputed);
  void acknowledge(Entry& entry, RequestNumber through);
  void touch(Entry& entry, RequestNumber acknowledged, ServedTime now);
  void drop(std::map<SessionId, Session>::iterator place);
  std::map<RequestNumber, StoredResult>::iterator drop_result(Entry& entry,
                                                              std::map<RequestNumber, StoredResult>::iterator place);

  const StateLimits& limits_;
  std::map<SessionId, Session> sessions_;
  std::set<std::pair<ServedTime, SessionId>> by_expiry_;
  std::map<Principal, Account> accounts_;
  Digest digest_;
  std::optional<SessionId> captured_through_;  // by the capture in progress
  std::set<SessionId> dirty_;                  // they, or results of them, changed since the last
  // Captured entries that are gone since: of results, or, with number 0, of the session itself.
  std::vector<std::pair<SessionId, RequestNumber>> removed_;
};

}  // namespace tally
