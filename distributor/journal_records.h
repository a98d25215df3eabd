// SPDX-License-Identifier: Apache-2.0
// The journal's records as bytes. Layouts are little-endian and fixed (protocol/bytes.h); an order is its message,
// header frame and body one after the other (wire/codec.h).
//
// Every decoder is total: any bytes give a record or nothing. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "distributor/membership.h"
#include "protocol/messages.h"

namespace tally {

// Big-endian, so that orders lie by sequence.
std::string order_key(Sequence sequence);
Sequence sequence_of(std::string_view key);

struct JournalEntry {
  std::string_view key;
  std::string_view value;
};
// The order of an entry, if it is whole and in its place.
std::optional<Order> order_in(const JournalEntry& entry);

std::string encode_view(const JournaledView& view);
std::optional<JournaledView> decode_view(std::string_view bytes);

std::string encode_agreed(const OrderState& agreed);
std::optional<OrderState> decode_agreed(std::string_view bytes);

}  // namespace tally
