// SPDX-License-Identifier: Apache-2.0
// Who a client is, and so what it may do. Pure.
//
// Without resp_password and resp_users there is one user, `default`, who may do all but what needs
// the right admin. With them nobody may do anything before AUTH.
#pragma once

#include <string>
#include <string_view>
#include <utility>

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

  bool is_done() const { return client_.is_done; }
  const std::string& user() const { return client_.user; }
  bool may(Right right) const;

  struct Client {
    bool is_done = false;
    std::string user;
    RespRights rights;
    bool operator==(const Client&) const = default;
  };
  const Client& client() const { return client_; }
  void restore(Client client) { client_ = std::move(client); }

 private:
  const Rules& rules_;
  Client client_;
};

}  // namespace tally::bridge::resp
