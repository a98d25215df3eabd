// SPDX-License-Identifier: Apache-2.0
#include "protocol/secret.h"

#include <openssl/crypto.h>

namespace tally {

bool is_secret(std::string_view given, std::string_view secret) {
  if (secret.empty() || given.size() != secret.size()) return false;
  return CRYPTO_memcmp(given.data(), secret.data(), secret.size()) == 0;
}

}  // namespace tally
