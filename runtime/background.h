// SPDX-License-Identifier: Apache-2.0
// One thread for what blocks, like a sync or a commit, beside an event loop that must not block.
//
// A job runs on the background thread and returns what is to run on the loop's thread afterwards.
// The loop polls completion_fd() and calls run_completions(), which throws what a job threw. Jobs
// run in the order of submission; the caller bounds how many wait. The destructor waits for the job
// in progress, drops the others, and never runs their completions.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tally {

class Background {
 public:
  using Completion = std::function<void()>;
  using Job = std::function<Completion()>;

  Background();
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  void submit(Job job);
  int completion_fd() const { return completion_fd_; }
  void run_completions();

 private:
  void run();

  int completion_fd_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  std::vector<Completion> completions_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tally
