// SPDX-License-Identifier: Apache-2.0
// What replicas send to one another: the state, on its way from a donor to a replica that imports
// it.
#include <utility>

#include "protocol/limits.h"
#include "wire/convert.h"

namespace tally::wire {

void to_proto(const CheckpointHeader& header, v1::CheckpointHeader& proto) {
  proto.set_group(header.group.value);
  to_proto(header.applied, *proto.mutable_applied());
  proto.set_served_ns(static_cast<std::uint64_t>(header.served.nanoseconds));
  proto.set_calendar_unix_ms(static_cast<std::uint64_t>(header.calendar.unix_milliseconds));
  proto.set_semantics(header.semantics);
  to_proto(header.state, *proto.mutable_state());
}

bool from_proto(v1::CheckpointHeader& proto, CheckpointHeader& header) {
  header.group = GroupId(proto.group());
  header.applied = from_proto(proto.applied());
  header.state = from_proto(proto.state());
  return from_proto(proto.served_ns(), header.served.nanoseconds) &&
         from_proto(proto.calendar_unix_ms(), header.calendar.unix_milliseconds) &&
         from_proto(proto.semantics(), header.semantics);
}

void to_proto(const StateRequest& request, v1::StateRequest& proto) {
  proto.set_group(request.group.value);
  proto.set_checkpoint(request.checkpoint.value);
  proto.set_least(request.least.value);
  proto.set_after(request.after);
  proto.set_unproven(request.unproven);
}

bool from_proto(v1::StateRequest& proto, StateRequest& request) {
  request.group = GroupId(proto.group());
  request.checkpoint = Sequence(proto.checkpoint());
  request.least = Sequence(proto.least());
  request.unproven = proto.unproven();
  return from_proto(*proto.mutable_after(), limits::entry_key_bytes, request.after);
}

void to_proto(StateChunk& chunk, v1::StateChunk& proto) {
  proto.set_answer(to_proto(chunk.answer));
  proto.set_checkpoint(chunk.checkpoint.value);
  proto.set_after(chunk.after);
  to_proto(chunk.header, *proto.mutable_header());
  proto.set_entries(std::move(chunk.entries));
  proto.set_through(chunk.through);
  proto.set_last(chunk.last);
}

bool from_proto(v1::StateChunk& proto, StateChunk& chunk) {
  chunk.checkpoint = Sequence(proto.checkpoint());
  chunk.last = proto.last();
  return from_proto(*proto.mutable_after(), limits::entry_key_bytes, chunk.after) &&
         from_proto(*proto.mutable_entries(), limits::state_chunk_bytes, chunk.entries) &&
         from_proto(*proto.mutable_through(), limits::entry_key_bytes, chunk.through) &&
         from_proto(proto.answer(), chunk.answer) && from_proto(*proto.mutable_header(), chunk.header);
}

}  // namespace tally::wire
