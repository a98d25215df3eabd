// SPDX-License-Identifier: Apache-2.0
// Commands that concern all counters.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bridge/resp/glob.h"
#include "bridge/resp/handlers.h"
#include "bridge/resp/limits.h"
#include "bridge/resp/replies.h"
#include "bridge/resp/walk.h"
#include "bridge/resp/words.h"
#include "protocol/limits.h"

namespace tally::bridge::resp {
namespace {

using Part = Question::Part;

constexpr std::int64_t usual_scan = 10;

// KEYS: scans to the end, and keeps what matches.
class Names final : public Walk {
 public:
  explicit Names(std::string_view pattern) : pattern_(pattern) {}

  void ask(Question& question) override {
    OwnedOperation& operation = question.add(OperationKind::scan, {});
    operation.value = cursor_;
    operation.limit = question.room_for_names();
  }
  bool take(const Answer& answer) override {
    for (const ListedCounter& counter : answer.result.listed) {
      if (!pattern_.matches(counter.name)) continue;
      bytes_ += counter.name.size();
      is_too_long_ |= names_.size() == resp_limits::keys_names || bytes_ > resp_limits::keys_bytes;
      if (!is_too_long_) names_.push_back(counter.name);
    }
    cursor_ = answer.result.value;
    return cursor_ != 0 && !is_too_long_;
  }
  void write(ReplyWriter& writer) const override {
    if (is_too_long_) return writer.error("ERR more names match than one reply may have; use SCAN");
    writer.array(names_.size());
    for (const std::string& name : names_) writer.bulk_string(name);
  }
  std::size_t held_bytes() const override { return sizeof *this + names_.capacity() * sizeof(std::string) + bytes_; }

 private:
  Glob pattern_;
  std::int64_t cursor_ = 0;
  std::vector<std::string> names_;
  std::size_t bytes_ = 0;
  bool is_too_long_ = false;
};

// FLUSHDB and FLUSHALL: what is there at the beginning goes, some of it with each turn.
class Flush final : public Walk {
 public:
  void ask(Question& question) override {
    OwnedOperation& operation = question.add(OperationKind::clear, {});
    operation.value = cursor_;
    operation.limit = limits::list_entries;
  }
  bool take(const Answer& answer) override {
    cursor_ = answer.result.value;
    return cursor_ != 0;
  }
  void write(ReplyWriter& writer) const override { writer.simple_string("OK"); }
  bool has_changed() const override { return cursor_ != 0; }

 private:
  std::int64_t cursor_ = 0;
};

// RANDOMKEY: the first step finds the newest counter, and which numbers the others have. It takes
// that one, or a second step takes the newest counter below a number that is drawn.
class RandomName final : public Walk {
 public:
  // `has_one_step`: it takes one of the newest.
  RandomName(std::uint64_t random, bool has_one_step) : random_(random), has_one_step_(has_one_step) {}

  void ask(Question& question) override {
    const std::uint32_t room = question.room_for_names();
    OwnedOperation& operation = question.add(OperationKind::scan, {});
    operation.value = cursor_;
    operation.limit = has_one_step_ ? std::min(static_cast<std::uint32_t>(usual_scan), room) : 1;
  }
  bool take(const Answer& answer) override {
    const auto& listed = answer.result.listed;
    if (!listed.empty()) name_ = listed.front().name;
    const std::int64_t next = answer.result.value;
    if (next == 0 || has_one_step_) return false;
    // The cursor is above the number of the next counter, which is at least 1. 0: the newest one.
    const auto drawn = static_cast<std::int64_t>(random_ % static_cast<std::uint64_t>(next));
    const bool goes_back = cursor_ == 0 && drawn > 0;
    cursor_ = goes_back ? drawn + 1 : next;
    return goes_back || listed.empty();
  }
  void write(ReplyWriter& writer) const override {
    if (name_.empty())
      writer.null();
    else
      writer.bulk_string(name_);
  }

 private:
  std::uint64_t random_;
  bool has_one_step_;
  std::int64_t cursor_ = 0;
  std::string name_;
};

// Only in a transaction there may be none left. False: the client was told so.
bool has_room_for_names(Session& session) {
  if (session.question().room_for_names() > 0) return true;
  session.error("ERR a transaction has no room for so many names");
  return false;
}

// As strtoul(3) reads it in Redis: nothing is 0, and a minus sign counts down from 2^64.
std::optional<std::uint64_t> cursor_of(std::string_view text) {
  if (text.empty()) return 0;
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  const auto number = whole_number<std::uint64_t>(text);
  if (!number) return std::nullopt;
  const std::uint64_t cursor = is_negative ? 0 - *number : *number;
  return cursor <= INT64_MAX ? cursor : 0;  // above all counters
}

// `number`: whether other types than counters are asked for; `text`: the pattern.
void scan_reply(const Part& part, std::span<const Answer> answers, ReplyWriter& writer) {
  if (write_refusal(answers[0], writer)) return;
  const Glob pattern(part.text);
  std::vector<std::string_view> names;
  for (const ListedCounter& counter : answers[0].result.listed)
    if (part.number == 0 && pattern.matches(counter.name)) names.push_back(counter.name);
  writer.array(2);
  writer.bulk_integer(answers[0].result.value);
  writer.array(names.size());
  for (const std::string_view name : names) writer.bulk_string(name);
}

}  // namespace

void count_names(Session& session, Arguments /*arguments*/) {
  session.question().add(OperationKind::count, {});
  session.ask(replies::value);
}

void list_names(Session& session, Arguments arguments) {
  if (has_room_for_names(session)) session.begin(std::make_unique<Names>(arguments[1]));
}

void random_name(Session& session, Arguments /*arguments*/) {
  if (!has_room_for_names(session)) return;
  session.begin(std::make_unique<RandomName>(session.host().random(), session.is_executing()));
}

void flush(Session& session, Arguments arguments) {
  if (!are_flush_options(arguments.subspan(1))) return syntax_error(session);
  session.begin(std::make_unique<Flush>());
}

void scan(Session& session, Arguments arguments) {
  const auto cursor = cursor_of(arguments[1]);
  if (!cursor) return session.error("ERR invalid cursor");
  std::int64_t count = usual_scan;
  std::string_view pattern = "*";
  bool wants_others = false;
  const Arguments options = arguments.subspan(2);
  for (std::size_t place = 0; place < options.size(); place += 2) {
    const bool has_value = place + 1 < options.size();
    if (is_word(options[place], "count") && has_value) {
      const auto number = integer_of(session, options[place + 1]);
      if (!number) return;
      if (*number < 1) return syntax_error(session);
      count = *number;
    } else if (is_word(options[place], "match") && has_value) {
      pattern = options[place + 1];
    } else if (is_word(options[place], "type") && has_value) {
      wants_others = !is_word(options[place + 1], "string");
    } else {
      return syntax_error(session);
    }
  }
  if (!has_room_for_names(session)) return;
  const std::uint32_t room = session.question().room_for_names();
  OwnedOperation& operation = session.question().add(OperationKind::scan, {});
  operation.value = static_cast<std::int64_t>(*cursor);
  operation.limit = static_cast<std::uint32_t>(std::min<std::int64_t>(count, room));
  Part& part = session.ask(scan_reply);
  session.question().keep(part, std::string(pattern));
  part.number = wants_others ? 1 : 0;
}

}  // namespace tally::bridge::resp
