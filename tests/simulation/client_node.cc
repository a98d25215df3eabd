// SPDX-License-Identifier: Apache-2.0
#include "simulation/client_node.h"

#include <algorithm>
#include <utility>

#include "protocol/operation_codec.h"
#include "protocol/turn.h"
#include "simulation/world.h"

namespace tally::simulation {
namespace {

constexpr Duration probe_patience = seconds(20);
constexpr Duration closing_patience = seconds(2);

// A call whose answer has not come this long after its patience ended will never get one: the group
// or the client has forgotten it.
constexpr Duration grace = seconds(1);

}  // namespace

ClientNode::ClientNode(World& world, Workload& workload, const std::string& name)
    : Node(world, name, 2), workload_(workload) {}

void ClientNode::begin() {
  SessionConfig config;
  config.incarnation = Incarnation(random_.next());
  config.requests_in_flight = world_.plan.workload.requests_in_flight;
  config.random = [this] { return random_.next(); };
  core_ = std::make_unique<SessionCore>(config, clock());
  closing_ = false;
  next_calls_.assign(world_.plan.workload.calls_at_once, world_.agenda.now());
}

void ClientNode::end() {
  for (const auto& [id, call] : outstanding_) world_.ledger.abandoned(*call);
  outstanding_.clear();
  unsent_.clear();
  core_.reset();
}

Instant ClientNode::turn() {
  const Instant now = clock();
  SessionOutput output = tally::turn(*core_, now, [&](SessionCore&) {
    run_completions();
    call_some(now);
    for (const std::size_t channel : {comparator_channel, distributor_channel})
      for (const Arrival& arrival : take(channel))
        if (arrival.message) {
          Message message = *arrival.message;
          core_->receive(message, now);
        }
  });
  carry_out(std::move(output));
  if (closing_ && core_->closed()) end_soon(Duration{});
  Instant next = core_->next_deadline();
  for (const Instant due : next_calls_)
    if (calling_ && !closing_ && due != Instant::never()) next = std::min(next, now + (due - world_.agenda.now()));
  return next;
}

// ---- calls

void ClientNode::call_some(Instant now) {
  const WorkloadPlan& plan = world_.plan.workload;
  for (Instant& due : next_calls_) {
    if (!calling_ || closing_ || due > world_.agenda.now()) continue;
    due = Instant::never();  // until this call is answered
    submit(workload_.draw(random_, world_.calendar()), random_.between(plan.patience_least, plan.patience_most), now);
  }
}

void ClientNode::submit(const std::vector<OwnedOperation>& operations, Duration patience, Instant now) {
  Call& call = world_.ledger.begin(name(), operations);
  const CallId id{call.number};
  outstanding_.emplace(id, &call);
  unsent_.push_back(id);
  world_.trace.line(name(), "call " + std::to_string(call.number) + ":", describe(call.operations));
  world_.agenda.after(patience + grace, [this, &call, life = life()] {
    if (up() && life == this->life() && !hung() && !call.completed)
      world_.fail("call " + std::to_string(call.number) + " of " + name() + " is not completed at its timeout");
  });
  core_->submit(id, operations, now + patience);
}

void ClientNode::close_session() {
  if (!up() || hung() || !calling_ || closing_) return;
  world_.trace.line(name(), "closes its session");
  closing_ = true;
  core_->close(clock());
  end_soon(closing_patience);
  wake();
}

void ClientNode::end_soon(Duration pause) {
  world_.agenda.after(pause, [this, life = life()] {
    if (up() && life == this->life()) crash_and_restart(milliseconds(10));
  });
}

void ClientNode::probe() {
  probing_ = true;
  probe_succeeded_ = false;
  submit({{OperationKind::get, "probe", 0, {}, {}, 0}}, probe_patience, clock());
  wake();
}

// For a probe, it is also an answer that tables are full or that the session expired while nothing
// was asked.
void ClientNode::complete(const CompletedCall& completed) {
  const auto found = outstanding_.find(completed.call);
  if (found == outstanding_.end()) world_.fail("a call was completed that nobody made, or twice");
  Call& call = *found->second;
  outstanding_.erase(found);
  std::erase(unsent_, completed.call);
  world_.ledger.completed(call, completed.answers);
  const Answer& first = completed.answers.at(0);
  world_.trace.line(name(), "call " + std::to_string(call.number) + ": ",
                    first.is_decided()                      ? "answered as of " + std::to_string(first.sequence.value)
                    : first.outcome == CallOutcome::unknown ? "unknown, " + std::string(to_string(first.error))
                                                            : "not applied, " + std::string(to_string(first.error)));
  if (probing_)
    probe_succeeded_ =
        first.is_decided() || first.error == CallError::tables_full || first.error == CallError::session_expired;
  workload_.completed(call.operations, completed.answers, random_);
  const auto slot = std::ranges::find(next_calls_, Instant::never());
  if (slot != next_calls_.end()) *slot = world_.agenda.now() + random_.about(world_.plan.workload.pause);
}

// ---- what goes out

// Notes in which request each call went out. Calls go into requests in the order in which they were
// submitted.
void ClientNode::note_sent(const Request& request) {
  if (request.kind != RequestKind::operations || request.attempt != 1) return;
  std::vector<Operation> operations;
  if (!decode_operations(request.operations, operations)) world_.fail(name() + " sent what cannot be decoded");
  for (std::size_t offset = 0; offset < operations.size();) {
    if (unsent_.empty()) world_.fail(name() + " sent what nobody asked for");
    Call& call = *outstanding_.at(unsent_.front());
    unsent_.pop_front();
    call.session = request.session;
    call.request = request.number;
    call.read_only = request.read_only;
    call.offset = offset;
    offset += call.operations.size();
    world_.trace.line(name(), "call " + std::to_string(call.number) + ": ",
                      "sent in request " + std::to_string(request.number.value));
  }
}

void ClientNode::carry_out(SessionOutput output) {
  for (const CompletedCall& completed : output.completed) complete(completed);
  for (Message& message : output.to_distributor) {
    const auto* sent = std::get_if<ClientRequest>(&message);
    if (sent) note_sent(sent->request);
    if (world_.network.send_up(*distributor_, parcel(message)) != Sent::sent && sent)
      core_->not_sent(sent->request, clock());
  }
  for (Message& message : output.to_comparator) world_.network.send_up(*comparator_, parcel(std::move(message)));
}

}  // namespace tally::simulation
