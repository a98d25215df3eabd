// SPDX-License-Identifier: Apache-2.0
#include "hostile/forgery.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "protocol/bytes.h"
#include "protocol/ids.h"
#include "replica/checkpoint.h"

namespace tally::testing {
namespace {

using Sum = unsigned __int128;

constexpr unsigned levels = 8;
constexpr unsigned lists = 1u << levels;
constexpr unsigned bits_a_level = 15;
constexpr std::uint32_t candidates = 1u << bits_a_level;

Sum sum_of(const Digest& digest) { return (Sum{digest.high} << 64) | digest.low; }

std::pair<std::string, std::string> entry_of(unsigned list, std::uint32_t candidate) {
  char name[32];
  std::snprintf(name, sizeof name, "Cforged-%02x-%05u", list, candidate);
  std::string value;
  append_number(value, std::uint64_t{1'000'000} + list);  // the counter's number
  append_number(value, std::int64_t{1});
  append_number(value, std::uint64_t{1024});  // its last change
  append_number(value, std::int64_t{0});
  append_number(value, static_cast<std::uint16_t>(Principal::clients));
  append_number(value, std::uint8_t{0});
  return {name, value};
}

// What one node of the tree has found: sums whose low bits are zero, and which elements of its two
// children each is the sum of. Of a leaf, `left` is the candidate.
struct Node {
  std::vector<Sum> sums;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> from;
};

class Search {
 public:
  explicit Search(Sum target) : target_(target) {}

  // The candidates, one of each list; empty: nothing was found.
  std::vector<std::uint32_t> run() {
    build(levels, 0, 1);
    std::vector<std::uint32_t> chosen;
    if (!nodes_[1].sums.empty()) choose(levels, 1, 0, chosen);
    return chosen;
  }

 private:
  // Node `place` of the tree, whose root is 1, and whose leaves begin with list `first`.
  void build(unsigned level, unsigned first, unsigned place) {
    if (level == 0) return make_leaf(first, place);
    build(level - 1, first, 2 * place);
    build(level - 1, first + (1u << (level - 1)), 2 * place + 1);
    merge(level, place);
    for (const unsigned child : {2 * place, 2 * place + 1}) nodes_[child].sums = {};  // `from` stays
  }

  void make_leaf(unsigned list, unsigned place) {
    Node& node = nodes_[place];
    for (std::uint32_t candidate = 0; candidate < candidates; ++candidate) {
      const auto [key, value] = entry_of(list, candidate);
      node.sums.push_back(sum_of(entry_digest(key, value)) - (list == 0 ? target_ : 0));
      node.from.emplace_back(candidate, 0);
    }
  }

  // Pairs whose sum ends in so many zeros as this level asks for; at the root, in nothing else.
  void merge(unsigned level, unsigned place) {
    const bool is_root = place == 1;
    const unsigned bits = is_root ? 128 : bits_a_level * level;
    const Sum mask = is_root ? ~Sum{0} : (Sum{1} << bits) - 1;
    const Node& left = nodes_[2 * place];
    const Node& right = nodes_[2 * place + 1];
    std::vector<std::pair<Sum, std::uint32_t>> order;
    for (std::uint32_t element = 0; element < right.sums.size(); ++element)
      order.emplace_back(right.sums[element] & mask, element);
    std::ranges::sort(order);
    Node& node = nodes_[place];
    for (std::uint32_t element = 0; element < left.sums.size(); ++element) {
      const Sum wanted = (Sum{0} - left.sums[element]) & mask;
      auto match = std::ranges::lower_bound(order, wanted, {}, &std::pair<Sum, std::uint32_t>::first);
      for (; match != order.end() && match->first == wanted && node.sums.size() < 2 * candidates; ++match) {
        node.sums.push_back(left.sums[element] + right.sums[match->second]);
        node.from.emplace_back(element, match->second);
      }
    }
  }

  void choose(unsigned level, unsigned place, std::uint32_t element, std::vector<std::uint32_t>& chosen) const {
    const auto [left, right] = nodes_[place].from[element];
    if (level == 0) return chosen.push_back(left);
    choose(level - 1, 2 * place, left, chosen);
    choose(level - 1, 2 * place + 1, right, chosen);
  }

  Sum target_;
  std::array<Node, 2 * lists> nodes_;
};

}  // namespace

ForgedEntries forge(const Digest& difference) {
  const std::vector<std::uint32_t> chosen = Search(sum_of(difference)).run();
  ForgedEntries entries;
  for (unsigned list = 0; list < chosen.size(); ++list) entries.push_back(entry_of(list, chosen[list]));
  return entries;
}

}  // namespace tally::testing
