// SPDX-License-Identifier: Apache-2.0
// A command that asks the group several times, each time after the answer before: KEYS, FLUSHALL,
// RANDOMKEY. What is executed meanwhile for others comes between. Pure.
#pragma once

#include <span>

#include "bridge/resp/question.h"
#include "bridge/resp/reply.h"
#include "client/answer.h"

namespace tally::bridge::resp {

class Walk {
 public:
  virtual ~Walk() = default;
  // The operation to ask next.
  virtual void ask(Question& question) = 0;
  // Takes its answer, which is decided and was not refused. False: that was the last one, and
  // write() has the reply.
  virtual bool take(const Answer& answer) = 0;
  virtual void write(ReplyWriter& writer) const = 0;
  // Whether something is applied already, if the next answer fails.
  virtual bool has_changed() const { return false; }
  virtual std::size_t held_bytes() const { return 0; }
};

}  // namespace tally::bridge::resp
