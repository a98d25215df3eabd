// SPDX-License-Identifier: Apache-2.0
// Who a client is, and so what it may do. Pure.
//
// Without resp_password and resp_users there is one user, `default`, who may do all but what needs
// the right admin. With them nobody may do anything before AUTH.
#pragma once

#include <string>
#include <string_view>

#include "bridge/resp/host.h"
#include "bridge/resp/rights.h"

namespace tally::bridge::resp {

class Authentication {
 public:
  // `rules` outlive this.
  explicit Authentication(const Rules& rules) : rules_(rules) { forget(); }

  // False: there is no such user, or the password is another. What was before stays.
  bool authenticate(std::string_view name, std::string_view password);
  // As at the beginning.
  void forget();

  bool is_done() const { return is_done_; }
  const std::string& user() const { return user_; }
  bool may(Right right) const;

 private:
  const Rules& rules_;
  bool is_done_ = false;
  std::string user_;
  RespRights rights_;
};

}  // namespace tally::bridge::resp
