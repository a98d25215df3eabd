// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/shared.h"

#include <fstream>
#include <unistd.h>
#include <utility>

#include "runtime/clock.h"

namespace tally::bridge::resp {
namespace {

// proc(5), /proc/self/statm: the second number, in pages.
std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

Shared::Shared(Site& whole, std::uint64_t secret, Rules configured)
    : site(whole),
      admission(secret, configured.most_connections),
      rules_(std::move(configured)),
      since_(monotonic_now()),
      random_(random_number()) {}

CalendarTime Shared::calendar() const { return calendar_now(); }

Figures Shared::figures() const {
  Figures figures;
  figures.uptime_seconds = static_cast<std::uint64_t>((monotonic_now() - since_).milliseconds() / 1000);
  figures.connections = connections.size();
  figures.connections_accepted = counts.connections;
  figures.connections_refused = counts.connections_refused;
  figures.commands = counts.requests;
  if (std::exchange(measured_at_, site.now) != site.now) resident_bytes_ = resident_bytes();
  figures.resident_bytes = resident_bytes_;
  return figures;
}

}  // namespace tally::bridge::resp
