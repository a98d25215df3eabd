// SPDX-License-Identifier: Apache-2.0
#include "runtime/background.h"

#include <cstdint>
#include <exception>
#include <sys/eventfd.h>
#include <unistd.h>

#include "protocol/check.h"

namespace tally {
namespace {

Background::Completion outcome_of(const Background::Job& job) {
  try {
    return job();
  } catch (...) {
    return [failure = std::current_exception()] { std::rethrow_exception(failure); };
  }
}

}  // namespace

Background::Background() : completion_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(completion_fd_ >= 0);
  thread_ = std::thread([this] { run(); });
}

Background::~Background() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  close(completion_fd_);
}

void Background::submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Background::run_completions() {
  std::uint64_t count = 0;
  if (read(completion_fd_, &count, sizeof count) != sizeof count) return;
  std::vector<Completion> completions;
  {
    const std::lock_guard lock(mutex_);
    completions.swap(completions_);
  }
  for (const Completion& completion : completions) completion();
}

void Background::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    Completion completion = outcome_of(job);
    lock.lock();
    completions_.push_back(std::move(completion));
    lock.unlock();  // first, because the loop that is woken would wait for the lock
    const std::uint64_t one = 1;
    CHECK(write(completion_fd_, &one, sizeof one) == sizeof one);
    lock.lock();
  }
}

}  // namespace tally
