// SPDX-License-Identifier: Apache-2.0
#include "simulation/ledger.h"

#include <algorithm>
#include <optional>

#include "simulation/world.h"

namespace tally::simulation {
namespace {

bool is_change(const OwnedOperation& operation) {
  return operation.kind == OperationKind::add || operation.kind == OperationKind::set ||
         operation.kind == OperationKind::remove || operation.kind == OperationKind::expire;
}

// Whether a change was certainly tried when it got this status. One that is malformed may have been
// refused before, and then nobody could tell.
bool was_tried(OperationStatus status) {
  return status != OperationStatus::key_reused && status != OperationStatus::keys_full &&
         status != OperationStatus::malformed && status != OperationStatus::passed_over;
}

std::string text(const Call& call) { return "call " + std::to_string(call.number) + " of " + call.client; }

}  // namespace

std::string describe(const std::vector<OwnedOperation>& operations) {
  constexpr const char* words[] = {"?",      "add",   "get",   "set",    "remove", "list", "list sessions", "close",
                                   "limits", "limit", "clear", "expire", "check",  "scan", "count"};
  static_assert(std::size(words) == static_cast<std::size_t>(last_operation_kind) + 1);
  std::string text;
  for (const OwnedOperation& operation : operations) {
    text += std::string(" ") + words[static_cast<std::size_t>(operation.kind)] + " " + operation.name;
    if (is_change(operation)) text += " #" + std::to_string(tag_of(operation.value));
    if (operation.expiry.kind == ExpiryKind::after) text += " for " + std::to_string(operation.expiry.milliseconds);
    if (operation.expiry.kind == ExpiryKind::at) text += " until " + std::to_string(operation.expiry.milliseconds);
    if (operation.conditions != 0) text += " if " + std::to_string(operation.conditions);
    if (operation.limit > 0) text += " x" + std::to_string(operation.limit);
    if (!operation.idempotency_key.empty()) text += " " + operation.idempotency_key;
  }
  return text;
}

Call& Ledger::begin(const std::string& client, std::vector<OwnedOperation> operations) {
  Call& call = calls_.emplace_back();
  call.number = calls_.size();
  call.client = client;
  call.operations = std::move(operations);
  call.floor = answered_through_;
  return call;
}

void Ledger::completed(Call& call, const std::vector<Answer>& answers) {
  if (call.completed) world_.fail(text(call) + " was completed twice");
  call.completed = true;
  if (answers.size() != call.operations.size()) world_.fail(text(call) + " has too few answers");
  for (std::size_t place = 0; place < answers.size(); ++place) {
    if (answers[place].is_decided()) check_answer(call, place, answers[place]);
    if (world_.plan.workload.keys_have_room && answers[place].result.status == OperationStatus::keys_full)
      world_.fail(text(call) + " was refused for its key");
    expect(call.operations[place], answers[place]);
  }
}

void Ledger::abandoned(Call& call) { completed(call, std::vector<Answer>(call.operations.size())); }

void Ledger::check_answer(const Call& call, std::size_t place, const Answer& answer) {
  ++answered_;
  if (!call.session) world_.fail(text(call) + " was answered and never sent");
  if (answer.votes <= world_.plan.faulty()) world_.fail(text(call) + " was answered with too few votes");
  // Several orders may have given this answer under one number: an order that was lost, and its
  // successor in a later term.
  std::optional<Sequence> earliest;
  Sequence latest;
  for (const Referee::RightResult& candidate : world_.referee.results_of(*call.session, call.request)) {
    const auto result = results::decode(candidate.bytes);
    const bool is_right = result && result->outcome == RequestOutcome::executed &&
                          call.offset + place < result->operations.size() &&
                          result->operations[call.offset + place] == answer.result &&
                          (answer.result.first_sequence || result->sequence == answer.sequence);
    if (!is_right) continue;
    const Sequence stands = call.read_only ? candidate.last_change : answer.sequence;
    earliest = std::min(earliest.value_or(stands), stands);
    latest = std::max(latest, stands);
  }
  if (!earliest) world_.fail(text(call) + " was answered wrongly");
  if (answer.result.first_sequence) return;  // a stored result that came again
  if (latest < call.floor || (!call.read_only && latest == call.floor))
    world_.fail(text(call) + " was answered as of a time before it began");
  answered_through_ = std::max(answered_through_, *earliest);
}

void Ledger::expect(const OwnedOperation& operation, const Answer& answer) {
  if (!is_change(operation)) return;
  Change& change = changes_[tag_of(operation.value)];
  const bool keyed = !operation.idempotency_key.empty();
  switch (answer.outcome) {
    case CallOutcome::done:
    case CallOutcome::refused: {
      const bool tried = !answer.result.first_sequence && was_tried(answer.result.status);
      const bool may_have_been = answer.result.status == OperationStatus::malformed;
      if (tried) change.least = std::max(change.least, 1u);
      // If it has a key, another call may have executed it, and it may be executed once more after
      // the key's lifetime.
      if (tried || keyed || may_have_been) change.most += 1;
      break;
    }
    case CallOutcome::not_applied: break;
    case CallOutcome::unknown: change.most += 1; break;
  }
}

void Ledger::finish() const {
  const auto executions = world_.referee.executions();
  for (const auto& [tag, change] : changes_) {
    const auto found = executions.find(tag);
    const unsigned times = found == executions.end() ? 0 : found->second;
    if (times < change.least) world_.fail("change " + std::to_string(tag) + " was answered and is lost");
    if (times > change.most)
      world_.fail("change " + std::to_string(tag) + " was applied " + std::to_string(times) + " times, " +
                  std::to_string(change.most) + " at most were right");
  }
}

}  // namespace tally::simulation
