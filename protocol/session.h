// SPDX-License-Identifier: Apache-2.0
// How a session is named (law 24): by the digest of a secret that its client chose.
//
// A client sends the secret with every request. The distributor puts the name in its place before
// it orders the request, so no replica, journal, checkpoint or log holds what would open the
// session; and a name cannot be guessed, nor turned back into its secret.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/ids.h"

namespace tally {

// The first 16 bytes of SHA-256 (FIPS 180-4) over the 13 bytes "tally session" and the secret.
SessionId session_of(const SessionSecret& secret);

// 32 lower-case hexadecimal digits, in the order of the bytes.
std::string to_hex(const SessionId& session);
// Nothing: the text is not that.
std::optional<SessionId> session_from_hex(std::string_view digits);

}  // namespace tally
