// SPDX-License-Identifier: Apache-2.0
#include "runtime/resp_user.h"

#include <algorithm>

namespace tally {
namespace {

struct RightWord {
  std::string_view word;
  bool RespRights::*right;
};
constexpr RightWord right_words[] = {{"read", &RespRights::read},
                                     {"add", &RespRights::add},
                                     {"write", &RespRights::write},
                                     {"admin", &RespRights::admin}};

// Adds the right; false if there is no such word, or if it came before.
bool grant(RespRights& rights, std::string_view word) {
  const auto* const found = std::ranges::find(right_words, word, &RightWord::word);
  if (found == std::end(right_words) || rights.*found->right) return false;
  rights.*found->right = true;
  return true;
}

std::optional<RespRights> parse_rights(std::string_view text) {
  RespRights rights;
  while (true) {
    const std::size_t end = std::min(text.find('+'), text.size());
    if (!grant(rights, text.substr(0, end))) return std::nullopt;
    if (end == text.size()) return rights;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<RespUser> parse_resp_user(std::string_view text) {
  const std::size_t name_end = text.find(':');
  const std::size_t password_end = text.rfind(':');
  if (name_end == std::string_view::npos || name_end == 0 || password_end <= name_end + 1) return std::nullopt;
  const auto rights = parse_rights(text.substr(password_end + 1));
  if (!rights) return std::nullopt;
  const std::string_view password = text.substr(name_end + 1, password_end - name_end - 1);
  return RespUser{std::string(text.substr(0, name_end)), std::string(password), *rights};
}

}  // namespace tally
