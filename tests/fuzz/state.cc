// SPDX-License-Identifier: Apache-2.0
// Restores a state from any entries, as a donor that lies may send them, with the digest that they
// make. The state must either be refused, or consist of exactly those entries, and then orders must
// run on it.
//
// Input: served i64, then for each entry: type u8, key size u8, value size u8, key, value.
#include "replica/state.h"

#include <algorithm>
#include <map>
#include <string>

#include "protocol/bytes.h"
#include "protocol/operation_codec.h"
#include "replica/state_entries.h"
#include "target.h"

using namespace tally;

namespace {

using Entries = std::map<std::string, std::string>;

const StateLimits few{.bridges = {4, 1024, 2048, 8}, .clients = {4, 1024, 2048, 8}, .session_window = 4};

Entries read_entries(ByteReader& reader) {
  Entries entries;
  entries[std::string(1, entry_type::limits)] = limits_entry(few);
  while (reader.ok() && !reader.rest().empty()) {
    std::string key(1, static_cast<char>(reader.number<std::uint8_t>()));
    const auto key_size = reader.number<std::uint8_t>();
    const auto value_size = reader.number<std::uint8_t>();
    key += reader.take(key_size);
    entries[key] = reader.take(value_size);
  }
  return entries;
}

CheckpointHeader header_of(const Entries& entries, ServedTime served) {
  CheckpointHeader header;
  header.applied.sequence = Sequence(1'000'000);
  header.served = served;
  for (const auto& [key, value] : entries) header.state += entry_digest(key, value);
  return header;
}

bool restore(State& state, const Entries& entries, const CheckpointHeader& header) {
  std::string chunk;
  for (const auto& [key, value] : entries) CHECK(append_entry(chunk, key, value));
  const bool restored =
      visit_entries(chunk, {}, entries.rbegin()->first,
                    [&](std::string_view key, std::string_view value) { return state.restore(key, value); });
  return restored && state.finish_restore(header);
}

void follow(Entries& entries, const CheckpointDelta& delta) {
  for (const EntryChange& change : delta.changes) {
    if (change.value)
      entries[change.key] = *change.value;
    else
      entries.erase(change.key);
  }
}

// Adds to the counter of this name, with an idempotency key and without.
std::string operations_on(std::string_view name) {
  return encode_operations({{OperationKind::add, name, 1, {}, {}, 0},
                            {OperationKind::list, {}, 0, {}, {}, 10},
                            {OperationKind::add, name, 1, name, {}, 0},
                            {OperationKind::scan, {}, 0, {}, {}, 10},
                            {OperationKind::count, {}, 0, {}, {}, 0},
                            {OperationKind::expire, name, 0, {}, {}, 0, {ExpiryKind::after, 500}, 0, true},
                            {OperationKind::add, "new", 1, {}, {}, 0, {ExpiryKind::after, 500}, 0, true}});
}

// An order that opens a new session, and has a request for each entry, in the newest session before
// it.
Order next_order(const Entries& entries, const CheckpointHeader& header, Duration later) {
  Order order;
  order.id.sequence = header.applied.sequence.next();
  order.served = header.served + later;
  order.requests.resize(1);
  order.requests[0].kind = RequestKind::open_session;
  order.requests[0].session = {{1, 2, 3}};
  Request request;
  request.session = order.requests[0].session;
  request.number = RequestNumber(1);
  request.result_limit = 64 * 1024;
  for (const auto& [key, value] : entries) {
    if (key[0] == entry_type::session) {
      std::copy_n(key.begin() + 1, request.session.bytes.size(), request.session.bytes.begin());
      request.acknowledged = RequestNumber(ByteReader(value).number<std::uint64_t>());
      request.number = request.acknowledged.next();
    }
    request.operations = operations_on(std::string_view(key).substr(1));
    order.requests.push_back(request);
  }
  return order;
}

void check_restored(State& state, Entries entries, CheckpointHeader header) {
  CHECK(state.recomputed_digest() == header.state && state.digest() == header.state);
  CHECK(state.scrub());
  for (const Duration later : {Duration(), seconds(1), hours(30)}) {
    std::string results;
    state.apply(next_order(entries, header, later), results);
    CHECK(state.digest() == state.recomputed_digest());
    header.applied.sequence = header.applied.sequence.next();
    follow(entries, state.capture({}));
    CHECK(header_of(entries, {}).state == state.digest());
  }
  CHECK(state.scrub());
  State again(few, 2);
  const CheckpointHeader now = header_of(entries, state.served());
  CHECK(restore(again, entries, now) && again.digest() == state.digest());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(fuzz::bytes_of(data, size));
  // Never negative, because the wire refuses that.
  const ServedTime served{reader.number<std::int64_t>() & (INT64_MAX >> 1)};
  const Entries entries = read_entries(reader);
  if (!reader.ok()) return 0;
  const CheckpointHeader header = header_of(entries, served);
  {
    State other(few, 1);
    CheckpointHeader wrong = header;
    wrong.state.low ^= 1;
    CHECK(!restore(other, entries, wrong));
  }
  State state(few, 1);
  if (!restore(state, entries, header)) return 0;
  fuzz::accepted();
  State full(few, 3);
  CHECK(restore(full, entries, header));
  full.forget_captures();
  Entries captured;
  follow(captured, full.capture({}));
  CHECK(captured == entries);
  check_restored(state, entries, header);
  return 0;
}
