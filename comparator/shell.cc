// SPDX-License-Identifier: Apache-2.0
#include "comparator/shell.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <unistd.h>
#include <utility>

#include "protocol/limits.h"
#include "protocol/per_replica.h"
#include "protocol/turn.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/own_fault.h"
#include "runtime/service_manager.h"

namespace tally {
namespace {

constexpr ChannelLimits client_limits{limits::decision_queue_messages, limits::hello_bytes,
                                      wire::kinds<ClientHello, ObservationQuery>(), limits::client_connections};
constexpr ChannelLimits replica_limits{limits::peer_queue_messages, limits::message_bytes, wire::kinds<Vote>()};
constexpr ChannelLimits distributor_limits{limits::peer_queue_messages, limits::message_bytes,
                                           wire::kinds<BallotCalls, View, Fault>()};

ComparatorCore::Config core_config(const Config& config, Incarnation incarnation, const AuditLog& audit_log) {
  ComparatorCore::Config core;
  core.incarnation = incarnation;
  core.pid = static_cast<std::uint64_t>(getpid());
  core.replicas = static_cast<std::size_t>(config.replicas);
  core.ack_timeout = config.ack_timeout();
  core.ack_misses = static_cast<unsigned>(config.ack_misses);
  core.group = audit_log.group();
  core.audit_head = audit_log.head();
  core.given_up = audit_log.given_up();
  return core;
}

}  // namespace

ComparatorShell::ComparatorShell(const Config& config, AuditLog audit_log)
    : doors_(context_, config.comparator_bridge_endpoint, config.comparator_client_endpoint, client_limits),
      distributor_(
          Channel::connect(context_, config.distributor_comparator_endpoint, distributor_limits, random_bytes(16))),
      audit_log_(std::move(audit_log)),
      audit_tail_(audit_log_.take_tail()),
      incarnation_(random_number()),
      takes_faults_(config.fault_injection),
      core_(core_config(config, incarnation_, audit_log_)) {
  doors_.watch_by(waiter_);
  waiter_.watch(distributor_);
  for (const ReplicaId id : ReplicaIds(static_cast<std::size_t>(config.replicas))) {
    const std::string endpoint = config.endpoint_for_comparator(id);
    replicas_.push_back({id, Channel::bind(context_, endpoint, replica_limits, false)});
  }
  for (ReplicaLink& link : replicas_) waiter_.watch_patiently(link.channel);
  waiter_.watch(background_.completion_fd());
  waiter_.watch(stop_.descriptor());
}

void ComparatorShell::run() {
  tell_manager(now_ready);
  while (!stop_.asked()) {
    const Instant now = monotonic_now();
    carry_out(turn(core_, now, [&](ComparatorCore&) { receive_all(now); }));
    suffer(std::exchange(own_fault_, {}), stop_);
    // A socket that has been silent for too long is made anew (law 23). Reports go out whatever
    // comes in, and a distributor that hears one answers.
    if (distributor_silence_.is_over(now)) waiter_.reconnect(distributor_, random_bytes(16));
    distributor_silence_.expect(now);
    waiter_.wait(std::min(core_.next_deadline(), heartbeat_.beat(now)), core_.awaits_votes());
    if (waiter_.is_ready(stop_.descriptor())) stop_.take();
  }
}

// Each socket gets its share of the turn, so that none can keep the others waiting.
void ComparatorShell::receive_all(Instant now) {
  if (waiter_.is_ready(background_.completion_fd())) background_.run_completions();
  receive_from_distributor(now);
  for (ReplicaLink& link : replicas_) receive_from_replica(link, now);
  for (Door& door : doors_) receive_from_clients(door, now);
}

void ComparatorShell::receive_from_distributor(Instant now) {
  Channel::Share share;
  while (auto incoming = distributor_.receive(share)) {
    distributor_silence_.heard();
    if (!incoming->message) continue;
    if (auto* ballots = std::get_if<BallotCalls>(&*incoming->message)) core_.receive(std::move(*ballots), now);
    if (const auto* view = std::get_if<View>(&*incoming->message)) core_.receive(*view, now);
    if (const auto* fault = std::get_if<Fault>(&*incoming->message)) inject(*fault);
  }
}

void ComparatorShell::receive_from_replica(ReplicaLink& link, Instant now) {
  Channel::Share share;
  while (auto incoming = link.channel.receive(share)) {
    auto* vote = incoming->message ? std::get_if<Vote>(&*incoming->message) : nullptr;
    if (vote) core_.receive(link.id, std::move(*vote), now);
  }
}

void ComparatorShell::receive_from_clients(Door& door, Instant now) {
  Channel::Share share;
  while (auto incoming = door.channel.receive(share)) {
    const ClientId client{std::move(incoming->peer), door.principal};
    if (!incoming->message)
      core_.receive(client, ClientHello{}, now);
    else if (const auto* hello = std::get_if<ClientHello>(&*incoming->message))
      core_.receive(client, *hello, now);
    else if (const auto* query = std::get_if<ObservationQuery>(&*incoming->message))
      core_.receive(client, *query, now);
  }
}

// The distributor has seen the token. Whether there are faults here is for this configuration to say
// as well.
void ComparatorShell::inject(const Fault& fault) {
  const std::string_view name = takes_faults_ ? "fault_injected" : "fault_refused";
  log_event(Event(name, Severity::warning).with("kind", to_string(fault.kind)));
  if (takes_faults_) own_fault_ = fault;
}

void ComparatorShell::carry_out(ComparatorOutput output) {
  for (auto& [client, decisions] : output.decisions) doors_.send(client, std::move(decisions));
  for (const ClientId& client : output.welcomes) doors_.send(client, ComparatorWelcome{incarnation_});
  if (output.report) distributor_.send({}, std::move(*output.report));
  if (!output.observers.empty()) answer(std::move(output.observers), output.observation);
  if (!output.audit.empty()) write_audit(std::move(output.audit));
  for (const Event& event : output.events) log_event(event);
}

// Whoever comes by the endpoint for everybody gets no records: their evidence has answers that
// others were given.
void ComparatorShell::answer(std::vector<Observer> observers, const Observation& observation) {
  for (const Observer& observer : observers) {
    Observation answer = observation;
    answer.number = observer.query.number;
    if (observer.client.principal == Principal::bridges) answer.records = audit_tail_.after(observer.query.record);
    doors_.send(observer.client, std::move(answer));
  }
}

// The log is written beside the event loop. A verdict takes effect when its record is written (law
// 16).
void ComparatorShell::write_audit(std::vector<AuditRecord> records) {
  auto kept = std::make_shared<std::vector<AuditRecord>>(std::move(records));
  background_.submit([this, kept]() -> Background::Completion {
    const auto head = audit_log_.append(*kept, calendar_now());
    if (!head) throw std::runtime_error("the audit log: " + head.error());
    auto written = std::make_shared<AuditTail>(audit_log_.take_tail());
    return [this, head = *head, written] {
      core_.audit_written(head.number, head.hash);
      audit_tail_.add(std::move(*written));
    };
  });
}

}  // namespace tally
