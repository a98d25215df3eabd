// SPDX-License-Identifier: Apache-2.0
// What the journal's records hold, as bytes. The layouts are little-endian and fixed
// (protocol/bytes.h). An order is its message: the header frame, then the body (wire/codec.h).
//
// Every decoder is total: any bytes give a record or nothing. Any thread may call these functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/journal_facts.h"

namespace tally {

// Returns nothing unless the order is whole and its chain is the one that it should have.
std::optional<Order> decode_order(std::string_view bytes);

std::string encode_view(const JournaledView& view);
std::optional<JournaledView> decode_view(std::string_view bytes);

std::string encode_agreed(const OrderState& agreed);
std::optional<OrderState> decode_agreed(std::string_view bytes);

}  // namespace tally
