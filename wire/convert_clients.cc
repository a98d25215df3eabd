// SPDX-License-Identifier: Apache-2.0
// What clients send and receive, operators among them.
#include <utility>

#include "protocol/limits.h"
#include "wire/convert.h"

namespace tally::wire {

void to_proto(const ClientHello& hello, v1::ClientHello& proto) { proto.set_incarnation(hello.incarnation.value); }

bool from_proto(v1::ClientHello& proto, ClientHello& hello) {
  hello.incarnation = Incarnation(proto.incarnation());
  return true;
}

namespace {

// What a request says both on its way from its client and within an order.
void common_to_proto(Request& request, v1::Request& proto) {
  proto.set_kind(to_proto(request.kind));
  proto.set_read_only(request.read_only);
  proto.set_number(request.number.value);
  proto.set_acknowledged(request.acknowledged.value);
  proto.set_attempt(request.attempt);
  proto.set_result_limit(request.result_limit);
  proto.set_operations(std::move(request.operations));
}

bool common_from_proto(v1::Request& proto, Request& request) {
  request.read_only = proto.read_only();
  request.number = RequestNumber(proto.number());
  request.acknowledged = RequestNumber(proto.acknowledged());
  request.operations = std::move(*proto.mutable_operations());
  return from_proto(proto.kind(), request.kind) && from_proto(proto.attempt(), request.attempt) &&
         from_proto(proto.result_limit(), request.result_limit);
}

}  // namespace

void to_proto(Request& request, v1::Request& proto) {
  common_to_proto(request, proto);
  to_proto(request.session.bytes, *proto.mutable_session());
  proto.set_principal(static_cast<std::uint64_t>(request.principal));
}

bool from_proto(v1::Request& proto, Request& request) {
  return proto.secret().empty() && from_proto(proto.principal(), request.principal) &&
         from_proto(proto.session(), request.session.bytes) && common_from_proto(proto, request);
}

void to_proto(ClientRequest& request, v1::Request& proto) {
  common_to_proto(request.request, proto);
  to_proto(request.secret.bytes, *proto.mutable_secret());
}

// Fields that only an order may set are passed over, as unknown fields are.
bool from_proto(v1::Request& proto, ClientRequest& request) {
  return from_proto(proto.secret(), request.secret.bytes) && common_from_proto(proto, request.request);
}

void to_proto(const StatusQuery& query, v1::StatusQuery& proto) { proto.set_number(query.number); }

bool from_proto(v1::StatusQuery& proto, StatusQuery& query) {
  query.number = proto.number();
  return true;
}

void to_proto(const Fault& fault, v1::Fault& proto) {
  proto.set_kind(to_proto(fault.kind));
  proto.set_duration_ns(static_cast<std::uint64_t>(fault.duration.nanoseconds));
  proto.set_probability(fault.probability);
}

bool from_proto(v1::Fault& proto, Fault& fault) {
  if (proto.has_probability()) fault.probability = proto.probability();
  // This refuses a probability that is not a number, too.
  const bool is_probability = fault.probability >= 0 && fault.probability <= 1;
  return is_probability && from_proto(proto.kind(), fault.kind) &&
         from_proto(proto.duration_ns(), fault.duration.nanoseconds);
}

void to_proto(const AdminCommand& command, v1::AdminCommand& proto) {
  proto.set_number(command.number);
  proto.set_token(command.token);
  proto.set_action(to_proto(command.action));
  proto.set_replica(command.replica.value);
  to_proto(command.fault, *proto.mutable_fault());
  proto.set_void_sequence(command.void_sequence.value);
  proto.set_target(to_proto(command.target));
}

bool from_proto(v1::AdminCommand& proto, AdminCommand& command) {
  command.number = proto.number();
  command.replica = ReplicaId(proto.replica());
  command.void_sequence = Sequence(proto.void_sequence());
  if (proto.has_fault() && !from_proto(*proto.mutable_fault(), command.fault)) return false;
  return from_proto(*proto.mutable_token(), limits::admin_token_bytes, command.token) &&
         from_proto(proto.action(), command.action) && from_proto(proto.target(), command.target);
}

void to_proto(const ObservationQuery& query, v1::ObservationQuery& proto) {
  proto.set_number(query.number);
  proto.set_record(query.record);
}

bool from_proto(v1::ObservationQuery& proto, ObservationQuery& query) {
  query = {proto.number(), proto.record()};
  return true;
}

void to_proto(const DistributorWelcome& welcome, v1::DistributorWelcome& proto) {
  proto.set_term(welcome.term.value);
  proto.set_state(to_proto(welcome.state));
}

bool from_proto(v1::DistributorWelcome& proto, DistributorWelcome& welcome) {
  welcome.term = Term(proto.term());
  return from_proto(proto.state(), welcome.state);
}

void to_proto(const Refusal& refusal, v1::Refusal& proto) {
  to_proto(refusal.session.bytes, *proto.mutable_session());
  proto.set_number(refusal.number.value);
  proto.set_attempt(refusal.attempt);
  proto.set_reason(to_proto(refusal.reason));
}

bool from_proto(v1::Refusal& proto, Refusal& refusal) {
  refusal.number = RequestNumber(proto.number());
  return from_proto(proto.session(), refusal.session.bytes) && from_proto(proto.attempt(), refusal.attempt) &&
         from_proto(proto.reason(), refusal.reason);
}

void to_proto(const LastVerdict& verdict, v1::LastVerdict& proto) {
  proto.set_reason(to_proto(verdict.reason));
  proto.set_sequence(verdict.sequence.value);
  proto.set_at_unix_ms(static_cast<std::uint64_t>(verdict.at.unix_milliseconds));
}

bool from_proto(v1::LastVerdict& proto, LastVerdict& verdict) {
  verdict.sequence = Sequence(proto.sequence());
  return from_proto(proto.reason(), verdict.reason) && from_proto(proto.at_unix_ms(), verdict.at.unix_milliseconds);
}

void to_proto(const ReplicaStatus& status, v1::ReplicaStatus& proto) {
  proto.set_id(status.id.value);
  proto.set_state(to_proto(status.state));
  proto.set_applied(status.applied.value);
  proto.set_lag(status.lag);
  proto.set_pid(status.pid);
  proto.set_store(status.store);
  proto.set_votes(status.votes);
  proto.set_dissents(status.dissents);
  proto.set_dissent_verdicts(status.dissent_verdicts);
  proto.set_silences(status.silences);
  proto.set_evictions(status.evictions);
  proto.set_readmissions(status.readmissions);
  if (status.last_verdict) to_proto(*status.last_verdict, *proto.mutable_last_verdict());
  proto.set_held(status.held);
  proto.set_checkpoint(status.checkpoint.value);
  proto.set_reason(std::string(to_string(status.reason)));
  proto.set_since_unix_ms(static_cast<std::uint64_t>(status.since.unix_milliseconds));
  proto.set_next_try_unix_ms(static_cast<std::uint64_t>(status.next_try.unix_milliseconds));
  if (status.heard_ms) proto.set_heard_ms(*status.heard_ms);
}

bool from_proto(v1::ReplicaStatus& proto, ReplicaStatus& status) {
  status.id = ReplicaId(proto.id());
  status.applied = Sequence(proto.applied());
  status.lag = proto.lag();
  status.pid = proto.pid();
  status.votes = proto.votes();
  status.dissents = proto.dissents();
  status.dissent_verdicts = proto.dissent_verdicts();
  status.silences = proto.silences();
  status.evictions = proto.evictions();
  status.readmissions = proto.readmissions();
  status.held = proto.held();
  status.checkpoint = Sequence(proto.checkpoint());
  if (proto.has_heard_ms()) status.heard_ms = proto.heard_ms();
  if (proto.has_last_verdict() && !from_proto(*proto.mutable_last_verdict(), status.last_verdict.emplace()))
    return false;
  return plain_from_proto(*proto.mutable_store(), limits::word_bytes, status.store) &&
         from_proto(proto.reason(), status.reason) &&
         from_proto(proto.since_unix_ms(), status.since.unix_milliseconds) &&
         from_proto(proto.next_try_unix_ms(), status.next_try.unix_milliseconds) &&
         from_proto(proto.state(), status.state);
}

void to_proto(const ClusterStatus& status, v1::ClusterStatus& proto) {
  proto.set_number(status.number);
  proto.set_term(status.term.value);
  proto.set_view(status.view.value);
  proto.set_sequence(status.sequence.value);
  proto.set_decided(status.decided.value);
  proto.set_stable(status.stable.value);
  proto.set_state(to_proto(status.state));
  list_to_proto(status.replicas, *proto.mutable_replicas());
  proto.set_distributor_pid(status.distributor_pid);
  proto.set_distributor_state(std::string(to_string(status.distributor_state)));
  proto.set_comparator_pid(status.comparator_pid);
  proto.set_comparator_state(std::string(to_string(status.comparator_state)));
  proto.set_orders(status.orders);
  proto.set_requests(status.requests);
  proto.set_journal_appends(status.journal_appends);
  proto.set_journal_syncs(status.journal_syncs);
  proto.set_orders_sent(status.orders_sent);
  proto.set_votes_received(status.votes_received);
  proto.set_journal_first(status.journal_first.value);
  proto.set_undecided(status.undecided.value);
  proto.set_reason(status.reason);
  proto.set_advice(status.advice);
  to_proto(status.decision, *proto.mutable_decision());
  to_proto(status.order_operations, *proto.mutable_order_operations());
  to_proto(status.journal_sync, *proto.mutable_journal_sync());
  if (status.comparator_heard_ms) proto.set_comparator_heard_ms(*status.comparator_heard_ms);
}

bool from_proto(v1::ClusterStatus& proto, ClusterStatus& status) {
  status.number = proto.number();
  status.term = Term(proto.term());
  status.view = ViewNumber(proto.view());
  status.sequence = Sequence(proto.sequence());
  status.decided = Sequence(proto.decided());
  status.stable = Sequence(proto.stable());
  status.distributor_pid = proto.distributor_pid();
  status.comparator_pid = proto.comparator_pid();
  status.orders = proto.orders();
  status.requests = proto.requests();
  status.journal_appends = proto.journal_appends();
  status.journal_syncs = proto.journal_syncs();
  status.orders_sent = proto.orders_sent();
  status.votes_received = proto.votes_received();
  status.journal_first = Sequence(proto.journal_first());
  status.undecided = Sequence(proto.undecided());
  if (proto.has_comparator_heard_ms()) status.comparator_heard_ms = proto.comparator_heard_ms();
  return from_proto(proto.distributor_state(), status.distributor_state) &&
         from_proto(proto.comparator_state(), status.comparator_state) &&
         plain_from_proto(*proto.mutable_reason(), limits::word_bytes, status.reason) &&
         plain_from_proto(*proto.mutable_advice(), limits::sentence_bytes, status.advice) &&
         from_proto(proto.state(), status.state) && from_proto(proto.decision(), status.decision) &&
         from_proto(proto.order_operations(), status.order_operations) &&
         from_proto(proto.journal_sync(), status.journal_sync) &&
         list_from_proto(*proto.mutable_replicas(), limits::group_replicas, status.replicas);
}

void to_proto(const AdminReply& reply, v1::AdminReply& proto) {
  proto.set_number(reply.number);
  proto.set_outcome(to_proto(reply.outcome));
  proto.set_detail(reply.detail);
}

bool from_proto(v1::AdminReply& proto, AdminReply& reply) {
  reply.number = proto.number();
  return from_proto(*proto.mutable_detail(), limits::sentence_bytes, reply.detail) &&
         from_proto(proto.outcome(), reply.outcome);
}

void to_proto(const ComparatorWelcome& welcome, v1::ComparatorWelcome& proto) {
  proto.set_incarnation(welcome.incarnation.value);
}

bool from_proto(v1::ComparatorWelcome& proto, ComparatorWelcome& welcome) {
  welcome.incarnation = Incarnation(proto.incarnation());
  return true;
}

void to_proto(Decision& decision, v1::Decision& proto) {
  to_proto(decision.session.bytes, *proto.mutable_session());
  proto.set_number(decision.number.value);
  proto.set_votes(decision.votes);
  proto.set_result(std::move(decision.result));
}

bool from_proto(v1::Decision& proto, Decision& decision) {
  decision.number = RequestNumber(proto.number());
  decision.result = std::move(*proto.mutable_result());
  return from_proto(proto.session(), decision.session.bytes) && from_proto(proto.votes(), decision.votes);
}

void to_proto(Decisions& decisions, v1::Decisions& proto) {
  proto.set_term(decisions.term.value);
  proto.set_sequence(decisions.sequence.value);
  list_to_proto(decisions.decisions, *proto.mutable_decisions());
}

bool from_proto(v1::Decisions& proto, Decisions& decisions) {
  decisions.term = Term(proto.term());
  decisions.sequence = Sequence(proto.sequence());
  return list_from_proto(*proto.mutable_decisions(), limits::order_requests, decisions.decisions);
}

void to_proto(const ObservedVote& vote, v1::ObservedVote& proto) {
  proto.set_replica(vote.replica.value);
  proto.set_sequence(vote.sequence.value);
  to_proto(vote.state, *proto.mutable_state());
  to_proto(vote.results, *proto.mutable_results());
  proto.set_outcome(to_proto(vote.outcome));
  proto.set_matches(vote.matches);
}

bool from_proto(v1::ObservedVote& proto, ObservedVote& vote) {
  vote.replica = ReplicaId(proto.replica());
  vote.sequence = Sequence(proto.sequence());
  vote.state = from_proto(proto.state());
  vote.results = from_proto(proto.results());
  vote.matches = proto.matches();
  return from_proto(proto.outcome(), vote.outcome);
}

void to_proto(ObservedRecord& record, v1::ObservedRecord& proto) {
  proto.set_number(record.number);
  proto.set_hash(std::move(record.hash));
  proto.set_line(std::move(record.line));
}

bool from_proto(v1::ObservedRecord& proto, ObservedRecord& record) {
  record.number = proto.number();
  return plain_from_proto(*proto.mutable_hash(), limits::audit_hash_bytes, record.hash) &&
         from_proto(*proto.mutable_line(), limits::observed_line_bytes, record.line);
}

void to_proto(Observation& observation, v1::Observation& proto) {
  proto.set_number(observation.number);
  proto.set_incarnation(observation.incarnation.value);
  to_proto(observation.decided, *proto.mutable_decided());
  to_proto(observation.results, *proto.mutable_results());
  proto.set_votes(observation.votes);
  list_to_proto(observation.voters, *proto.mutable_voters());
  list_to_proto(observation.records, *proto.mutable_records());
}

bool from_proto(v1::Observation& proto, Observation& observation) {
  observation.number = proto.number();
  observation.incarnation = Incarnation(proto.incarnation());
  observation.decided = from_proto(proto.decided());
  observation.results = from_proto(proto.results());
  std::size_t line_bytes = 0;
  for (const v1::ObservedRecord& record : proto.records()) line_bytes += record.line().size();
  return line_bytes <= limits::observation_line_bytes && from_proto(proto.votes(), observation.votes) &&
         list_from_proto(*proto.mutable_voters(), limits::group_replicas, observation.voters) &&
         list_from_proto(*proto.mutable_records(), limits::observed_records, observation.records);
}

}  // namespace tally::wire
