// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/question.h"

#include <algorithm>

#include "bridge/resp/limits.h"
#include "bridge/resp/walk.h"
#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally::bridge::resp {
namespace {

// Besides its texts; see bridge/batch.cc.
constexpr std::size_t operation_overhead = 80;
// Of the operations of one command that names one counter: a script has three.
constexpr std::size_t least_operations = 4;
// In how many operations each of its texts is at most: a script's.
constexpr std::size_t most_repeats = 3;

constexpr std::size_t bytes_of(std::size_t operations, std::size_t texts) {
  return operations * operation_overhead + texts;
}
static_assert(bytes_of(limits::request_operations, most_repeats* resp_limits::transaction_bytes) <=
              limits::request_bytes);

// Of one operation that is no list.
constexpr std::size_t result_bytes = results::operation_bytes + results::detail_bytes + sizeof(std::uint64_t);
// Of all lists of one question.
constexpr std::size_t list_bytes = std::size_t{limits::request_result_bytes} / 8 * 5;
static_assert(results::header_bytes + list_bytes + limits::request_operations * result_bytes <=
              limits::request_result_bytes);

}  // namespace

bool Question::has_room_for(std::size_t arguments, std::size_t bytes) const {
  const std::size_t most = std::max(arguments, least_operations);
  return operations_.size() + most <= limits::request_operations &&
         bytes_of(operations_.size() + most, bytes_ + most_repeats * bytes) <= limits::request_bytes &&
         results::header_bytes + result_bytes_ + most * result_bytes <= limits::request_result_bytes / 2;
}

// Of what has_room_for() leaves free, a part is for the commands behind the scan in a transaction.
std::uint32_t Question::room_for_names() const {
  constexpr std::size_t name = sizeof(std::uint16_t) + limits::name_bytes + sizeof(std::int64_t);
  if (result_bytes_ >= list_bytes) return 0;
  return static_cast<std::uint32_t>(std::min<std::size_t>((list_bytes - result_bytes_) / name, limits::list_entries));
}

OwnedOperation& Question::add(OperationKind kind, std::string_view name) {
  OwnedOperation& operation = operations_.emplace_back();
  operation.kind = kind;
  operation.name = name;
  return operation;
}

Question::Part& Question::end_part(Format format, Protocol protocol) {
  const std::uint32_t first = end_of_operations();
  Part& part = parts_.emplace_back();
  part.format = format;
  part.protocol = protocol;
  part.first = first;
  part.count = static_cast<std::uint32_t>(operations_.size()) - first;
  part.text_before = text_.size();
  for (const OwnedOperation& operation : operations().subspan(first)) {
    bytes_ += operation.name.size() + operation.idempotency_key.size();
    result_bytes_ += worst_result_bytes(operation.view());
  }
  return part;
}

void Question::keep(Part& part, std::string text) {
  kept_bytes_ += text.size();
  part.text = std::move(text);
}

bool Question::has_list() const { return std::ranges::any_of(operations_, is_list, &OwnedOperation::kind); }

void Question::answer(std::span<const Answer> answers, std::string& output, Host& host) {
  CHECK(answers.size() == operations_.size());
  for (std::size_t place = 0; place < parts_.size();) place = reply(place, answers, output, host);
  output.append(text_, text_from_);
  clear();
}

std::span<const Answer> Question::own_of(std::size_t place, std::span<const Answer> answers) const {
  return answers.subspan(parts_[place].first, parts_[place].count);
}

std::span<const Answer> Question::all_of(std::size_t place, std::span<const Answer> answers) const {
  const Part& last = parts_[place + parts_[place].parts_inside];
  return answers.subspan(parts_[place].first, last.first + last.count - parts_[place].first);
}

bool Question::is_executed(std::size_t place, std::span<const Answer> answers) const {
  const auto is_done = [](const Answer& one) { return one.outcome == CallOutcome::done; };
  return std::ranges::all_of(all_of(place, answers), &Answer::is_decided) &&
         std::ranges::all_of(own_of(place, answers), is_done);
}

bool Question::has_executed(std::span<const Answer> answers) const {
  const auto newest = std::ranges::find_if(parts_.rbegin(), parts_.rend(), &Part::is_transaction);
  CHECK(newest != parts_.rend());
  return is_executed(static_cast<std::size_t>(parts_.rend() - newest) - 1, answers);
}

// Returns the place of the next part.
std::size_t Question::reply(std::size_t place, std::span<const Answer> answers, std::string& output, Host& host) {
  const Part& part = parts_[place];
  output.append(text_, text_from_, part.text_before - text_from_);
  text_from_ = part.text_before;
  std::string unheard;
  ReplyWriter writer(part.is_silent ? unheard : output, part.protocol, &host);
  const std::span<const Answer> all = all_of(place, answers);
  const auto failure = std::ranges::find_if_not(all, &Answer::is_decided);
  if (failure != all.end() && !part.tolerates_failure)
    write_failure(*failure, writer);
  else
    part.format(part, own_of(place, answers), writer);
  if (!part.is_transaction || is_executed(place, answers)) return place + 1;
  text_from_ = part.text_end;
  return place + 1 + part.parts_inside;
}

std::size_t Question::held_bytes() const {
  std::size_t bytes =
      operations_.capacity() * sizeof(OwnedOperation) + parts_.capacity() * sizeof(Part) + text_.capacity() + bytes_;
  for (const Part& part : parts_) bytes += part.text.size() + (part.walk ? part.walk->held_bytes() : 0);
  return bytes;
}

void Question::clear() {
  operations_.clear();
  parts_.clear();
  text_.clear();
  if (operations_.capacity() > resp_limits::kept_operations) operations_.shrink_to_fit();
  if (parts_.capacity() > resp_limits::kept_operations) parts_.shrink_to_fit();
  if (text_.capacity() > resp_limits::kept_text_bytes) text_.shrink_to_fit();
  bytes_ = result_bytes_ = kept_bytes_ = text_from_ = 0;
}

void write_failure(const Answer& answer, ReplyWriter& writer, bool is_applied_in_part) {
  std::string text = "TRYAGAIN nothing was applied: ";
  if (is_applied_in_part)
    text = "UNKNOWN how much of this was applied: ";
  else if (answer.outcome == CallOutcome::unknown)
    text = "UNKNOWN whether this was applied: ";
  switch (answer.error) {
    case CallError::unavailable: text += "the group has no majority"; break;
    case CallError::undecided: text += "the group is halted until an operator resumes it"; break;
    case CallError::overloaded: text += "too much is asked for at the moment"; break;
    case CallError::tables_full: text += "the group has no room for more sessions or results"; break;
    case CallError::draining: text += "the service shuts down"; break;
    case CallError::session_expired: text += "the bridge's session with the group has ended"; break;
    default: text += "no answer came in time"; break;
  }
  writer.error(text);
}

bool is_missing(const Answer& answer) {
  return answer.result.status == OperationStatus::not_found || answer.result.status == OperationStatus::malformed;
}

bool write_refusal(const Answer& answer, ReplyWriter& writer) {
  switch (answer.result.status) {
    case OperationStatus::overflow: writer.error("ERR increment or decrement would overflow"); return true;
    case OperationStatus::counters_full:
      writer.error("OOM command not allowed when used memory > 'maxmemory'.");
      return true;
    case OperationStatus::key_reused:
      writer.error("ERR this idempotency token came with another operation before");
      return true;
    case OperationStatus::keys_full:
      writer.error("OOM the group has no room for another idempotency token");
      return true;
    case OperationStatus::malformed:
    case OperationStatus::read_only:
    case OperationStatus::forbidden: writer.error("ERR the group refuses this command"); return true;
    default: return false;
  }
}

}  // namespace tally::bridge::resp
