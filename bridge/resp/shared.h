// SPDX-License-Identifier: Apache-2.0
// What all connections of Redis clients of one bridge share. Owned by main, read by every
// Connection.
//
// Thread: the io_context's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <unordered_set>

#include "bridge/admission.h"
#include "bridge/counts.h"
#include "bridge/resp/host.h"
#include "bridge/site.h"

namespace tally::bridge::resp {

class Connection;

class Shared final : public Host {
 public:
  // `secret`: see SourceHash.
  Shared(Site& whole, std::uint64_t secret, Rules configured);

  const Rules& rules() const override { return rules_; }
  CalendarTime calendar() const override;
  Instant now() const override { return site.now; }
  std::uint64_t random() override { return random_(); }
  Figures figures() const override;
  bool may_spend_token(const Peer& peer) override { return site.key_shares.take(peer.source, site.now); }
  void count_command() override { ++counts.requests; }
  void count_error(ErrorReply error) override { ++error_replies[static_cast<std::size_t>(error)]; }

  Site& site;
  // All that are open, or wait for the group to answer.
  std::unordered_set<Connection*> connections;
  Admission admission;
  DoorCounts counts;
  ErrorReplyCounts error_replies{};
  std::uint64_t newest_id = 0;  // of a connection
  std::size_t held_bytes = 0;   // by all connections, of what clients have sent and not taken

 private:
  const Rules rules_;
  // Measured at most once in a tick, because a client may ask for it many times.
  mutable std::uint64_t resident_bytes_ = 0;
  mutable Instant measured_at_;
  const Instant since_;
  std::mt19937_64 random_;
};

}  // namespace tally::bridge::resp
