// SPDX-License-Identifier: Apache-2.0
// A decision on its way to the clients: the decided results are split by request and gathered by
// client.
//
// Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/messages.h"

namespace tally {

struct AddressedDecisions {
  ClientId client;
  Decisions decisions;
};

// Appends one message for each client that has a request in the order, in the order of their first
// requests, and returns how many operations were answered. If the results are not exactly one part
// (size u32, bytes) for each request, it leaves `messages` alone and returns nothing.
std::optional<std::uint64_t> release(const OrderIdentity& order, std::vector<BallotEntry>&& requests,
                                     std::string_view results, std::uint32_t votes,
                                     std::vector<AddressedDecisions>& messages);

}  // namespace tally
