// SPDX-License-Identifier: Apache-2.0
// What the comparator puts on record (law 16): its start, each view, and each verdict with its evidence. Values only;
// comparator/audit_log.h numbers, chains and writes them.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "comparator/collected_ballot.h"
#include "protocol/messages.h"

namespace tally {

// The newest record of an audit log: its number (the first is 1; 0: none yet) and SHA-256 in hexadecimal.
struct AuditHead {
  std::uint64_t number = 0;
  std::string hash;
  auto operator<=>(const AuditHead&) const = default;
};

// As ComparatorReport::audit_head and View::audit_head carry it: "17:9f86d0…"; empty if there is no record.
std::string to_text(const AuditHead& head);
// Any text gives a head or nothing; empty text gives no record.
std::optional<AuditHead> audit_head_from(std::string_view text);

inline constexpr std::size_t evidence_result_bytes = 4096;  // of the results of one vote, on record

struct AnswerEvidence {
  Digest chain;
  Digest state;
  std::size_t results_size = 0;
  Digest results_digest;               // of all results
  std::optional<std::string> results;  // the first evidence_result_bytes; nothing if only the digest was still there
};

struct VoteEvidence {
  ReplicaId replica;
  MemberRole role = MemberRole::none;
  Difference difference{};  // from the decision
  AnswerEvidence answer;
};

struct DissentEvidence {
  OrderIdentity order;
  AnswerEvidence decided;           // what the majority said
  std::vector<VoteEvidence> votes;  // all there are, by replica; one that contradicted itself has two
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
  std::string audit_head;  // that the distributor has journaled
};

struct VerdictRecord {
  Verdict verdict;
  ViewNumber view;
  MemberRole role = MemberRole::none;
  Sequence agreed;  // the newest order on which the replica agreed with the decision; zero: none since the start
  Sequence voted;   // the newest order it voted on
  std::variant<DissentEvidence, SilenceEvidence> evidence;
};

// No majority can be found (law 14).
struct UndecidedRecord {
  OrderIdentity order;
  ViewNumber view;
  std::vector<VoteEvidence> votes;  // `difference` is from nothing: none
};

// The log was made, for a new group or in place of one that was given up. So a log that is empty was emptied.
struct CreationRecord {};

// An operator gave up what was lost.
struct LossRecord {
  std::string command;  // that did it
  Sequence kept;        // the last order that is still there
  Sequence known;       // the newest that any replica's files say was decided
  std::string head;     // of the log before, of which nothing is there any more; empty: the log goes on
};

// The log's end was missing when a comparator started.
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

// All votes on a ballot whose order is known. `members` has one member for each configured replica, by id.
std::vector<VoteEvidence> votes_on(const CollectedBallot& ballot, const std::vector<Member>& members);
// The same of a decided ballot, with the decision.
DissentEvidence evidence_of(const CollectedBallot& ballot, const std::vector<Member>& members);

}  // namespace tally
