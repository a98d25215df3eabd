// SPDX-License-Identifier: Apache-2.0
#include "cli/up/readiness.h"

#include <chrono>
#include <cstdio>

#include "cli/outcome.h"
#include "runtime/clock.h"

namespace tally::cli {
namespace {

constexpr std::chrono::milliseconds between_tries{20};
constexpr std::chrono::milliseconds read_timeout{500};
constexpr Duration tell_every = seconds(3);
constexpr int http_ok = 200;

}  // namespace

Readiness::Readiness(ClientOptions group, const std::vector<BridgeListeners>& bridges, std::function<void()> when_ready)
    : group_(std::move(group)), bridges_(bridges), when_ready_(std::move(when_ready)), thread_([this] { run(); }) {}

void Readiness::cancel() {
  {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Readiness::run() {
  auto client = Client::connect(group_);
  if (!client) {
    std::fprintf(stderr, "tally: not ready: %s\n", client.error().c_str());
    return;
  }
  Instant tell_at = monotonic_now() + tell_every;
  for (auto lacking = missing(*client); lacking; lacking = missing(*client)) {
    if (monotonic_now() >= tell_at) {
      std::fprintf(stderr, "tally: not ready yet: %s\n", lacking->c_str());
      tell_at = monotonic_now() + tell_every;
    }
    if (!pause()) return;
  }
  const std::lock_guard lock(mutex_);
  if (!cancelled_) when_ready_();
}

std::optional<std::string> Readiness::missing(Client& client) const {
  const Answer answer = client.call(read_of("ready"), read_timeout);
  if (!answer.is_decided())
    return explained({ExitCode::unknown, "no read is answered: " + std::string(to_string(answer.error))}, client)
        .message;
  for (const BridgeListeners& bridge : bridges_) {
    const int status = http_status(bridge.http, "/readyz");
    if (status == http_ok) continue;
    return "the bridge at " + bridge.url() + (status == 0 ? " does not answer" : " says " + std::to_string(status)) +
           " to /readyz";
  }
  return std::nullopt;
}

// Waits a moment before the next try; false if that was cancelled.
bool Readiness::pause() {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, between_tries, [this] { return cancelled_; });
}

}  // namespace tally::cli
