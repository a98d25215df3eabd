// SPDX-License-Identifier: Apache-2.0
// What the comparator puts on record (law 16): its start, each view, each verdict with its
// evidence, and each order without a majority; and what happened to the log itself. These are
// values only; comparator/audit_log.h numbers, chains and writes them.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "comparator/ballot.h"
#include "protocol/messages.h"

namespace tally {

// Names the newest record of an audit log by its number (the first is 1; 0: there is none yet) and
// its SHA-256 in hexadecimal.
struct AuditHead {
  std::uint64_t number = 0;
  std::string hash;
  auto operator<=>(const AuditHead&) const = default;
};

// The text that ComparatorReport::audit_head and View::audit_head carry: "17:9f86d0…", or nothing
// if there is no record.
std::string to_text(const AuditHead& head);
// The head that such a text names; nothing if it is no such text.
std::optional<AuditHead> audit_head_from(std::string_view text);

inline constexpr std::size_t evidence_result_bytes = 4096;  // of one vote's results on record

struct AnswerEvidence {
  Digest chain;
  Digest state;
  std::size_t results_size = 0;
  Digest results_digest;  // of all results
  // The first evidence_result_bytes of them; nothing if only the digest was still known.
  std::optional<std::string> results;
};

struct VoteEvidence {
  ReplicaId replica;
  MemberRole role = MemberRole::none;
  Difference difference{};  // from the decision
  AnswerEvidence answer;
};

struct DissentEvidence {
  OrderIdentity order;
  AnswerEvidence decided;  // what the majority said
  // All that there are, by replica. A replica that contradicted itself has two.
  std::vector<VoteEvidence> votes;
};

struct SilenceEvidence {
  std::vector<Sequence> missed;  // consecutive, oldest first
};

struct StartRecord {
  Incarnation comparator;
  std::uint64_t pid = 0;
  std::size_t replicas = 0;
};

struct ViewRecord {
  ViewNumber number;
  std::vector<Member> members;
  Sequence closed;
  std::string audit_head;  // the newest one that the distributor has journaled
};

struct VerdictRecord {
  Verdict verdict;
  ViewNumber view;
  MemberRole role = MemberRole::none;
  Sequence agreed;  // the newest order on which the replica agreed with the decision; zero: none
  Sequence voted;   // the newest order it voted on
  std::variant<DissentEvidence, SilenceEvidence> evidence;
};

// No majority can be found for this order (law 14).
struct UndecidedRecord {
  OrderIdentity order;
  ViewNumber view;
  std::vector<VoteEvidence> votes;  // every difference is none, as nothing was decided
};

// The log was made, for a new group or in place of a log that was given up. Since every log begins
// with this record, a log that is empty has been emptied.
struct CreationRecord {};

// An operator gave up what was lost.
struct LossRecord {
  std::string command;  // by which the operator did it
  Sequence kept;        // the last order that is still there
  Sequence known;       // the newest order that was decided, as far as any replica's files say
  std::string head;     // of the log before, of which nothing is left; empty: the log goes on
};

// The end of the log was missing when a comparator started.
struct CutRecord {
  std::string known;  // the head that the journal names
};

using AuditContent =
    std::variant<StartRecord, ViewRecord, VerdictRecord, UndecidedRecord, LossRecord, CreationRecord, CutRecord>;

struct AuditRecord {
  GroupId group;
  Term term;
  AuditContent content;
};

AnswerEvidence evidence_of(const OrderAnswer& answer);

// All votes on a ballot whose order is known. `members` has one for each configured replica, by id.
std::vector<VoteEvidence> votes_on(const Ballot& ballot, const std::vector<Member>& members);
// The same for a decided ballot, together with the decision.
DissentEvidence evidence_of(const Ballot& ballot, const std::vector<Member>& members);

}  // namespace tally
