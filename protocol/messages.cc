// SPDX-License-Identifier: Apache-2.0
#include "protocol/messages.h"

#include <array>

#include "protocol/bytes.h"

namespace tally {
namespace {

constexpr std::array<std::string_view, 10> fault_words = {
    "none", "wrong-value", "wrong-state",        "silent",   "slow", "crash",
    "hang", "drop-orders", "corrupt-checkpoint", "disk-full"};

}  // namespace

Digest chain_of(const Order& order) {
  thread_local std::string bytes;
  bytes.clear();
  append_digest(bytes, order.previous);
  append_number(bytes, order.id.term.value);
  append_number(bytes, order.id.sequence.value);
  append_number(bytes, order.served.nanoseconds);
  append_number(bytes, order.calendar.unix_milliseconds);
  append_number(bytes, order.semantics);
  append_digest(bytes, order.key_secret);
  for (const Request& request : order.requests) {
    append_number(bytes, static_cast<std::uint8_t>(request.kind));
    append_number(bytes, static_cast<std::uint8_t>(request.read_only));
    bytes.append(reinterpret_cast<const char*>(request.session.bytes.data()), request.session.bytes.size());
    append_number(bytes, static_cast<std::uint16_t>(request.principal));
    append_number(bytes, request.number.value);
    append_number(bytes, request.acknowledged.value);
    append_number(bytes, request.attempt);
    append_number(bytes, request.result_limit);
    append_digest(bytes, digest_of(request.operations));
  }
  return digest_of(bytes);
}

std::string_view to_string(GroupState state) {
  switch (state) {
    case GroupState::ok: return "ok";
    case GroupState::degraded: return "degraded";
    case GroupState::unavailable: return "unavailable";
    case GroupState::halted: return "halted";
  }
  return "unknown";
}

std::string_view to_string(ReplicaState state) {
  switch (state) {
    case ReplicaState::voting: return "voting";
    case ReplicaState::evicted: return "evicted";
    case ReplicaState::recovering: return "recovering";
    case ReplicaState::probation: return "probation";
    case ReplicaState::quarantined: return "quarantined";
    case ReplicaState::down: return "down";
  }
  return "unknown";
}

std::string_view to_string(VerdictReason reason) {
  switch (reason) {
    case VerdictReason::dissent: return "dissent";
    case VerdictReason::silence: return "silence";
  }
  return "unknown";
}

std::string_view to_string(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::overloaded: return "overloaded";
    case RefusalReason::unavailable: return "unavailable";
    case RefusalReason::undecided: return "undecided";
    case RefusalReason::draining: return "draining";
    case RefusalReason::malformed: return "malformed";
  }
  return "unknown";
}

std::string_view to_string(FaultKind kind) {
  const auto place = static_cast<std::size_t>(kind);
  return place < fault_words.size() ? fault_words[place] : "unknown";
}

std::optional<FaultKind> fault_kind_from(std::string_view word) {
  for (std::size_t place = 1; place < fault_words.size(); ++place)
    if (fault_words[place] == word) return static_cast<FaultKind>(place);
  return std::nullopt;
}

}  // namespace tally
