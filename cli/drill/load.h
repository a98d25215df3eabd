// SPDX-License-Identifier: Apache-2.0
// The load of a drill: clients that increment one after the other and keep what they saw. Each
// client is a thread.
//
// Every other client gives each increment an idempotency key, and repeats it until it is answered:
// its outcomes become known. The others never repeat anything, so what the group says of "not
// applied" and "unknown" is put to the test.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/drill/check.h"
#include "cli/drill/door.h"

namespace tally::cli {

class DrillLoad {
 public:
  using MakeDoor = std::function<std::unique_ptr<CounterDoor>()>;

  // Begins at once. `prefix`: of the names of counters, of which there are none yet.
  DrillLoad(std::int64_t clients, const std::string& prefix, const MakeDoor& make_door);
  ~DrillLoad();
  DrillLoad(const DrillLoad&) = delete;
  DrillLoad& operator=(const DrillLoad&) = delete;

  std::uint64_t answered() const { return answered_; }
  const std::vector<std::string>& counters() const { return counters_; }

  // Waits until what is under way is answered. Then the rest may be read.
  void stop();
  std::vector<Increment> history() const;
  std::uint64_t refused() const { return refused_; }  // also where a repetition was answered
  // Increments that were repeated for long and never answered.
  std::uint64_t given_up() const { return given_up_; }
  const std::set<std::string>& reasons() const { return reasons_; }  // for which something was refused

 private:
  void run(std::size_t number, CounterDoor& door, std::vector<Increment>& mine);
  Increment increment(CounterDoor& door, std::uint32_t counter, const std::string& key);
  void note_refusal(const std::string& why);
  bool pause(std::chrono::milliseconds length);

  std::vector<std::string> counters_;
  std::vector<std::unique_ptr<CounterDoor>> doors_;
  std::vector<std::vector<Increment>> histories_;  // one for each client, which is its thread's
  std::atomic<std::uint64_t> answered_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> given_up_ = 0;
  std::atomic<bool> abandoned_ = false;  // nobody wants to know any more what is under way
  std::mutex mutex_;                     // guards the next two
  std::set<std::string> reasons_;
  bool stopping_ = false;
  std::condition_variable changed_;
  std::vector<std::thread> threads_;
};

}  // namespace tally::cli
