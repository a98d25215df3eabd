// SPDX-License-Identifier: Apache-2.0
// What operators may look at and change: sessions, and the limits of accounts. These are operations
// like all others, so that every replica answers them, and changes the same at the same place in
// the order.
#include <string>

#include "protocol/limits.h"
#include "protocol/session.h"
#include "replica/state.h"

namespace tally {
namespace {

void append_entry(std::string& results, const std::string& name, std::uint64_t value) {
  append_number(results, static_cast<std::uint16_t>(name.size()));
  results.append(name);
  append_number(results, static_cast<std::int64_t>(value));
}

}  // namespace

void State::execute_for_operator(const Operation& operation, const Frame& frame, std::string& results) {
  const auto answer = [&](const CounterResult& result) {
    results::append_operation(results, result.status, result.value);
  };
  // Law 25: operators come by the endpoints that are for them and for the bridges.
  if (frame.author.maker != Principal::bridges) return answer({OperationStatus::forbidden});
  if (frame.read_only && !is_read(operation.kind)) return answer({OperationStatus::read_only});
  if (is_list(operation.kind) && !is_proper_list(operation)) return answer({OperationStatus::malformed});
  switch (operation.kind) {
    case OperationKind::list_sessions: {
      const std::size_t start = results::begin_list(results);
      const std::uint32_t entries = sessions_.list(operation.after, operation.limit, served_, results);
      return results::end_list(results, start, entries, entries);
    }
    case OperationKind::list_limits: return list_limits(operation.limit, results);
    case OperationKind::set_limit: return answer(set_limit(operation));
    case OperationKind::clear: return answer(clear(operation));
    default: break;
  }
  const std::optional<SessionId> session = session_from_hex(operation.name);
  // The results of its own session are yet to come.
  if (!session || session == frame.session) return answer({OperationStatus::malformed});
  const auto bytes = static_cast<std::int64_t>(sessions_.bytes_of(*session));
  if (!sessions_.close(*session)) return answer({OperationStatus::not_found});
  answer({OperationStatus::ok, bytes});
}

std::uint64_t State::used(Principal principal, std::size_t limits::Account::*limit) const {
  if (limit == &limits::Account::counter_bytes) return counters_.bytes_of(principal);
  if (limit == &limits::Account::result_bytes) return sessions_.account_of(principal).result_bytes;
  if (limit == &limits::Account::sessions) return sessions_.account_of(principal).sessions;
  const auto keys = keys_.find(principal);
  return keys == keys_.end() ? 0 : keys->second.size();
}

void State::list_limits(std::uint32_t most, std::string& results) const {
  const std::size_t start = results::begin_list(results);
  std::uint32_t count = 0;
  const auto append = [&](const std::string& name, std::uint64_t value) {
    if (count == most) return;
    append_entry(results, name, value);
    ++count;
  };
  for (const AccountName& account : account_names) {
    for (const AccountLimit& limit : account_limits) {
      const std::string name = std::string(account.word) + "." + std::string(limit.word);
      append(name, (limits_.*account.account).*limit.value);
      append(name + ".used", used(account.principal, limit.value));
    }
  }
  results::end_list(results, start, count, count);
}

CounterResult State::clear(const Operation& operation) {
  if (!is_proper_list(operation)) return {OperationStatus::malformed};
  const Counters::Step step = counters_.clear(static_cast<std::uint64_t>(operation.value), operation.limit);
  return {OperationStatus::ok, static_cast<std::int64_t>(step.next)};
}

// A limit that is below what is used already refuses what is new. Idempotency keys that are too
// many are dropped when they are old enough.
CounterResult State::set_limit(const Operation& operation) {
  for (const AccountName& account : account_names) {
    for (const AccountLimit& limit : account_limits) {
      if (operation.name != std::string(account.word) + "." + std::string(limit.word)) continue;
      if (operation.value < limit.least || operation.value > limit.most) return {OperationStatus::malformed};
      (limits_.*account.account).*limit.value = static_cast<std::size_t>(operation.value);
      limits_entry_ = limits_entry(limits_);
      limits_changed_ = true;
      return {OperationStatus::ok, operation.value};
    }
  }
  return {OperationStatus::not_found};
}

}  // namespace tally
