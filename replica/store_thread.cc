// SPDX-License-Identifier: Apache-2.0
#include "replica/store_thread.h"

#include <sys/resource.h>
#include <utility>

#include "runtime/log.h"

namespace tally {

StoreThread::StoreThread(std::unique_ptr<CheckpointPair> checkpoints, ReplicaDirectory directory)
    : work_(std::move(checkpoints)), directory_(std::move(directory)) {
  background_.emplace();
  constexpr int niceness = 5;  // votes go first
  background_->submit([this] {
    setpriority(PRIO_PROCESS, 0, niceness);  // on Linux this is of the thread, not of the process
    return then({});
  });
}

StoreThread::~StoreThread() {
  background_.reset();
  if (newest_) tell(directory_.keep(newest_->group, newest_->witness));
}

// The completion of a job: the events that were noted on the way are logged first.
Background::Completion StoreThread::then(std::function<void()> done) {
  return [events = work_.take_events(), done = std::move(done)] {
    for (const Event& event : events) log_event(event);
    if (done) done();
  };
}

void StoreThread::load(std::function<std::unique_ptr<State>()> fresh_state, Sequence below,
                       std::function<void(Loaded)> done) {
  background_->submit([this, fresh_state = std::move(fresh_state), below, done = std::move(done)] {
    auto loaded = std::make_shared<Loaded>(work_.load(fresh_state, below));
    return then([loaded, done] { done(std::move(*loaded)); });
  });
}

void StoreThread::destroy(std::unique_ptr<State> state) {
  background_->submit([this, shared = std::shared_ptr<State>(std::move(state))]() mutable {
    shared.reset();
    return then({});
  });
}

void StoreThread::commit(CheckpointDelta delta, CommitFaults faults, Committed done) {
  auto shared = std::make_shared<CheckpointDelta>(std::move(delta));
  background_->submit([this, shared, faults, done = std::move(done)] {
    auto committed = std::make_shared<CheckpointWork::Committed>(work_.commit(std::move(*shared), faults));
    return then([committed, done] { done(committed->result, std::move(committed->delta)); });
  });
}

void StoreThread::damage() {
  background_->submit([this] {
    work_.damage();
    return then({});
  });
}

void StoreThread::import(ImportStep step, std::function<void(ImportOutcome)> done) {
  background_->submit([this, shared = std::make_shared<ImportStep>(std::move(step)), done = std::move(done)] {
    const ImportOutcome outcome = work_.import(*shared);
    return then([outcome, done] { done(outcome); });
  });
}

void StoreThread::read(const std::string& peer, StateRequest request, std::function<void(StateChunk)> done) {
  background_->submit([this, peer, request = std::move(request), done = std::move(done)] {
    auto chunk = std::make_shared<StateChunk>(work_.read(peer, request));
    return then([chunk, done] { done(std::move(*chunk)); });
  });
}

void StoreThread::release(const std::string& peer) {
  background_->submit([this, peer] {
    work_.release(peer);
    return then({});
  });
}

void StoreThread::seal(Sequence checkpoint, std::function<void(const std::optional<CheckpointSeal>&)> done) {
  background_->submit([this, checkpoint, done = std::move(done)] {
    const std::optional<CheckpointSeal> seal = work_.seal(checkpoint);
    return then([seal, done] { done(seal); });
  });
}

void StoreThread::unseal() {
  background_->submit([this] {
    work_.unseal();
    return then({});
  });
}

// The next write begins when this one is done, so at most one waits.
void StoreThread::keep(GroupId group, const Witness& witness) {
  newest_ = Kept{group, witness};
  if (!keeping_) keep_newest();
}

void StoreThread::keep_newest() {
  keeping_ = true;
  background_->submit([this, kept = *std::exchange(newest_, std::nullopt)]() -> Background::Completion {
    const auto complaint = directory_.keep(kept.group, kept.witness);
    return then([this, complaint] {
      tell(complaint);
      keeping_ = false;
      if (newest_) keep_newest();
    });
  });
}

// Says it once, until it goes well again.
void StoreThread::tell(const std::optional<std::string>& complaint) {
  if (complaint && !complained_) log_event(Event("witness_not_kept", Severity::error).with("reason", *complaint));
  complained_ = complaint.has_value();
}

void StoreThread::scrub(std::size_t bytes, std::function<void(Scrubbed)> done) {
  background_->submit([this, bytes, done = std::move(done)] {
    const Scrubbed scrubbed = work_.scrub(bytes);
    return then([scrubbed, done] { done(scrubbed); });
  });
}

}  // namespace tally
