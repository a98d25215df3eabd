// SPDX-License-Identifier: Apache-2.0
// What the journal's records hold, as bytes. Layouts are little-endian and fixed (protocol/bytes.h); an order is its
// message, header frame and body one after the other (wire/codec.h).
//
// Every decoder is total: any bytes give a record or nothing. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/journal_facts.h"

namespace tally {

// If it is whole, and its chain is what it says.
std::optional<Order> decode_order(std::string_view bytes);

std::string encode_view(const JournaledView& view);
std::optional<JournaledView> decode_view(std::string_view bytes);

std::string encode_agreed(const OrderState& agreed);
std::optional<OrderState> decode_agreed(std::string_view bytes);

}  // namespace tally
