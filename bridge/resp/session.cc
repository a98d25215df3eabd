// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/session.h"

#include <algorithm>
#include <utility>

#include "bridge/resp/limits.h"
#include "protocol/check.h"

namespace tally::bridge::resp {
namespace {

std::size_t bytes_of(Arguments arguments) {
  std::size_t bytes = 0;
  for (const std::string_view argument : arguments) bytes += argument.size();
  return bytes;
}

// The beginning of a text that a client has sent. As in Redis, a NUL byte ends it.
std::string quoted(std::string_view text, std::size_t most) {
  return '\'' + std::string(text.substr(0, std::min(most, text.find('\0')))) + '\'';
}

// As Redis says it, which shows a little of what came.
std::string unknown_command(Arguments arguments) {
  constexpr std::size_t shown = 128;
  std::string rest;
  for (std::size_t place = 1; place < arguments.size() && rest.size() < shown; ++place)
    rest += quoted(arguments[place], shown - rest.size()) + ' ';
  return "ERR unknown command " + quoted(arguments[0], shown) + ", with args beginning with: " + rest;
}

std::string unknown_subcommand(const Command& container, std::string_view name) {
  std::string capitals(container.name);
  for (char& letter : capitals) letter = static_cast<char>(letter - 'a' + 'A');
  return "ERR unknown subcommand " + quoted(name, 128) + ". Try " + capitals + " HELP.";
}

bool has_arity(const Command& command, std::size_t arguments) {
  const auto count = static_cast<std::int32_t>(arguments);
  return command.arity >= 0 ? count == command.arity : count >= -command.arity;
}

bool is_before_authentication(Manner manner) { return manner == Manner::greeting || manner == Manner::farewell; }
bool is_queued(Manner manner) {
  return manner == Manner::plain || manner == Manner::greeting || manner == Manner::alone;
}

// Of a walk in a transaction.
void walk_reply(const Question::Part& part, std::span<const Answer> answers, ReplyWriter& writer) {
  if (write_refusal(answers[0], writer)) return;
  if (part.walk->take(answers[0]))
    writer.error("ERR this is done in several turns, which a transaction has no room for; send it alone");
  else
    part.walk->write(writer);
}

}  // namespace

Session::Session(Host& host, Peer peer) : host_(host), peer_(std::move(peer)), authentication_(host.rules()) {
  client_.since = client_.last_active = host.now();
  parser_.set_authenticated(authentication_.is_done());
}

// ---- what comes in

std::size_t Session::receive(std::string_view input) {
  std::size_t done = 0;
  const auto goes_on = [&] {
    return !ends_ && !walk_ && !at_stake_ && output_.size() + question_.reply_bytes() < resp_limits::output_bytes;
  };
  while (goes_on()) {
    const Parser::Outcome outcome = parser_.parse(input.substr(done));
    if (outcome == Parser::Outcome::command) {
      if (!take(parser_.arguments())) break;
      parser_.set_authenticated(authentication_.is_done());
    } else if (outcome != Parser::Outcome::need_more) {
      if (outcome == Parser::Outcome::protocol_error) error(parser_.error());
      ends_silently_ = outcome == Parser::Outcome::close_silently;
      ends_ = true;
    }
    done += parser_.consumed();
    if (outcome == Parser::Outcome::need_more) break;
  }
  settle();
  return done;
}

// Where the group is not asked, nothing has to wait.
void Session::settle() {
  if (!question_.has_operations() && !walk_) question_.answer({}, output_, host_);
  if (unheard_.capacity() > resp_limits::kept_text_bytes) std::string().swap(unheard_);
}

// False: it has to wait until what is before it is answered.
bool Session::take(Arguments arguments) {
  client_.last_active = host_.now();
  const Command* const command = admit(arguments);
  if (command && !carry_out(*command, arguments)) return false;
  const bool skips = client_.replies == Replies::skip_next;
  if (skips || client_.replies == Replies::skip_this) client_.replies = skips ? Replies::skip_this : Replies::on;
  return true;
}

// The same.
bool Session::carry_out(const Command& command, Arguments arguments) {
  if (transaction_.is_open() && is_queued(command.manner)) {
    host_.count_command();
    if (transaction_.enqueue(arguments)) {
      reply().simple_string("QUEUED");
    } else {
      transaction_.spoil();
      error("ERR the transaction is too large");
    }
    return true;
  }
  if (must_wait(command, arguments)) {
    if (question_.has_operations()) return false;
    settle();
  }
  host_.count_command();
  client_.last_command = command.name;
  command.handler(*this, arguments);
  return true;
}

// The command, if this client may give it here; otherwise it has been told why not.
const Command* Session::admit(Arguments arguments) {
  const auto refuse = [&](const std::string& why) {
    transaction_.spoil();
    error(why);
    return nullptr;
  };
  const Command* command = find_command(arguments[0]);
  if (!command) return refuse(unknown_command(arguments));
  if (is_container(*command) && arguments.size() > 1) {
    const Command* const subcommand = find_subcommand(*command, arguments[1]);
    if (!subcommand) return refuse(unknown_subcommand(*command, arguments[1]));
    command = subcommand;
  }
  if (!has_arity(*command, arguments.size())) {
    const std::string why = "wrong number of arguments for '" + std::string(command->name) + "' command";
    if (command->name != "exec") return refuse("ERR " + why);
    transaction_.close();
    return refuse("EXECABORT Transaction discarded because of: " + why);
  }
  if (!authentication_.is_done() && !is_before_authentication(command->manner))
    return refuse("NOAUTH Authentication required.");
  if (!authentication_.may(command->right))
    return refuse("NOPERM this user has no permissions to run the '" + std::string(command->name) + "' command");
  return command;
}

bool Session::must_wait(const Command& command, Arguments arguments) const {
  if (question_.empty()) return false;
  // All changes of one request have the same number, so one that came after WATCH could not be told
  // from one before it.
  if (command.manner == Manner::alone || transaction_.waits()) return true;
  const bool is_exec = command.name == "exec";
  return is_exec ? !question_.has_room_for(transaction_.arguments(), transaction_.bytes())
                 : !question_.has_room_for(arguments.size(), bytes_of(arguments));
}

void Session::execute(const Transaction::Commands& commands) {
  const auto stake = [this] { return Stake{protocol_, authentication_.client(), client_}; };
  Stake before = stake();
  is_executing_ = true;
  for (const std::vector<std::string>& words : commands) {
    const std::vector<std::string_view> arguments(words.begin(), words.end());
    if (const Command* const command = admit(arguments)) command->handler(*this, arguments);
  }
  is_executing_ = false;
  if (question_.has_operations() && before != stake()) at_stake_ = std::move(before);
}

void Session::decide_stake(std::span<const Answer> answers) {
  if (!at_stake_) return;
  if (!question_.has_executed(answers)) {
    protocol_ = at_stake_->protocol;
    authentication_.restore(std::move(at_stake_->client));
    client_ = std::move(at_stake_->facts);
    if (client_.replies == Replies::skip_this) client_.replies = Replies::on;  // that was EXEC's reply
    parser_.set_authenticated(authentication_.is_done());
  }
  at_stake_.reset();
}

void Session::reset() {
  transaction_.close();
  authentication_.forget();
  protocol_ = Protocol::resp2;
  client_.name.clear();
  if (client_.replies != Replies::skip_this) client_.replies = Replies::on;
}

std::size_t Session::held_bytes() const {
  return output_.capacity() + unheard_.capacity() + question_.held_bytes() + transaction_.held_bytes() +
         (walk_ ? walk_->held_bytes() : 0);
}

// ---- what goes out

std::string& Session::reply_text() {
  if (client_.is_silent()) {
    unheard_.clear();
    return unheard_;
  }
  return question_.empty() ? output_ : question_.text();
}

bool Session::check_name(std::string_view name) {
  if (is_valid_name(name)) return true;
  error("ERR a counter's name is 1 to 256 bytes of UTF-8 without control or format characters");
  return false;
}

OwnedOperation& Session::add_of_present(OperationKind kind, std::string_view name) {
  return question_.add(kind, is_valid_name(name) ? name : std::string_view());
}

Question::Part& Session::ask(Question::Format format) {
  Question::Part& part = question_.end_part(format, protocol_);
  part.is_silent = client_.is_silent();
  return part;
}

void Session::begin(std::unique_ptr<Walk> walk) {
  if (is_executing_) {
    walk->ask(question_);
    ask(walk_reply).walk = std::move(walk);
    return;
  }
  CHECK(question_.empty());
  walk_ = std::move(walk);
  walk_is_silent_ = client_.is_silent();
  walk_->ask(question_);
}

void Session::answered(std::span<const Answer> answers) {
  if (!walk_) {
    note_watched(answers);
    decide_stake(answers);
    question_.answer(answers, output_, host_);
    return;
  }
  question_.clear();
  std::string unheard;
  ReplyWriter writer(walk_is_silent_ ? unheard : output_, protocol_, &host_);
  const Answer& answer = answers.front();
  const bool goes_on = answer.outcome == CallOutcome::done && walk_->take(answer);
  if (goes_on) return walk_->ask(question_);
  if (!answer.is_decided())
    write_failure(answer, writer, walk_->has_changed());
  else if (!write_refusal(answer, writer))
    walk_->write(writer);
  walk_.reset();
}

// What WATCH has asked for.
void Session::note_watched(std::span<const Answer> answers) {
  for (std::size_t place = 0; place < question_.parts(); ++place) {
    const Question::Part& part = std::as_const(question_).part(place);
    if (!part.is_watch) continue;
    for (const Answer& answer : answers.subspan(part.first, part.count)) {
      const auto& detail = answer.result.detail;
      transaction_.answered(detail ? std::optional(detail->last_change) : std::nullopt);
    }
  }
}

}  // namespace tally::bridge::resp
