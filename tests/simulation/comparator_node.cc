// SPDX-License-Identifier: Apache-2.0
#include "simulation/comparator_node.h"

#include <algorithm>
#include <utility>

#include "protocol/turn.h"
#include "simulation/world.h"

namespace tally::simulation {

ComparatorNode::ComparatorNode(World& world) : Node(world, "comparator", world.plan.membership.replicas + 2) {}

std::size_t ComparatorNode::client_channel() const { return world_.plan.membership.replicas + 1; }

void ComparatorNode::begin() {
  ComparatorCore::Config config;
  config.incarnation = incarnation_ = Incarnation(random_.next() | 1);
  config.pid = life();
  config.replicas = world_.plan.membership.replicas;
  config.ack_timeout = world_.plan.ack_timeout;
  config.ack_misses = world_.plan.ack_misses;
  config.group = group_;
  config.audit_head = audit_head_;
  core_ = std::make_unique<ComparatorCore>(config);
  audit_free_ = {};
  on_record_.clear();
  world_.referee.comparator_began();
}

void ComparatorNode::end() { core_.reset(); }

Instant ComparatorNode::turn() {
  const Instant now = clock();
  carry_out(tally::turn(*core_, now, [&](ComparatorCore& core) { receive_all(core, now); }));
  return core_->next_deadline();
}

void ComparatorNode::receive_all(ComparatorCore& core, Instant now) {
  run_completions();
  for (const Arrival& arrival : take(distributor_channel)) {
    if (!arrival.message) continue;
    if (const auto* ballots = std::get_if<BallotCalls>(&*arrival.message)) core.receive(*ballots, now);
    if (const auto* view = std::get_if<View>(&*arrival.message)) {
      core.receive(*view, now);
      world_.referee.view_arrived(*view, incarnation_);
    }
  }
  const ReplicaIds replicas(world_.plan.membership.replicas);
  for (const ReplicaId replica : replicas) {
    for (const Arrival& arrival : take(replica_channel(replica))) {
      const auto* vote = arrival.message ? std::get_if<Vote>(&*arrival.message) : nullptr;
      if (!vote) continue;
      world_.referee.vote_arrived(replica, *vote);
      core.receive(replica, *vote, now);
      if (world_.plan.sabotage == Sabotage::trusted_name)
        for (const ReplicaId other : replicas)
          if (other != replica) core.receive(other, *vote, now);
    }
  }
  for (const Arrival& arrival : take(client_channel()))
    if (!arrival.message || std::holds_alternative<ClientHello>(*arrival.message))
      core.receive(client_of(arrival), ClientHello{}, now);
}

void ComparatorNode::carry_out(ComparatorOutput output) {
  tell_all(output.events);
  for (AddressedDecisions& decided : output.decisions) {
    world_.referee.decided(decided.decisions);
    send_to_client(decided.client, std::move(decided.decisions));
  }
  for (const ClientId& client : output.welcomes) send_to_client(client, ComparatorWelcome{incarnation_});
  if (output.report) {
    for (const Verdict& verdict : output.report->verdicts)
      if (std::ranges::find(on_record_, verdict) == on_record_.end())
        world_.fail("a verdict on replica " + std::to_string(verdict.replica.value) +
                    " takes effect and is not on record");
    world_.referee.comparator_reported(*output.report);
    world_.network.send_up(*distributor_, parcel(std::move(*output.report)));
  }
  if (!output.audit.empty()) {
    group_ = output.audit.back().group;
    write_audit(output.audit);
  }
}

void ComparatorNode::send_to_client(const ClientId& client, Message message) {
  const ClientAddress address = address_of(client);
  const auto link = clients_.find(address.name);
  if (link != clients_.end()) world_.network.send_down(*link->second, address.life, parcel(std::move(message)));
}

// The log is written by one job after another. What a process had not written when it ended is not
// in the log.
void ComparatorNode::write_audit(const std::vector<AuditRecord>& records) {
  const Instant now = world_.agenda.now();
  audit_free_ = std::max(audit_free_, now) + random_.between(microseconds(200), world_.plan.audit_most);
  auto head = std::make_shared<AuditHead>();
  later(
      audit_free_ - now,
      [this, records, head] {
        for (const AuditRecord& record : records)
          if (const auto* found = std::get_if<VerdictRecord>(&record.content)) on_record_.push_back(found->verdict);
        audit_head_.number += records.size();
        audit_head_.hash = to_hex({random_.next(), random_.next()}) + to_hex({random_.next(), random_.next()});
        *head = audit_head_;
      },
      [this, head] { core_->audit_written(head->number, head->hash); });
}

}  // namespace tally::simulation
