// SPDX-License-Identifier: Apache-2.0
// How answers become replies, for the shapes that many commands share (Question::Format).
#pragma once

#include <span>

#include "bridge/resp/question.h"

namespace tally::bridge::resp::replies {

// The value of the last operation, as an integer.
void value(const Question::Part& part, std::span<const Answer> answers, ReplyWriter& writer);
// The value of the first operation, as a bulk string; null if there is no such counter.
void text(const Question::Part& part, std::span<const Answer> answers, ReplyWriter& writer);
// "+OK" if the last operation was done.
void ok(const Question::Part& part, std::span<const Answer> answers, ReplyWriter& writer);
// 1 if the last operation was done, and 0 if its condition did not hold or there is no such counter.
void whether_done(const Question::Part& part, std::span<const Answer> answers, ReplyWriter& writer);
// How many of the operations were done.
void count_done(const Question::Part& part, std::span<const Answer> answers, ReplyWriter& writer);

}  // namespace tally::bridge::resp::replies
