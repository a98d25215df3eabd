// SPDX-License-Identifier: Apache-2.0
// What a session with a Redis client needs around it: a bridge that owns no clock, and a group in
// memory that executes what is asked, written from docs/protocol.md and without the replicas' code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/resp/host.h"
#include "bridge/resp/session.h"
#include "client/answer.h"
#include "protocol/check.h"
#include "protocol/limits.h"
#include "protocol/operation_codec.h"
#include "protocol/operations.h"

namespace tally::bridge::resp {

class FakeHost : public Host {
 public:
  explicit FakeHost(Rules rules = {}) : its_rules(std::move(rules)) {}

  const Rules& rules() const override { return its_rules; }
  CalendarTime calendar() const override { return its_calendar; }
  Instant now() const override { return its_now; }
  std::uint64_t random() override { return its_random++; }
  Figures figures() const override { return {.uptime_seconds = 90'000, .connections = 3, .commands = commands}; }
  bool may_spend_token(const Peer& /*peer*/) override { return tokens > 0 && tokens-- > 0; }
  void count_command() override { ++commands; }
  void count_error(ErrorReply error) override { ++errors[static_cast<std::size_t>(error)]; }
  std::uint64_t errors_of(ErrorReply error) const { return errors[static_cast<std::size_t>(error)]; }

  Rules its_rules;
  CalendarTime its_calendar{1'700'000'000'000};
  Instant its_now{1'000'000'000};
  std::uint64_t its_random = 0;
  std::uint64_t tokens = 1000;
  std::uint64_t commands = 0;
  ErrorReplyCounts errors{};
};

class FakeGroup {
 public:
  // As one request, unless fail() was called. That it fits into one is checked.
  std::vector<Answer> answer(std::span<const OwnedOperation> operations) {
    check_that_it_fits(operations);
    ++requests;
    if (!failures_.empty()) {
      const auto [outcome, error] = failures_.front();
      failures_.pop_front();
      return std::vector<Answer>(operations.size(), Answer{outcome, error, {}, {}, 0});
    }
    ++change_;
    passed_over_ = 0;
    std::vector<Answer> answers;
    for (const OwnedOperation& operation : operations) {
      Answer& answer = answers.emplace_back();
      answer.result = execute(operation);
      answer.outcome = outcome_of(answer.result.status);
      answer.sequence = Sequence(requests);
      answer.votes = 2;
    }
    return answers;
  }
  // What somebody else does.
  OperationResult answer(OperationKind kind, std::string_view name, std::int64_t value = 0) {
    OwnedOperation operation;
    operation.kind = kind;
    operation.name = name;
    operation.value = value;
    ++change_;
    passed_over_ = 0;
    return execute(operation);
  }
  // The next request, and behind it as many more as this is called.
  void fail(CallOutcome outcome, CallError error = CallError::timed_out) { failures_.emplace_back(outcome, error); }
  void pass(Duration time) {
    served_ms += time.milliseconds();
    calendar_ms += time.milliseconds();
  }
  std::size_t counters() const { return counters_.size(); }
  struct Seen {
    std::int64_t value = 0;
    std::uint64_t change = 0;
  };
  // The counters that are there, by their names.
  std::map<std::string, Seen> seen() const {
    std::map<std::string, Seen> all;
    for (const auto& [name, counter] : counters_)
      if (!is_over(counter.deadline)) all[name] = {counter.value, counter.change};
    return all;
  }
  std::uint64_t newest_change() const { return change_; }

  std::size_t requests = 0;
  std::size_t most_counters = 1'000'000;
  std::int64_t served_ms = 5'000;
  std::int64_t calendar_ms = 1'700'000'000'000;

 private:
  struct Counter {
    std::int64_t value = 0;
    std::uint64_t change = 0;
    std::uint64_t number = 0;
    Expiry deadline{};  // after: by served time
  };
  struct Kept {
    std::string operation;
    OperationResult result;
  };

  static OperationResult result(OperationStatus status, std::int64_t value = 0) {
    OperationResult all;
    all.status = status;
    all.value = value;
    return all;
  }

  // What the client library and the replicas refuse as a whole.
  static void check_that_it_fits(std::span<const OwnedOperation> operations) {
    CHECK(!operations.empty() && operations.size() <= limits::request_operations);
    std::vector<Operation> views;
    for (std::size_t place = 0; place < operations.size(); ++place) {
      views.push_back(operations[place].view());
      CHECK(operations[place].kind != OperationKind::check || operations[place].limit < operations.size() - place);
    }
    CHECK(worst_result_bytes(views) <= limits::request_result_bytes);
    CHECK(encode_operations(views).size() <= limits::request_bytes);
  }

  bool is_over(const Expiry& deadline) const {
    if (deadline.kind == ExpiryKind::none) return false;
    return deadline.milliseconds <= (deadline.kind == ExpiryKind::after ? served_ms : calendar_ms);
  }
  std::int64_t left(const Expiry& deadline) const {
    if (deadline.kind == ExpiryKind::none) return INT64_MAX;
    return deadline.milliseconds - (deadline.kind == ExpiryKind::after ? served_ms : calendar_ms);
  }
  Expiry deadline_of(const Expiry& expiry) const {
    if (expiry.kind != ExpiryKind::after) return expiry;
    std::int64_t end = 0;
    if (__builtin_add_overflow(expiry.milliseconds, served_ms, &end)) return {ExpiryKind::unknown, 0};
    return {ExpiryKind::after, end};
  }
  Counter* find(const std::string& name) {
    const auto found = counters_.find(name);
    if (found == counters_.end()) return nullptr;
    if (!is_over(found->second.deadline)) return &found->second;
    counters_.erase(found);
    return nullptr;
  }
  OperationResult make(const OwnedOperation& operation, std::int64_t value) {
    if (!is_valid_name(operation.name)) return result(OperationStatus::malformed);
    if (counters_.size() >= most_counters) return result(OperationStatus::counters_full);
    counters_[operation.name] = {value, change_, ++newest_number_, deadline_of(operation.expiry)};
    return result(OperationStatus::ok, value);
  }

  OperationResult execute(const OwnedOperation& operation) {
    if (passed_over_ > 0) {
      --passed_over_;
      return result(OperationStatus::passed_over);
    }
    if (operation.idempotency_key.empty()) return with_detail(operation, execute_once(operation));
    std::string whole = operation.name + ' ' + std::to_string(operation.value);
    const auto known = kept_.find(operation.idempotency_key);
    if (known == kept_.end()) {
      OperationResult first = execute_once(operation);
      kept_[operation.idempotency_key] = {std::move(whole), first};
      return first;
    }
    if (known->second.operation != whole) return result(OperationStatus::key_reused);
    return known->second.result;
  }

  OperationResult with_detail(const OwnedOperation& operation, OperationResult answer) {
    if (!operation.detail) return answer;
    CounterDetail& detail = answer.detail.emplace();
    const Counter* counter = find(operation.name);
    if (!counter) return answer;
    detail.last_change = counter->change;
    if (counter->deadline.kind == ExpiryKind::none) return answer;
    detail.expires_in_ms = left(counter->deadline);
    if (__builtin_add_overflow(calendar_ms, detail.expires_in_ms, &detail.expires_at_ms))
      detail.expires_at_ms = INT64_MAX;
    return answer;
  }

  OperationResult execute_once(const OwnedOperation& operation) {
    Counter* const counter = find(operation.name);
    const bool is_valid = is_valid_name(operation.name);
    const OperationResult missing = result(is_valid ? OperationStatus::not_found : OperationStatus::malformed);
    if (deadline_of(operation.expiry).kind == ExpiryKind::unknown) return result(OperationStatus::malformed);
    switch (operation.kind) {
      case OperationKind::add: return add(operation, counter);
      case OperationKind::set: return set(operation, counter);
      case OperationKind::expire: return counter ? expire(operation, *counter) : missing;
      case OperationKind::get: return counter ? result(OperationStatus::ok, counter->value) : missing;
      case OperationKind::remove: {
        if (!counter) return missing;
        const std::int64_t value = counter->value;
        counters_.erase(operation.name);
        return result(OperationStatus::ok, value);
      }
      case OperationKind::check: {
        const bool holds = is_valid && holds_for(operation, counter);
        if (!holds) passed_over_ = operation.limit;
        const OperationStatus unmet = is_valid ? OperationStatus::not_met : OperationStatus::malformed;
        return result(holds ? OperationStatus::ok : unmet, counter ? counter->value : 0);
      }
      case OperationKind::count: return count(operation.conditions);
      case OperationKind::scan:
      case OperationKind::clear: return walk(operation);
      default: return result(OperationStatus::malformed);
    }
  }

  OperationResult add(const OwnedOperation& operation, Counter* counter) {
    CHECK(operation.expiry.kind == ExpiryKind::none ||
          (operation.expiry.kind == ExpiryKind::after && operation.expiry.milliseconds > 0));
    const std::int64_t before = counter ? counter->value : 0;
    std::int64_t sum = 0;
    if (__builtin_add_overflow(before, operation.value, &sum)) return result(OperationStatus::overflow, before);
    if (!counter) return make(operation, sum);
    counter->value = sum;
    counter->change = change_;
    if (counter->deadline.kind == ExpiryKind::none) counter->deadline = deadline_of(operation.expiry);
    return result(OperationStatus::ok, sum);
  }

  OperationResult set(const OwnedOperation& operation, Counter* counter) {
    const ExpiryKind kind = operation.expiry.kind;
    CHECK((kind != ExpiryKind::after && kind != ExpiryKind::at) || operation.expiry.milliseconds > 0);
    const std::uint32_t unmet = counter ? condition::missing : condition::present;
    if (operation.conditions & unmet) return result(OperationStatus::not_met, counter ? counter->value : 0);
    if (!counter) {
      OperationResult made = make(operation, operation.value);
      if (kind == ExpiryKind::keep && made.status == OperationStatus::ok) counters_[operation.name].deadline = {};
      return made;
    }
    counter->value = operation.value;
    counter->change = change_;
    if (kind != ExpiryKind::keep) counter->deadline = deadline_of(operation.expiry);
    return result(OperationStatus::ok, operation.value);
  }

  OperationResult expire(const OwnedOperation& operation, Counter& counter) {
    const Expiry deadline = deadline_of(operation.expiry);
    const std::int64_t value = counter.value;
    const bool has_expiry = counter.deadline.kind != ExpiryKind::none;
    const auto wants = [&](std::uint32_t bit) { return (operation.conditions & bit) != 0; };
    const bool is_unmet = (wants(condition::without_expiry) && has_expiry) ||
                          (wants(condition::with_expiry) && !has_expiry) ||
                          (wants(condition::later) && left(deadline) <= left(counter.deadline)) ||
                          (wants(condition::sooner) && left(deadline) >= left(counter.deadline));
    if (is_unmet) return result(OperationStatus::not_met, value);
    if (is_over(deadline)) {
      counters_.erase(operation.name);
    } else if (has_expiry || deadline.kind != ExpiryKind::none) {
      counter.deadline = deadline;
      counter.change = change_;
    }
    return result(OperationStatus::ok, value);
  }

  static bool holds_for(const OwnedOperation& check, const Counter* counter) {
    const auto wants = [&](std::uint32_t bit) { return (check.conditions & bit) != 0; };
    if (!counter) return !wants(condition::present | condition::unchanged | condition::equal);
    return !wants(condition::missing) &&
           (!wants(condition::unchanged) || counter->change == static_cast<std::uint64_t>(check.value)) &&
           (!wants(condition::equal) || counter->value == check.value);
  }

  OperationResult count(std::uint32_t conditions) {
    std::int64_t number = 0;
    for (const auto& [name, counter] : counters_) {
      if (is_over(counter.deadline)) continue;
      number += conditions == 0 || counter.deadline.kind != ExpiryKind::none;
    }
    return result(OperationStatus::ok, number);
  }

  // From the newest on.
  OperationResult walk(const OwnedOperation& operation) {
    if (operation.limit == 0 || operation.limit > limits::list_entries) return result(OperationStatus::malformed);
    const auto cursor = static_cast<std::uint64_t>(operation.value);
    std::vector<decltype(counters_)::iterator> below;
    for (auto place = counters_.begin(); place != counters_.end(); ++place)
      if (cursor == 0 || place->second.number < cursor) below.push_back(place);
    const bool is_end = below.size() <= operation.limit;
    const auto most = static_cast<std::ptrdiff_t>(is_end ? below.size() : operation.limit);
    std::ranges::partial_sort(below, below.begin() + most, std::greater(),
                              [](const auto& place) { return place->second.number; });
    below.resize(static_cast<std::size_t>(most));
    OperationResult step =
        result(OperationStatus::ok, is_end ? 0 : static_cast<std::int64_t>(below.back()->second.number));
    for (const auto place : below) {
      if (operation.kind == OperationKind::clear)
        counters_.erase(place);
      else if (!is_over(place->second.deadline))
        step.listed.push_back({place->first, place->second.value});
    }
    return step;
  }

  std::map<std::string, Counter> counters_;
  std::map<std::string, Kept> kept_;
  std::deque<std::pair<CallOutcome, CallError>> failures_;
  std::uint64_t change_ = 0;  // the number of the request
  std::uint64_t newest_number_ = 0;
  std::uint32_t passed_over_ = 0;
};

// A client with its session. It keeps what was not consumed, each time in another place, as a
// connection does.
class FakeClient {
 public:
  explicit FakeClient(FakeGroup& its_group, Rules rules = {})
      : group(its_group), host(std::move(rules)), session(host, peer()) {}

  static Peer peer() { return {7, "127.0.0.1:5555", "127.0.0.1:6380", {}, true}; }

  // Takes what there is, up to the next question.
  void take(std::string_view bytes) {
    buffer += bytes;
    const std::vector<char> moved(buffer.begin(), buffer.end());
    const std::size_t done = session.receive({moved.data(), moved.size()});
    CHECK(done <= buffer.size());
    buffer.erase(0, done);
  }
  void answer_question() { session.answered(group.answer(session.question().operations())); }
  // Until the session wants more of the client. Returns what the client is sent.
  std::string go_on() {
    std::string sent;
    while (!session.ends_silently()) {
      if (session.asks()) {
        answer_question();
      } else {
        const std::string said = std::exchange(session.output(), {});
        sent += said;
        if (session.ends() || said.empty()) break;
      }
      take({});
    }
    return sent;
  }
  std::string send_bytes(std::string_view bytes) {
    take(bytes);
    return go_on();
  }
  // Sends inline commands, all at once. Each end of a line of the replies becomes a blank.
  template <class... Commands>
  std::string send(const Commands&... commands) {
    std::string bytes;
    ((bytes += commands, bytes += '\n'), ...);
    return in_one_line(send_bytes(bytes));
  }
  static std::string in_one_line(std::string_view replies) {
    std::string line;
    for (const char byte : replies)
      if (byte != '\r') line += byte == '\n' ? ' ' : byte;
    if (line.ends_with(' ')) line.pop_back();
    return line;
  }

  FakeGroup& group;
  FakeHost host;
  Session session;
  std::string buffer;
};

struct Conversation {
  FakeGroup group;
  FakeClient client{group};

  template <class... Commands>
  std::string send(const Commands&... commands) {
    return client.send(commands...);
  }
  std::int64_t value(std::string_view name) { return group.answer(OperationKind::get, name).value; }
  // How many requests the group was asked for.
  template <class... Commands>
  std::size_t requests(const Commands&... commands) {
    const std::size_t before = group.requests;
    client.send(commands...);
    return group.requests - before;
  }
};

inline std::string times(std::size_t count, const std::string& text) {
  std::string all;
  for (std::size_t time = 0; time < count; ++time) all += text;
  return all;
}

}  // namespace tally::bridge::resp
