// SPDX-License-Identifier: Apache-2.0
#include "bridge/sources.h"

#include <algorithm>
#include <cstring>

namespace tally::bridge {
namespace {

constexpr unsigned address_bits = 128;
constexpr unsigned customer_bits = 64;

// The two halves of a 128-bit product, together.
std::uint64_t fold(std::uint64_t one, std::uint64_t other) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(one) * other;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

Source source_of(const IpAddress& address) {
  return prefix_of(address, address.is_v4() ? address_bits : customer_bits);
}

bool is_in(const IpAddress& address, const std::vector<AddressBlock>& blocks) {
  return std::ranges::any_of(blocks, [&](const AddressBlock& block) { return block.contains(address); });
}

std::size_t SourceHash::operator()(const Source& source) const {
  std::uint64_t words[2];
  static_assert(sizeof words == sizeof source.bytes);
  std::memcpy(words, source.bytes.data(), sizeof words);
  // So that a word that equals the secret is not the end of it.
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;
  return fold(fold(words[0] ^ secret, words[1] ^ (secret * odd)) ^ secret, odd);
}

}  // namespace tally::bridge
