// SPDX-License-Identifier: Apache-2.0
#include "client/questions.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace tally {
namespace {

constexpr Duration retry_pause = milliseconds(250);
constexpr Duration connection_retry = milliseconds(5);

}  // namespace

void Questions::ask(Question question, Instant now) {
  const std::uint64_t number = ++questions_;
  if (auto* status = std::get_if<StatusQuery>(&question.message)) status->number = number;
  if (auto* command = std::get_if<AdminCommand>(&question.message)) command->number = number;
  if (auto* query = std::get_if<ObservationQuery>(&question.message)) query->number = number;
  asked_.emplace(number, Asked{std::move(question), now});
}

void Questions::send_due(Instant now, const std::function<bool(const Message&)>& send) {
  for (auto& [number, asked] : asked_) {
    if (asked.retry > now) continue;
    const Message& message = asked.question.message;
    const bool is_command = std::holds_alternative<AdminCommand>(message);
    asked.retry = !send(message) ? now + connection_retry : is_command ? Instant::never() : now + retry_pause;
  }
}

Questions::Completion Questions::take_answered(const Message& reply) {
  std::uint64_t number = 0;
  if (const auto* status = std::get_if<ClusterStatus>(&reply)) number = status->number;
  if (const auto* outcome = std::get_if<AdminReply>(&reply)) number = outcome->number;
  if (const auto* observation = std::get_if<Observation>(&reply)) number = observation->number;
  const auto found = asked_.find(number);  // the first has number 1
  if (found == asked_.end()) return {};
  Completion completion = std::move(found->second.question.completion);
  asked_.erase(found);
  return completion;
}

std::vector<Questions::Completion> Questions::take_expired(Instant now) {
  std::vector<Completion> expired;
  for (auto entry = asked_.begin(); entry != asked_.end();) {
    Question& question = entry->second.question;
    const bool is_expired = question.deadline <= now;
    if (is_expired) expired.push_back(std::move(question.completion));
    entry = is_expired ? asked_.erase(entry) : std::next(entry);
  }
  return expired;
}

Instant Questions::next_deadline() const {
  Instant next = Instant::never();
  for (const auto& [number, asked] : asked_) next = std::min({next, asked.retry, asked.question.deadline});
  return next;
}

}  // namespace tally
