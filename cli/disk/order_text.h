// SPDX-License-Identifier: Apache-2.0
// What the journal holds, as lines of text. Whatever is in it, a line is one line, of bounded
// length, and safe for a terminal. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "protocol/journal_facts.h"
#include "protocol/messages.h"

namespace tally::cli {

inline constexpr std::size_t operations_text_bytes = 400;  // of a line, for its operations

// order 812 term 3 2026-11-29T10:00:00.123Z requests 2 changes bytes 345 add "home" by 5, get "x"
std::string text_of(const Order& order, std::size_t bytes);
// number 7 replicas 1 voting, 2 evicted, held by an operator, 3 voting
std::string text_of(const JournaledView& view);
// order 810 of term 3, state 0123456789abcdef0123456789abcdef
std::string text_of(const OrderState& agreed);

}  // namespace tally::cli
