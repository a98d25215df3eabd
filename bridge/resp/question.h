// SPDX-License-Identifier: Apache-2.0
// What one connection asks the group at a time: the operations of the commands that came together,
// and how their answers become replies.
//
// The commands of one read travel as one request, and each is a part here: the operations that it
// needs, and a function that writes its reply from their answers. Replies that need no answer stand
// between the parts as text, so that all of them leave in the order of their commands.
//
// Pure. Bounds: has_room_for() says what one request may have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/resp/host.h"
#include "bridge/resp/reply.h"
#include "client/answer.h"
#include "protocol/operations.h"

namespace tally::bridge::resp {

class Walk;

class Question {
 public:
  struct Part;
  // Writes one reply. All the answers are decided.
  using Format = void (*)(const Part& part, std::span<const Answer> answers, ReplyWriter& writer);
  struct Part {
    Format format = nullptr;
    Protocol protocol{};
    bool is_silent = false;          // the client wants no reply
    bool tolerates_failure = false;  // `format` is called also where nothing was decided
    bool is_watch = false;           // the answers are for the transaction too
    std::uint32_t first = 0;         // of its operations
    std::uint32_t count = 0;
    std::size_t text_before = 0;  // so much of the text comes before its reply
    // What the command has said besides, as its format understands it.
    std::int64_t number = 0;
    std::string text;
    std::shared_ptr<Walk> walk;
    // Of a transaction, whose own operations are checks: how many parts behind it are inside, and
    // where its text ends. Where the checks do not hold, or nothing was decided, both are left out.
    bool is_transaction = false;
    std::size_t parts_inside = 0;
    std::size_t text_end = 0;
  };

  bool empty() const { return parts_.empty(); }
  bool has_operations() const { return !operations_.empty(); }

  // Whether a command of so many arguments, which take so many bytes, surely fits.
  bool has_room_for(std::size_t arguments, std::size_t bytes) const;
  // How many names a scan may bring besides what is there.
  std::uint32_t room_for_names() const;

  OwnedOperation& add(OperationKind kind, std::string_view name);
  // Ends the part of the operations that were added since the part before.
  Part& end_part(Format format, Protocol protocol);
  std::size_t parts() const { return parts_.size(); }
  Part& part(std::size_t place) { return parts_[place]; }
  const Part& part(std::size_t place) const { return parts_[place]; }

  // Text that comes behind all parts so far.
  std::string& text() { return text_; }
  void keep(Part& part, std::string text);
  // Of the replies, what is known of them by now.
  std::size_t reply_bytes() const { return text_.size() + kept_bytes_; }

  std::span<OwnedOperation> operations() { return operations_; }
  std::size_t held_bytes() const;
  // Whether there is a list among them, whose answers are long.
  bool has_list() const;
  // Whether the newest transaction was executed.
  bool has_executed(std::span<const Answer> answers) const;
  // Appends all replies, tells the host of those that are failures, and empties this.
  void answer(std::span<const Answer> answers, std::string& output, Host& host);
  void clear();

 private:
  std::uint32_t end_of_operations() const { return parts_.empty() ? 0 : parts_.back().first + parts_.back().count; }
  // Of a part, and of what is inside of it.
  std::span<const Answer> own_of(std::size_t place, std::span<const Answer> answers) const;
  std::span<const Answer> all_of(std::size_t place, std::span<const Answer> answers) const;
  bool is_executed(std::size_t place, std::span<const Answer> answers) const;
  std::size_t reply(std::size_t place, std::span<const Answer> answers, std::string& output, Host& host);

  std::vector<OwnedOperation> operations_;
  std::size_t bytes_ = 0;         // of the operations' texts
  std::size_t result_bytes_ = 0;  // at most, of their results
  std::vector<Part> parts_;
  std::size_t kept_bytes_ = 0;  // of the parts' texts
  std::string text_;
  std::size_t text_from_ = 0;  // so much of the text is appended already
};

// The reply to a command that the group did not decide on (law 20): TRYAGAIN if it was certainly not
// applied, UNKNOWN if it may have been.
void write_failure(const Answer& answer, ReplyWriter& writer, bool is_applied_in_part = false);
// Whether there is no such counter, be it that there can be none (Session::add_of_present).
bool is_missing(const Answer& answer);
// Of what the group refuses, with Redis's words where it has them. False: it was not refused.
bool write_refusal(const Answer& answer, ReplyWriter& writer);

}  // namespace tally::bridge::resp
