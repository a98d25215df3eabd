// SPDX-License-Identifier: Apache-2.0
// The times that commands name: in seconds or milliseconds, from now on or at a date.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "bridge/resp/session.h"
#include "protocol/operations.h"

namespace tally::bridge::resp {

struct TimeUnit {
  ExpiryKind kind = ExpiryKind::after;  // or at
  bool is_seconds = true;
  bool operator==(const TimeUnit&) const = default;
};

// Of the options EX, PX, EXAT and PXAT; nothing: it is none of these.
std::optional<TimeUnit> time_unit_of(std::string_view option);

// Whether times that are over may be named: EXPIRE removes the counter then, SET refuses.
enum class Past { refused, allowed };

// The error says that it is no integer, or out of range for this command.
tl::expected<Expiry, std::string> read_expiry(std::string_view number, TimeUnit unit, Past past,
                                              std::string_view command, CalendarTime now);
// Nothing: there was an error, and the client was told so.
std::optional<Expiry> expiry_of(Session& session, std::string_view number, TimeUnit unit, Past past,
                                std::string_view command);

}  // namespace tally::bridge::resp
