// SPDX-License-Identifier: Apache-2.0
#include "replica/checkpoint_pair.h"

#include <utility>

#include "protocol/check.h"

namespace tally {
namespace {

using Kind = StoreError::Kind;

// A larger delta is not kept in memory for the next commit, which copies the other store instead.
constexpr std::size_t kept_changes = 250'000;

// Errors that say nothing about what the store holds, and for which it is not to blame.
bool says_nothing(const StoreError& error) {
  return error.kind == Kind::not_written || error.kind == Kind::locked || error.kind == Kind::inaccessible;
}

StoreError mismatch(const Digest& recorded, const Digest& recomputed) {
  return {Kind::digest_mismatch, "recorded " + to_hex(recorded) + ", recomputed " + to_hex(recomputed)};
}

}  // namespace

CheckpointPair::CheckpointPair(std::unique_ptr<CheckpointStore> first, std::unique_ptr<CheckpointStore> second)
    : slots_{Slot{std::move(first), 'a', {}}, Slot{std::move(second), 'b', {}}} {}

// ---- the slots

// Where the next checkpoint goes.
CheckpointPair::Slot& CheckpointPair::older() {
  for (Slot& slot : slots_)
    if (!slot.header) return slot;
  for (Slot& slot : slots_)
    if (slot.header == base_) return other(slot);
  return slots_[0].header->applied.sequence < slots_[1].header->applied.sequence ? slots_[0] : slots_[1];
}

CheckpointPair::Slot* CheckpointPair::newest_slot() {
  Slot* found = nullptr;
  for (Slot& slot : slots_)
    if (slot.header && (!found || slot.header->applied.sequence > found->header->applied.sequence)) found = &slot;
  return found;
}

Sequence CheckpointPair::newest() const {
  Sequence found;
  for (const Slot& slot : slots_)
    if (slot.header) found = std::max(found, slot.header->applied.sequence);
  return found;
}

void CheckpointPair::empty(Slot& slot) {
  slot.header.reset();
  if (&slot == &slots_[scrubbed_slot_]) pass_.reset();
}

void CheckpointPair::put_aside(Slot& slot, const StoreError& error) {
  Event event("checkpoint_damaged", Severity::error);
  event.with("slot", std::string_view(&slot.letter, 1)).with("reason", error.detail);
  if (slot.header) event.with("checkpoint", slot.header->applied.sequence);
  events_.push_back(std::move(event));
  empty(slot);
  if (const auto discarded = slot.store->discard(); !discarded)
    events_.push_back(
        Event("checkpoint_not_put_aside", Severity::error).with("reason", std::string_view(discarded.error().detail)));
}

Stored<void> CheckpointPair::find_header(Slot& slot) {
  empty(slot);
  auto found = slot.store->header();
  if (found) {
    slot.header = *found;
  } else if (found.error().kind == Kind::locked || found.error().kind == Kind::inaccessible) {
    return tl::unexpected(found.error());
  } else if (says_nothing(found.error())) {
    events_.push_back(
        Event("checkpoint_unreadable", Severity::error).with("reason", std::string_view(found.error().detail)));
  } else {
    put_aside(slot, found.error());
  }
  return {};
}

// What was there before must still be there: files can vanish under an open database.
void CheckpointPair::expect_header(Slot& slot) {
  if (!slot.header) return;
  const auto found = slot.store->header();
  if (found && *found == slot.header) return;
  if (!found && says_nothing(found.error())) return;
  put_aside(slot, found ? StoreError{Kind::unusable, *found ? "another checkpoint" : "it is gone"} : found.error());
}

// ---- load

Stored<std::optional<CheckpointHeader>> CheckpointPair::load(const CheckpointReceiver& receiver, Sequence below) {
  base_.reset();
  before_last_.reset();
  last_.reset();
  for (Slot& slot : slots_) {
    if (auto found = find_header(slot); !found) return tl::unexpected(found.error());
    if (!slot.header || below.value == 0 || slot.header->applied.sequence < below) continue;
    events_.push_back(
        Event("checkpoint_distrusted", Severity::warning).with("checkpoint", slot.header->applied.sequence));
    empty(slot);
  }
  while (Slot* slot = newest_slot()) {
    const auto loaded = load_slot(*slot, receiver);
    if (loaded) return base_ = slot->header;
    if (loaded.error().kind == Kind::rejected || says_nothing(loaded.error())) return tl::unexpected(loaded.error());
    put_aside(*slot, loaded.error());
  }
  return std::nullopt;
}

// Law 10: the digest is summed up again.
Stored<void> CheckpointPair::load_slot(Slot& slot, const CheckpointReceiver& receiver) {
  const auto reader = slot.store->reader();
  if (!reader) return tl::unexpected(reader.error());
  if (!*reader) return store_error(Kind::unusable, "it is gone");
  receiver.begin();
  Digest sum;
  bool sensible = true;
  const auto read = (*reader)->read({}, [&](std::string_view key, std::string_view value) {
    sum += entry_digest(key, value);
    sensible = sensible && receiver.entry(key, value);
    return true;
  });
  if (!read) return tl::unexpected(read.error());
  const CheckpointHeader& header = (*reader)->header();
  if (sum != header.state) return tl::unexpected(mismatch(header.state, sum));
  if (!sensible) return store_error(header.imported ? Kind::unusable : Kind::rejected, "an entry makes no sense");
  if (!receiver.finish(header)) return store_error(Kind::unusable, "the entries make no sense together");
  return {};
}

// ---- commit

Stored<void> CheckpointPair::commit(std::shared_ptr<const CheckpointDelta> delta) {
  for (Slot& slot : slots_) expect_header(slot);
  Slot& slot = older();
  const auto done = delta->full ? write_full(slot, *delta) : commit_changes(slot, *delta);
  if (!done) return done;
  slot.header = delta->header;
  before_last_ = std::exchange(base_, delta->header);
  const bool keep = !delta->full && delta->changes.size() <= kept_changes;
  last_ = keep ? std::move(delta) : nullptr;
  return {};
}

// What has to be written on top of what this slot holds. Nothing: that is not known.
std::optional<DeltaList> CheckpointPair::deltas_on(const Slot& slot, const CheckpointDelta& delta) const {
  if (!slot.header) return std::nullopt;
  if (slot.header == base_) return DeltaList{&delta};
  if (last_ && slot.header == before_last_) return DeltaList{last_.get(), &delta};
  return std::nullopt;
}

Stored<void> CheckpointPair::commit_changes(Slot& slot, const CheckpointDelta& delta) {
  if (const auto deltas = deltas_on(slot, delta)) {
    const auto done = slot.store->commit(*deltas);
    if (done) return {};
    if (done.error().kind != Kind::unusable && done.error().kind != Kind::lacks_base) return done;
    put_aside(slot, done.error());
  }
  Slot& source = other(slot);
  const auto deltas = deltas_on(source, delta);
  if (!deltas) return store_error(Kind::lacks_base, "neither store has what these changes belong to");
  if (slot.header)  // something to lose
    if (const auto verified = verify(source); !verified) return verified;
  return copy(source, slot, *deltas);
}

Stored<void> CheckpointPair::verify(Slot& slot) {
  const CheckpointReceiver nobody{[] {}, [](std::string_view, std::string_view) { return true; },
                                  [](const CheckpointHeader&) { return true; }};
  auto verified = load_slot(slot, nobody);
  if (verified || says_nothing(verified.error())) return verified;
  put_aside(slot, verified.error());
  return store_error(Kind::lacks_base, "the other store is damaged");
}

// Writes `slot` in full: what `source` holds, and the deltas.
Stored<void> CheckpointPair::copy(Slot& source, Slot& slot, const DeltaList& deltas) {
  const auto reader = source.store->reader();
  if (!reader || !*reader) return store_error(Kind::not_written, reader ? "it is gone" : reader.error().detail);
  empty(slot);
  const auto writer = slot.store->rewrite();
  if (!writer) return tl::unexpected(writer.error());
  const auto copied = copy_entries(**reader, **writer, deltas);
  if (copied) return (*writer)->finish(deltas.back()->header);
  if (says_nothing(copied.error())) return copied;
  put_aside(source, copied.error());
  return store_error(Kind::lacks_base, "the other store is damaged");
}

// Merges the entries and the changes, both of which come in byte order of keys.
Stored<void> CheckpointPair::copy_entries(CheckpointReader& reader, CheckpointWriter& writer, const DeltaList& deltas) {
  const auto changed = newest_changes(deltas);
  auto change = changed.begin();
  Stored<void> written;
  const auto write_change = [&] {
    if ((*change)->value) written = writer.put((*change)->key, *(*change)->value);
    ++change;
  };
  Digest sum;
  const auto read = reader.read({}, [&](std::string_view key, std::string_view value) {
    sum += entry_digest(key, value);
    while (written && change != changed.end() && (*change)->key < key) write_change();
    if (written && change != changed.end() && (*change)->key == key)
      write_change();
    else if (written)
      written = writer.put(key, value);
    return written.has_value();
  });
  if (!read) return tl::unexpected(read.error());
  if (!written) return written;
  if (sum != reader.header().state) return tl::unexpected(mismatch(reader.header().state, sum));
  while (written && change != changed.end()) write_change();
  return written;
}

Stored<void> CheckpointPair::write_full(Slot& slot, const CheckpointDelta& delta) {
  empty(slot);
  const auto writer = slot.store->rewrite();
  if (!writer) return tl::unexpected(writer.error());
  for (const EntryChange* change : newest_changes({&delta}))
    if (change->value)
      if (const auto written = (*writer)->put(change->key, *change->value); !written) return written;
  return (*writer)->finish(delta.header);
}

// ---- readers and writers of others

Stored<std::unique_ptr<CheckpointWriter>> CheckpointPair::rewrite_older() {
  Slot& slot = older();
  empty(slot);
  return slot.store->rewrite();
}

Stored<std::unique_ptr<CheckpointReader>> CheckpointPair::reader(Sequence checkpoint) {
  for (Slot& slot : slots_) expect_header(slot);
  if (checkpoint.value == 0) checkpoint = newest();
  for (Slot& slot : slots_)
    if (slot.header && slot.header->applied.sequence == checkpoint) return slot.store->reader();
  return nullptr;
}

bool CheckpointPair::damage() {
  Slot* slot = newest_slot();
  return slot && slot->store->damage();
}

// ---- scrub

bool CheckpointPair::scrub(std::size_t bytes) {
  Slot& slot = slots_[scrubbed_slot_];
  if (!pass_ && !begin_scrub(slot)) return next_scrub();
  std::size_t seen = 0;
  const auto read = pass_->reader->read(pass_->after, [&](std::string_view key, std::string_view value) {
    pass_->sum += entry_digest(key, value);
    pass_->after.assign(key);
    seen += key.size() + value.size();
    return seen < bytes;
  });
  if (read && !*read) return false;  // to be continued
  const Digest& recorded = pass_->reader->header().state;
  if (!read && read.error().kind != Kind::gone)
    put_aside(slot, read.error());
  else if (read && pass_->sum != recorded)
    put_aside(slot, mismatch(recorded, pass_->sum));
  return next_scrub();
}

bool CheckpointPair::begin_scrub(Slot& slot) {
  if (!slot.header) return false;
  slot.store->close();
  expect_header(slot);
  if (!slot.header) return false;
  auto reader = slot.store->reader();
  if (!reader || !*reader) return false;
  pass_ = Pass{std::move(*reader), {}, {}};
  return true;
}

bool CheckpointPair::next_scrub() {
  pass_.reset();
  scrubbed_slot_ = 1 - scrubbed_slot_;
  return scrubbed_slot_ == 0;
}

}  // namespace tally
