// SPDX-License-Identifier: Apache-2.0
#include "protocol/digest.h"

#include <array>
#include <cstring>
#include <openssl/sha.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "protocol/hex.h"

namespace tally {

Digest digest_of(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

Digest digest_of_parts(std::initializer_list<std::string_view> parts) {
  char joined[512];
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  if (size <= sizeof joined) {
    char* end = joined;
    for (const std::string_view part : parts) end += part.copy(end, part.size());
    return digest_of({joined, size});
  }
  XXH3_state_t hashing;
  XXH3_128bits_reset(&hashing);
  for (const std::string_view part : parts) XXH3_128bits_update(&hashing, part.data(), part.size());
  const XXH128_hash_t hash = XXH3_128bits_digest(&hashing);
  return {hash.high64, hash.low64};
}

std::uint64_t table_hash_of(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

Digest keyed_digest_of(const Digest& secret, std::string_view text) {
  std::string bytes(sizeof secret, '\0');
  std::memcpy(bytes.data(), &secret, sizeof secret);
  bytes.append(text);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> whole;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), whole.data());
  Digest digest;
  std::memcpy(&digest, whole.data(), sizeof digest);
  return digest;
}

std::uint64_t checksum_of(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string to_hex(const Digest& digest) { return to_hex(digest.high) + to_hex(digest.low); }

}  // namespace tally
