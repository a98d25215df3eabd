// SPDX-License-Identifier: Apache-2.0
// Finds out when a fresh group answers: it asks for a voted read natively, and every bridge for
// /readyz.
//
// It asks on a thread of its own, so that the supervisor never waits. Every three seconds it says
// what is missing, and it never gives up. `when_ready` runs once, on that thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/up/listener.h"
#include "client/client.h"

namespace tally::cli {

class Readiness {
 public:
  // `bridges` must outlive this.
  Readiness(ClientOptions group, const std::vector<BridgeListeners>& bridges, std::function<void()> when_ready);
  ~Readiness() { cancel(); }
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // `when_ready` does not run after this.
  void cancel();

 private:
  void run();
  std::optional<std::string> missing(Client& client) const;
  bool pause();

  ClientOptions group_;
  const std::vector<BridgeListeners>& bridges_;
  std::function<void()> when_ready_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;
  std::thread thread_;
};

}  // namespace tally::cli
