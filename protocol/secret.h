// SPDX-License-Identifier: Apache-2.0
// How two secrets are compared: tokens, passwords. The one place for it, because a comparison that
// ends at the first byte that differs lets whoever measures its time guess a secret byte by byte.
#pragma once

#include <string_view>

namespace tally {

// Whether `given` is the secret. Takes the same time whatever the two have in common; only their
// lengths may be learned from it. An empty secret is no secret, and nothing equals it.
bool is_secret(std::string_view given, std::string_view secret);

}  // namespace tally
