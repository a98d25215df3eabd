// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/replies.h"

#include <algorithm>

namespace tally::bridge::resp::replies {

void value(const Question::Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
  if (!write_refusal(answers.back(), writer)) writer.integer(answers.back().result.value);
}

void text(const Question::Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
  const Answer& answer = answers.front();
  if (answer)
    writer.bulk_integer(answer.result.value);
  else if (is_missing(answer) || !write_refusal(answer, writer))
    writer.null();
}

void ok(const Question::Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
  if (!write_refusal(answers.back(), writer)) writer.simple_string("OK");
}

void whether_done(const Question::Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
  if (is_missing(answers.back()) || !write_refusal(answers.back(), writer)) writer.integer(answers.back() ? 1 : 0);
}

void count_done(const Question::Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
  for (const Answer& answer : answers)
    if (!is_missing(answer) && write_refusal(answer, writer)) return;
  writer.integer(std::ranges::count_if(answers, [](const Answer& answer) { return static_cast<bool>(answer); }));
}

}  // namespace tally::bridge::resp::replies
