// SPDX-License-Identifier: Apache-2.0
// Messages in words. It remembers what it has seen, so that a vote can be told in the words of the operations it is on.
//
//   a#1      the first request of client a's session
//   state=B  a digest: letters are given in the order in which digests come up, so equal letters are equal digests
#pragma once

#include <map>
#include <string>
#include <utility>

#include "client/answer.h"
#include "protocol/event.h"
#include "protocol/messages.h"
#include "simulation/network.h"

namespace tally::scenarios {

class Wording {
 public:
  // ---- what to remember
  void sent(const std::string& client, const ClientRequest& sent);
  void made(const Order& order);

  // ---- words
  std::string text(const Message& message);
  std::string text(const Event& event);
  std::string text(const OwnedOperation& asked, const Answer& answer);
  std::string requests(const Order& order);
  std::string letter(const Digest& digest);

  // The order of this identity; none: nobody made it, or it has another chain.
  const Order* order_of(const OrderIdentity& identity) const;

 private:
  struct Say;
  std::string owner(const SessionId& session) const;
  std::string name(const SessionId& session, RequestNumber number) const;
  std::string request(const Request& request) const;
  std::string result(const Order* order, const Request* request, std::string_view bytes) const;
  std::string results(const Vote& vote) const;

  std::map<SessionId, std::string> owners_;
  std::map<std::pair<Term, Sequence>, Order> orders_;
  std::map<Digest, std::string> letters_;
};

std::string text(const OwnedOperation& operation);
std::string text(Duration duration);

}  // namespace tally::scenarios
