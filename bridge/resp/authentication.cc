// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/authentication.h"

#include "protocol/secret.h"

namespace tally::bridge::resp {
namespace {

constexpr RespRights usual_rights{.read = true, .add = true, .write = true};

}  // namespace

void Authentication::forget() {
  const bool is_done = !rules_.wants_authentication();
  client_ = {is_done, std::string(default_resp_user), is_done ? usual_rights : RespRights()};
}

// Every user is compared, so that the time says nothing of which names there are.
bool Authentication::authenticate(std::string_view name, std::string_view password) {
  const bool has_default = !rules_.password.empty() || rules_.users.empty();
  const bool is_free = rules_.password.empty();
  bool is_known = has_default && name == default_resp_user && (is_free || is_secret(password, rules_.password));
  RespRights rights = usual_rights;
  for (const RespUser& user : rules_.users) {
    const bool is_this = is_secret(password, user.password) && name == user.name;
    if (is_this) rights = user.rights;
    is_known |= is_this;
  }
  if (!is_known) return false;
  client_ = {true, std::string(name), rights};
  return true;
}

bool Authentication::may(Right right) const {
  switch (right) {
    case Right::none: return true;
    case Right::read: return client_.rights.read;
    case Right::add: return client_.rights.add;
    case Right::write: return client_.rights.write;
    case Right::admin: return client_.rights.admin || (rules_.writers_may_flush && client_.rights.write);
  }
  return false;
}

}  // namespace tally::bridge::resp
