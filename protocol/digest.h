// SPDX-License-Identifier: Apache-2.0
// 128-bit digests: of the chain of orders, and of a replica's state.
//
// XXH3 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md) guards against faults, not against
// forgery. The state digest is a sum modulo 2^128 of one digest per entry, so that it is kept in
// O(1) a change and does not depend on the order of entries (Bellare and Micciancio 1997,
// "AdHash").
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tally {

struct Digest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Digest&) const = default;

  // Addition and subtraction modulo 2^128.
  Digest& operator+=(const Digest& other) {
    low += other.low;
    high += other.high + (low < other.low ? 1 : 0);
    return *this;
  }
  Digest& operator-=(const Digest& other) {
    const std::uint64_t borrow = low < other.low ? 1 : 0;
    low -= other.low;
    high -= other.high + borrow;
    return *this;
  }
};

Digest digest_of(std::string_view bytes);

// The same, of the parts one after the other.
Digest digest_of_parts(std::initializer_list<std::string_view> parts);

// For lookup tables only, with a seed that nobody outside the process knows, so that chosen names
// do not collide. Never part of a result, a digest, or anything stored.
std::uint64_t table_hash_of(std::string_view bytes, std::uint64_t seed);

// Of a text that somebody chose, under a secret that they do not know: the first 16 bytes of
// SHA-256 (FIPS 180-4) over secret and text. Nobody finds texts with the same digest.
Digest keyed_digest_of(const Digest& secret, std::string_view text);

// What every frame carries: a 64-bit checksum of its body.
std::uint64_t checksum_of(std::string_view bytes);

// 32 hexadecimal digits, most significant first.
std::string to_hex(const Digest& digest);

}  // namespace tally
