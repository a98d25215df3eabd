// SPDX-License-Identifier: Apache-2.0
// Every message that one role sends to another, as plain values. wire/ gives them bytes;
// docs/protocol.md tells when each is sent and what it means.
//
// Who sent a message is known from the socket it came by, never from a field. All states are
// cumulative: the newest one says everything, and each link repeats it on a timer, so that the loss
// of any message, also of the last, heals.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/administration.h"
#include "protocol/digest.h"
#include "protocol/group.h"
#include "protocol/histogram.h"
#include "protocol/ids.h"
#include "protocol/observation.h"
#include "protocol/order_identity.h"
#include "protocol/sha256.h"
#include "protocol/status.h"
#include "protocol/time.h"

namespace tally {

// ---- orders and votes

enum class RequestKind : std::uint8_t { operations = 1, open_session = 2, close_session = 3 };

// One batch of operations of one session. The distributor orders it and never looks into
// `operations`.
struct Request {
  RequestKind kind = RequestKind::operations;
  // Promises no change: its order need not be synced. A change in it is refused by vote.
  bool read_only = false;
  SessionId session;
  // Who sent it; open_session: in whose account the session is.
  Principal principal = Principal::clients;
  RequestNumber number;  // open_session: any number, comes back with the answer
  // Every request up to this one has been answered or given up; none of them runs again. Below
  // `number`.
  RequestNumber acknowledged;
  // Counts the transmissions of this request; comes back in a refusal.
  std::uint32_t attempt = 1;
  // Most bytes of results that this request may cause, at least results::header_bytes.
  std::uint32_t result_limit = 0;
  std::string operations;  // encoded tally.v1.Operations
  auto operator<=>(const Request&) const = default;
};

// A request on its way from a client to the distributor. `request.session` and `request.principal`
// are not sent: the distributor knows the one from the secret, the other from the socket.
struct ClientRequest {
  SessionSecret secret;
  Request request;
  auto operator<=>(const ClientRequest&) const = default;
};

struct Order {
  OrderIdentity id;
  Digest previous;  // the predecessor's chain
  ServedTime served;
  CalendarTime calendar;
  std::uint32_t semantics = 0;  // limits::semantics_version of the distributor that made it
  // The group's first order brings it: idempotency keys are digested under it. Zero: no.
  Digest key_secret;
  std::vector<Request> requests;
  bool voided = false;  // every request is refused, by an operator (law 14). Not part of the chain
  // Whoever got ready for it seals the state after this order. Not part of the chain either.
  bool seal = false;
  auto operator<=>(const Order&) const = default;

  bool changes_state() const {
    if (key_secret != Digest{}) return true;
    for (const Request& request : requests)
      if (!request.read_only) return true;
    return false;
  }
};

// The chain after an order whose identity, predecessor, times and requests are given (its own
// id.chain is ignored).
Digest chain_of(const Order& order);

// One replica's answer to one order.
struct Vote {
  OrderIdentity order;
  Incarnation incarnation;  // of the replica's process
  Recovery recovery;        // of the replica's life; see ReplicaStanding
  Digest state;             // of the whole state after the order
  // For each request of the order: size u32, request result (protocol/operations.h).
  std::string results;
  auto operator<=>(const Vote&) const = default;
};

// ---- client and distributor, client and comparator

struct ClientHello {
  Incarnation incarnation;
  auto operator<=>(const ClientHello&) const = default;
};

// Distributor → client: at each hello and connection. A new term means: send again what was not
// answered.
struct DistributorWelcome {
  Term term;
  GroupState state = GroupState::unavailable;
  auto operator<=>(const DistributorWelcome&) const = default;
};

// Comparator → client. A new incarnation means: send again what was not answered.
struct ComparatorWelcome {
  Incarnation incarnation;
  auto operator<=>(const ComparatorWelcome&) const = default;
};

enum class RefusalReason : std::uint8_t {
  overloaded = 1,   // a queue or window is full
  unavailable = 2,  // no majority
  undecided = 3,    // halted
  draining = 4,     // shutting down
  malformed = 5,    // beyond a limit, or impossible
};

// Distributor → client: this transmission of the request was not ordered. (An earlier one may have
// been.)
struct Refusal {
  SessionId session;
  RequestNumber number;
  std::uint32_t attempt = 1;
  RefusalReason reason = RefusalReason::overloaded;
  auto operator<=>(const Refusal&) const = default;
};

struct Decision {
  SessionId session;
  RequestNumber number;
  std::uint32_t votes = 0;  // equal votes when it was decided, at least f+1
  std::string result;       // request result (protocol/operations.h)
  auto operator<=>(const Decision&) const = default;
};

// Comparator → client: what was decided for this client's requests of one order.
struct Decisions {
  Term term;
  Sequence sequence;
  std::vector<Decision> decisions;
  auto operator<=>(const Decisions&) const = default;
};

// ---- distributor and replica

// What one checkpoint is, so that nobody can make another one that is the same.
struct CheckpointSeal {
  Sequence checkpoint;  // zero: none
  // SHA-256 of its header (replica/checkpoint_header.h) and of its entries as chunks bring them.
  // Zero: not known yet.
  Sha256Digest digest{};
  std::uint64_t bytes = 0;  // of these entries
  auto operator<=>(const CheckpointSeal&) const = default;

  bool is_known() const { return checkpoint.value != 0 && digest != Sha256Digest{}; }
};

// Distributor → replica: everything it needs to know, repeated.
struct ReplicaStanding {
  Term term;
  GroupId group;
  ViewNumber view;
  ReplicaState state{};
  // When it grows, the replica recovers; it keeps its memory if only silence speaks against it.
  Recovery recovery;
  OrderIdentity last;  // the last order there is
  Sequence stable;
  // Orders before it were decided when the replica connected: execute them without a vote.
  Sequence vote_from;
  OutReason reason = OutReason::none;  // why it was last evicted, or rolls back
  // The first order that the journal still has; zero: all of them.
  Sequence journal_first;
  // The newest order that is known to be decided, not closed, and the state after it.
  OrderState agreed;
  // The order after which it is to say what its state is (law 14); zero: none.
  Sequence prove;
  bool seal_wanted = false;  // get ready to seal the state after an order that comes soon
  // Of the checkpoint after that order; known: f+1 replicas made the same, so it is right.
  CheckpointSeal seal;
  // A bit each, 1 for replica 1: who may give a state without a seal. See distributor/sealing.h.
  std::uint64_t donors = 0;
  auto operator<=>(const ReplicaStanding&) const = default;
};

// Replica → distributor: everything about it, repeated, and at least every quarter of
// limits::replica_window_orders.
struct ReplicaReport {
  GroupId group;  // zero: does not know yet
  Incarnation incarnation;
  Recovery recovery;  // the newest one that it has carried out
  OrderIdentity applied;
  Sequence checkpoint;
  bool resend = false;  // misses orders after `applied` that were sent before
  std::uint64_t pid = 0;
  std::string store;
  // After the order that the standing asks for, or after a later one if its state began there.
  OrderState proof;
  bool imported = false;  // its state is another replica's, and unproven: it gives no vote
  // It wants a state of this order or a later one from another replica; zero: none.
  Sequence state_wanted;
  bool seal_ready = false;  // as the standing asks
  CheckpointSeal seal;      // the newest that it made; not known: it could not
  Term newest_term;         // that it has seen, also in earlier processes
  // The newest order that it was told was decided, likewise; sequence zero: none.
  OrderIdentity decided;
  auto operator<=>(const ReplicaReport&) const = default;
};

// ---- replica and replica

// What a checkpoint is of.
struct CheckpointHeader {
  GroupId group;
  OrderIdentity applied;  // the last order in the state
  ServedTime served;
  CalendarTime calendar;
  std::uint32_t semantics = 0;
  Digest state;           // sum of the digests of all entries (replica/checkpoint.h)
  bool imported = false;  // by the replica that has it, and nothing proved it since; is not sent
  auto operator<=>(const CheckpointHeader&) const = default;
};

// Importing replica → donor: one chunk of a checkpoint, please.
struct StateRequest {
  GroupId group;
  Sequence checkpoint;    // the one that earlier chunks were of; zero: the newest
  Sequence least;         // an older one is of no use
  std::string after;      // the key of the last entry that has come; empty: none yet
  bool unproven = false;  // one that the donor imported, and that nothing has proven since, will do
  auto operator<=>(const StateRequest&) const = default;
};

enum class StateAnswer : std::uint8_t {
  entries = 1,
  busy = 2,  // others import from this donor: later
  none = 3,  // no such checkpoint here (any more), or none that is new enough
};

// Donor → importing replica.
struct StateChunk {
  StateAnswer answer = StateAnswer::none;
  Sequence checkpoint;      // as asked for; so is `after`
  std::string after;        // the chunk begins behind this key
  CheckpointHeader header;  // entries: of the whole checkpoint
  // For each, in byte order of keys: key size u32, key, value size u32, value.
  std::string entries;
  std::string through;  // the last entry's key
  bool last = false;    // no entry follows
  auto operator<=>(const StateChunk&) const = default;
};

// ---- distributor and comparator

struct BallotEntry {
  ClientId client;
  SessionId session;
  RequestNumber number;
  auto operator<=>(const BallotEntry&) const = default;
};

// Distributor → comparator: an order that is stable and wants a decision.
struct BallotCall {
  OrderIdentity order;
  std::vector<BallotEntry> requests;
  bool synced = false;  // by the journal, and all orders before it
  auto operator<=>(const BallotCall&) const = default;
};

struct BallotCalls {
  Term term;
  std::vector<BallotCall> ballots;
  auto operator<=>(const BallotCalls&) const = default;
};

enum class MemberRole : std::uint8_t {
  none = 0,
  voter = 1,
  observed = 2,  // on probation: compared, not counted
};

struct Member {
  ReplicaId replica;
  MemberRole role = MemberRole::none;
  Recovery recovery;     // votes and verdicts of another recovery are of another life
  ReplicaState state{};  // for the record
  auto operator<=>(const Member&) const = default;
};

// Distributor → comparator: repeated, and after each change.
struct View {
  Term term;
  GroupId group;
  ViewNumber number;
  std::vector<Member> members;  // one for each configured replica, by id
  Incarnation comparator;       // whom this was said to; ballots older than its hello are closed
  Sequence closed;              // ballots up to here are closed: judge nothing at or before it
  Sequence last;
  Sequence stable;
  std::string audit_head;  // the comparator's newest audit record that a journaled view knows of
  auto operator<=>(const View&) const = default;
};

struct Verdict {
  ReplicaId replica;
  Recovery recovery;
  VerdictReason reason{};
  Sequence sequence;
  auto operator<=>(const Verdict&) const = default;
};

struct VoterTally {
  ReplicaId replica;
  Sequence voted;           // newest order it voted on
  std::uint64_t votes = 0;  // since the comparator started, like all below
  std::uint64_t dissents = 0;
  std::uint64_t silences = 0;
  std::uint64_t matches = 0;           // consecutive votes equal to the decision, in this recovery
  std::uint64_t dissent_verdicts = 0;  // beside `silences`, which are verdicts too
  auto operator<=>(const VoterTally&) const = default;
};

// f+1 replicas, voters or on probation, that gave equal votes on a ballot which the voters alone do
// not decide.
struct Succession {
  Sequence ballot;  // zero: there is none
  std::vector<ReplicaId> replicas;
  auto operator<=>(const Succession&) const = default;
};

// Comparator → distributor: repeated, and after each change.
struct ComparatorReport {
  GroupId group;  // zero: does not know yet
  Incarnation incarnation;
  Term term;
  ViewNumber view;
  Sequence decided;  // every ballot of this term up to here is decided or closed
  std::vector<VoterTally> voters;
  std::vector<Verdict> verdicts;  // standing: until a view shows them
  std::string audit_head;
  std::uint64_t pid = 0;
  OrderState agreed;     // the newest ballot that was decided
  Sequence undecidable;  // a ballot on which f+1 votes cannot be equal any more; zero: none
  Succession succession;
  // The newest order that was decided and is known to be synced; sequence zero: none.
  OrderIdentity synced;
  // From the first that was heard of an order until it was decided; since the comparator started.
  Histogram decision;
  Histogram order_operations;  // in each order that was decided, likewise
  auto operator<=>(const ComparatorReport&) const = default;
};

using Message = std::variant<
    // from clients
    ClientHello, ClientRequest, StatusQuery, AdminCommand, ObservationQuery,
    // to clients
    DistributorWelcome, Refusal, ClusterStatus, AdminReply, ComparatorWelcome, Decisions, Observation,
    // to replicas, from them, and between them
    Order, ReplicaStanding, Fault, ReplicaReport, Vote, StateRequest, StateChunk,
    // to the comparator, and from it
    BallotCalls, View, ComparatorReport>;

std::string_view to_string(RefusalReason reason);

}  // namespace tally
