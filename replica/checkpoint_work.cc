// SPDX-License-Identifier: Apache-2.0
#include "replica/checkpoint_work.h"

#include <iterator>
#include <utility>

#include "replica/state_entries.h"

namespace tally {

CheckpointWork::Loaded CheckpointWork::load(const std::function<std::unique_ptr<State>()>& fresh_state,
                                            Sequence below) {
  import_ = {};
  Loaded loaded;
  CheckpointReceiver receiver;
  receiver.begin = [&] { loaded.state = fresh_state(); };
  receiver.entry = [&](std::string_view key, std::string_view value) { return loaded.state->restore(key, value); };
  receiver.finish = [&](const CheckpointHeader& header) { return loaded.state->finish_restore(header); };
  const auto header = checkpoints_->load(receiver, below);
  if (header)
    loaded.header = *header;
  else
    loaded.error = header.error();
  return loaded;
}

CheckpointWork::Committed CheckpointWork::commit(CheckpointDelta delta, CommitFaults faults) {
  auto shared = std::make_shared<CheckpointDelta>(std::move(delta));
  Committed committed;
  if (faults.disk_full)
    committed.result = store_error(StoreError::Kind::not_written, "disk full (injected)");
  else
    committed.result = checkpoints_->commit(shared);
  if (committed.result && faults.damage) checkpoints_->damage();
  if (committed.result)
    committed.delta.header = shared->header;
  else
    committed.delta = std::move(*shared);
  return committed;
}

ImportOutcome CheckpointWork::import(const ImportStep& step) {
  const StateChunk& chunk = step.chunk;
  if (step.first) {
    import_ = {};
    auto writer = checkpoints_->rewrite_older();
    if (!writer) return ImportOutcome::not_written;
    import_ = {std::move(*writer), step.attempt, SealMaker(chunk.header)};
  }
  if (!import_.writer || step.attempt != import_.attempt) return ImportOutcome::not_written;
  Stored<void> written;
  const bool sensible = visit_entries(chunk.entries, chunk.after, chunk.through, [&](auto key, auto value) {
    written = import_.writer->put(key, value);
    import_.seal.add(key, value);
    return written.has_value();
  });
  if (written && sensible && !chunk.last) return ImportOutcome::written;
  const bool sealed = sensible && (!step.seal.is_known() || import_.seal.finish() == step.seal);
  if (written && sealed) written = import_.writer->finish(chunk.header);
  import_ = {};
  if (!sealed && written) return ImportOutcome::wrong;
  if (written) return ImportOutcome::finished;
  events_.push_back(
      Event("import_not_written", Severity::error).with("reason", std::string_view(written.error().detail)));
  return written.error().kind == StoreError::Kind::digest_mismatch ? ImportOutcome::wrong : ImportOutcome::not_written;
}

StateChunk CheckpointWork::read(const std::string& peer, const StateRequest& request) {
  StateChunk chunk;
  chunk.checkpoint = request.checkpoint;
  chunk.after = request.after;
  std::shared_ptr<CheckpointReader>& reader = readers_[peer];
  const bool another = reader && reader->header().applied.sequence != request.checkpoint;
  const bool sealed = sealed_ && sealed_->header().applied.sequence == request.checkpoint;
  if (sealed) {
    reader = sealed_;
  } else if (!reader || another) {
    auto made = checkpoints_->reader(request.checkpoint);
    reader = made ? std::move(*made) : nullptr;
  }
  if (!reader || reader->header().applied.sequence < request.least) return chunk;
  if (reader->header().imported && !request.unproven && !sealed) return chunk;
  const auto read = reader->read(request.after, [&](std::string_view key, std::string_view value) {
    if (!append_entry(chunk.entries, key, value)) return false;
    chunk.through.assign(key);
    return true;
  });
  if (!read) {
    reader.reset();
    chunk.entries.clear();
    return chunk;
  }
  chunk.answer = StateAnswer::entries;
  chunk.header = reader->header();
  chunk.last = *read;
  return chunk;
}

std::optional<CheckpointSeal> CheckpointWork::seal(Sequence checkpoint) {
  sealed_.reset();
  auto reader = checkpoints_->reader(checkpoint);
  if (!reader || !*reader) return std::nullopt;
  SealMaker maker((*reader)->header());
  Digest sum;
  const auto read = (*reader)->read({}, [&](std::string_view key, std::string_view value) {
    maker.add(key, value);
    sum += entry_digest(key, value);
    return true;
  });
  if (!read || sum != (*reader)->header().state) return std::nullopt;  // the scrub will find it
  sealed_ = std::move(*reader);
  return maker.finish();
}

CheckpointWork::Scrubbed CheckpointWork::scrub(std::size_t bytes) {
  Scrubbed scrubbed;
  if (!readers_.empty() || sealed_) return scrubbed;
  const Sequence before = checkpoints_->newest();
  scrubbed.pass_ends = checkpoints_->scrub(bytes);
  if (checkpoints_->newest() != before) scrubbed.newest = checkpoints_->newest();
  return scrubbed;
}

std::vector<Event> CheckpointWork::take_events() {
  std::vector<Event> events = checkpoints_->take_events();
  std::move(events_.begin(), events_.end(), std::back_inserter(events));
  events_.clear();
  return events;
}

}  // namespace tally
