// SPDX-License-Identifier: Apache-2.0
// What a client asks outside of any session: the distributor how the group is, and to carry out an
// operator's command; the comparator what it observes.
//
// What only asks is sent again until it is answered. A command is sent once, because it may not be
// harmless twice. The reply brings the number of its question. Each question is completed once: by
// its reply, or by nothing when its time is up.
//
// Pure; one thread; instants never go back. Whoever owns it calls the completions that it hands
// out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "protocol/messages.h"
#include "protocol/time.h"

namespace tally {

class Questions {
 public:
  using Completion = std::function<void(std::optional<Message>)>;
  struct Question {
    Message message;  // StatusQuery, AdminCommand or ObservationQuery; its number is given here
    Instant deadline;
    Completion completion;
  };

  void ask(Question question, Instant now);
  // Sends what is due. `send` takes a message, and says whether it has left this machine.
  void send_due(Instant now, const std::function<bool(const Message&)>& send);

  // The completion of the question that this is the reply to; an empty function if there is none.
  Completion take_answered(const Message& reply);
  // Those of the questions whose time is up.
  std::vector<Completion> take_expired(Instant now);

  // never() if nothing is asked.
  Instant next_deadline() const;

 private:
  struct Asked {
    Question question;
    Instant retry;  // never(): it is not sent again
  };

  std::unordered_map<std::uint64_t, Asked> asked_;  // by number
  std::uint64_t questions_ = 0;                     // so far
};

}  // namespace tally
