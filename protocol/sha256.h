// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of what comes in parts. Nobody finds two texts with the same one, which
// cannot be said of the digests of protocol/digest.h.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace tally {

using Sha256Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::string_view bytes);
  // Of all that came. Once.
  Sha256Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace tally
