// SPDX-License-Identifier: Apache-2.0
#include "protocol/messages.h"

#include "protocol/bytes.h"

namespace tally {

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

}  // namespace tally
