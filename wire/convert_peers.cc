// SPDX-License-Identifier: Apache-2.0
// What distributor, replicas and comparator send to one another.
#include <utility>

#include "protocol/limits.h"
#include "wire/convert.h"

namespace tally::wire {

void to_proto(const BallotEntry& entry, v1::BallotEntry& proto) {
  proto.set_client(entry.client.routing_id);
  to_proto(entry.session.bytes, *proto.mutable_session());
  proto.set_number(entry.number.value);
  proto.set_principal(static_cast<std::uint64_t>(entry.client.principal));
}

bool from_proto(v1::BallotEntry& proto, BallotEntry& entry) {
  entry.number = RequestNumber(proto.number());
  return from_proto(*proto.mutable_client(), limits::routing_id_bytes, entry.client.routing_id) &&
         from_proto(proto.session(), entry.session.bytes) && from_proto(proto.principal(), entry.client.principal);
}

void to_proto(const BallotCall& ballot, v1::BallotCall& proto) {
  to_proto(ballot.order, *proto.mutable_order());
  list_to_proto(ballot.requests, *proto.mutable_requests());
  proto.set_synced(ballot.synced);
}

bool from_proto(v1::BallotCall& proto, BallotCall& ballot) {
  ballot.order = from_proto(proto.order());
  ballot.synced = proto.synced();
  return list_from_proto(*proto.mutable_requests(), limits::order_requests, ballot.requests);
}

void to_proto(const Member& member, v1::Member& proto) {
  proto.set_replica(member.replica.value);
  proto.set_role(to_proto(member.role));
  proto.set_recovery(member.recovery.value);
  proto.set_state(to_proto(member.state));
}

bool from_proto(v1::Member& proto, Member& member) {
  member.replica = ReplicaId(proto.replica());
  member.recovery = Recovery(proto.recovery());
  return from_proto(proto.role(), member.role) && from_proto(proto.state(), member.state);
}

void to_proto(const Verdict& verdict, v1::Verdict& proto) {
  proto.set_replica(verdict.replica.value);
  proto.set_recovery(verdict.recovery.value);
  proto.set_reason(to_proto(verdict.reason));
  proto.set_sequence(verdict.sequence.value);
}

bool from_proto(v1::Verdict& proto, Verdict& verdict) {
  verdict.replica = ReplicaId(proto.replica());
  verdict.recovery = Recovery(proto.recovery());
  verdict.sequence = Sequence(proto.sequence());
  return from_proto(proto.reason(), verdict.reason);
}

void to_proto(const VoterTally& tally, v1::VoterTally& proto) {
  proto.set_replica(tally.replica.value);
  proto.set_voted(tally.voted.value);
  proto.set_votes(tally.votes);
  proto.set_dissents(tally.dissents);
  proto.set_silences(tally.silences);
  proto.set_matches(tally.matches);
  proto.set_dissent_verdicts(tally.dissent_verdicts);
}

bool from_proto(v1::VoterTally& proto, VoterTally& tally) {
  tally = {ReplicaId(proto.replica()), Sequence(proto.voted()), proto.votes(),           proto.dissents(),
           proto.silences(),           proto.matches(),         proto.dissent_verdicts()};
  return true;
}

void to_proto(Order& order, v1::Order& proto) {
  to_proto(order.id, *proto.mutable_id());
  to_proto(order.previous, *proto.mutable_previous());
  proto.set_served_ns(static_cast<std::uint64_t>(order.served.nanoseconds));
  proto.set_calendar_unix_ms(static_cast<std::uint64_t>(order.calendar.unix_milliseconds));
  proto.set_semantics(order.semantics);
  list_to_proto(order.requests, *proto.mutable_requests());
  proto.set_voided(order.voided);
  if (order.key_secret != Digest{}) to_proto(order.key_secret, *proto.mutable_key_secret());
  proto.set_seal(order.seal);
}

bool from_proto(v1::Order& proto, Order& order) {
  order.id = from_proto(proto.id());
  order.previous = from_proto(proto.previous());
  order.voided = proto.voided();
  order.seal = proto.seal();
  order.key_secret = from_proto(proto.key_secret());
  return from_proto(proto.served_ns(), order.served.nanoseconds) &&
         from_proto(proto.calendar_unix_ms(), order.calendar.unix_milliseconds) &&
         from_proto(proto.semantics(), order.semantics) &&
         list_from_proto(*proto.mutable_requests(), limits::order_requests, order.requests);
}

namespace {

void to_proto(const CheckpointSeal& seal, v1::CheckpointSeal& proto) {
  proto.set_checkpoint(seal.checkpoint.value);
  if (seal.is_known()) wire::to_proto(seal.digest, *proto.mutable_digest());
  proto.set_bytes(seal.bytes);
}

bool from_proto(const v1::CheckpointSeal& proto, CheckpointSeal& seal) {
  seal.checkpoint = Sequence(proto.checkpoint());
  seal.bytes = proto.bytes();
  if (seal.checkpoint.value == 0 && (seal.bytes != 0 || !proto.digest().empty())) return false;
  return proto.digest().empty() || wire::from_proto(proto.digest(), seal.digest);
}

}  // namespace

void to_proto(const ReplicaStanding& standing, v1::ReplicaStanding& proto) {
  proto.set_term(standing.term.value);
  proto.set_group(standing.group.value);
  proto.set_view(standing.view.value);
  proto.set_state(to_proto(standing.state));
  proto.set_recovery(standing.recovery.value);
  to_proto(standing.last, *proto.mutable_last());
  proto.set_stable(standing.stable.value);
  proto.set_vote_from(standing.vote_from.value);
  proto.set_reason(std::string(to_string(standing.reason)));
  proto.set_journal_first(standing.journal_first.value);
  to_proto(standing.agreed, *proto.mutable_agreed());
  proto.set_prove(standing.prove.value);
  proto.set_seal_wanted(standing.seal_wanted);
  if (standing.seal != CheckpointSeal{}) to_proto(standing.seal, *proto.mutable_seal());
  proto.set_donors(standing.donors);
}

bool from_proto(v1::ReplicaStanding& proto, ReplicaStanding& standing) {
  standing.term = Term(proto.term());
  standing.group = GroupId(proto.group());
  standing.view = ViewNumber(proto.view());
  standing.recovery = Recovery(proto.recovery());
  standing.last = from_proto(proto.last());
  standing.stable = Sequence(proto.stable());
  standing.vote_from = Sequence(proto.vote_from());
  standing.journal_first = Sequence(proto.journal_first());
  standing.agreed = from_proto(proto.agreed());
  standing.prove = Sequence(proto.prove());
  standing.seal_wanted = proto.seal_wanted();
  standing.donors = proto.donors();
  return from_proto(proto.seal(), standing.seal) && from_proto(proto.reason(), standing.reason) &&
         from_proto(proto.state(), standing.state);
}

void to_proto(const ReplicaReport& report, v1::ReplicaReport& proto) {
  proto.set_group(report.group.value);
  proto.set_incarnation(report.incarnation.value);
  proto.set_recovery(report.recovery.value);
  to_proto(report.applied, *proto.mutable_applied());
  proto.set_checkpoint(report.checkpoint.value);
  proto.set_resend(report.resend);
  proto.set_pid(report.pid);
  proto.set_store(report.store);
  to_proto(report.proof, *proto.mutable_proof());
  proto.set_imported(report.imported);
  proto.set_state_wanted(report.state_wanted.value);
  proto.set_seal_ready(report.seal_ready);
  if (report.seal != CheckpointSeal{}) to_proto(report.seal, *proto.mutable_seal());
  proto.set_newest_term(report.newest_term.value);
  to_proto(report.decided, *proto.mutable_decided());
}

bool from_proto(v1::ReplicaReport& proto, ReplicaReport& report) {
  report.group = GroupId(proto.group());
  report.incarnation = Incarnation(proto.incarnation());
  report.recovery = Recovery(proto.recovery());
  report.applied = from_proto(proto.applied());
  report.checkpoint = Sequence(proto.checkpoint());
  report.resend = proto.resend();
  report.pid = proto.pid();
  report.proof = from_proto(proto.proof());
  report.imported = proto.imported();
  report.state_wanted = Sequence(proto.state_wanted());
  report.seal_ready = proto.seal_ready();
  report.newest_term = Term(proto.newest_term());
  report.decided = from_proto(proto.decided());
  return from_proto(proto.seal(), report.seal) &&
         plain_from_proto(*proto.mutable_store(), limits::word_bytes, report.store);
}

void to_proto(Vote& vote, v1::Vote& proto) {
  to_proto(vote.order, *proto.mutable_order());
  proto.set_incarnation(vote.incarnation.value);
  proto.set_recovery(vote.recovery.value);
  to_proto(vote.state, *proto.mutable_state());
  proto.set_results(std::move(vote.results));
}

bool from_proto(v1::Vote& proto, Vote& vote) {
  vote.order = from_proto(proto.order());
  vote.incarnation = Incarnation(proto.incarnation());
  vote.recovery = Recovery(proto.recovery());
  vote.state = from_proto(proto.state());
  vote.results = std::move(*proto.mutable_results());
  return true;
}

void to_proto(const BallotCalls& ballots, v1::BallotCalls& proto) {
  proto.set_term(ballots.term.value);
  list_to_proto(ballots.ballots, *proto.mutable_ballots());
}

bool from_proto(v1::BallotCalls& proto, BallotCalls& ballots) {
  ballots.term = Term(proto.term());
  return list_from_proto(*proto.mutable_ballots(), limits::message_ballots, ballots.ballots);
}

void to_proto(const View& view, v1::View& proto) {
  proto.set_term(view.term.value);
  proto.set_group(view.group.value);
  proto.set_number(view.number.value);
  list_to_proto(view.members, *proto.mutable_members());
  proto.set_comparator(view.comparator.value);
  proto.set_closed(view.closed.value);
  proto.set_last(view.last.value);
  proto.set_stable(view.stable.value);
  proto.set_audit_head(view.audit_head);
}

bool from_proto(v1::View& proto, View& view) {
  view.term = Term(proto.term());
  view.group = GroupId(proto.group());
  view.number = ViewNumber(proto.number());
  view.comparator = Incarnation(proto.comparator());
  view.closed = Sequence(proto.closed());
  view.last = Sequence(proto.last());
  view.stable = Sequence(proto.stable());
  return plain_from_proto(*proto.mutable_audit_head(), limits::audit_head_bytes, view.audit_head) &&
         list_from_proto(*proto.mutable_members(), limits::group_replicas, view.members);
}

void to_proto(const ComparatorReport& report, v1::ComparatorReport& proto) {
  proto.set_group(report.group.value);
  proto.set_incarnation(report.incarnation.value);
  proto.set_term(report.term.value);
  proto.set_view(report.view.value);
  proto.set_decided(report.decided.value);
  list_to_proto(report.voters, *proto.mutable_voters());
  list_to_proto(report.verdicts, *proto.mutable_verdicts());
  proto.set_audit_head(report.audit_head);
  proto.set_pid(report.pid);
  to_proto(report.agreed, *proto.mutable_agreed());
  proto.set_undecidable(report.undecidable.value);
  proto.mutable_succession()->set_ballot(report.succession.ballot.value);
  for (const ReplicaId replica : report.succession.replicas) proto.mutable_succession()->add_replicas(replica.value);
  to_proto(report.synced, *proto.mutable_synced());
  to_proto(report.decision, *proto.mutable_decision());
  to_proto(report.order_operations, *proto.mutable_order_operations());
}

bool from_proto(v1::ComparatorReport& proto, ComparatorReport& report) {
  report.group = GroupId(proto.group());
  report.incarnation = Incarnation(proto.incarnation());
  report.term = Term(proto.term());
  report.view = ViewNumber(proto.view());
  report.decided = Sequence(proto.decided());
  report.pid = proto.pid();
  report.agreed = from_proto(proto.agreed());
  report.undecidable = Sequence(proto.undecidable());
  report.synced = from_proto(proto.synced());
  report.succession.ballot = Sequence(proto.succession().ballot());
  if (static_cast<std::size_t>(proto.succession().replicas_size()) > limits::group_replicas) return false;
  for (const std::uint64_t replica : proto.succession().replicas()) report.succession.replicas.emplace_back(replica);
  return plain_from_proto(*proto.mutable_audit_head(), limits::audit_head_bytes, report.audit_head) &&
         list_from_proto(*proto.mutable_voters(), limits::group_replicas, report.voters) &&
         list_from_proto(*proto.mutable_verdicts(), limits::group_replicas, report.verdicts) &&
         from_proto(proto.decision(), report.decision) && from_proto(proto.order_operations(), report.order_operations);
}

}  // namespace tally::wire
