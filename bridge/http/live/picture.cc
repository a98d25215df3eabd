// SPDX-License-Identifier: Apache-2.0
#include "bridge/http/live/picture.h"

#include <span>
#include <utility>

#include "bridge/http/live/limits.h"
#include "protocol/hex.h"
#include "protocol/quorum.h"
#include "runtime/json_text.h"

namespace tally::bridge::http {
namespace {

constexpr Duration figure_interval = seconds(1);
// After a longer time in which nobody watched, nobody knows when what is new came about.
constexpr Duration longest_unwatched = seconds(3);
constexpr double half = 0.5;
constexpr double nearly_all = 0.99;

// Milliseconds since 1970; nothing if the time is not known.
std::optional<std::int64_t> known_time(CalendarTime time) {
  if (time.unix_milliseconds == 0) return std::nullopt;
  return time.unix_milliseconds;
}

// What was counted since `then`; nothing if the counting began anew meanwhile.
std::optional<Histogram> difference(const Histogram& now, const Histogram& then) {
  if (now.sum < then.sum || now.counts.size() < then.counts.size()) return std::nullopt;
  Histogram counted = now;
  counted.sum -= then.sum;
  for (std::size_t step = 0; step < then.counts.size(); ++step) {
    if (counted.counts[step] < then.counts[step]) return std::nullopt;
    counted.counts[step] -= then.counts[step];
  }
  return counted;
}

// The value that this part of all that were counted does not exceed, as if those of one step were
// spread evenly over it. Nothing if nothing was counted.
std::optional<std::uint64_t> quantile(const Histogram& counted, std::span<const std::uint64_t> bounds, double part) {
  std::uint64_t all = 0;
  for (const std::uint64_t count : counted.counts) all += count;
  if (all == 0) return std::nullopt;
  const double wanted = part * static_cast<double>(all);
  double below = 0;
  std::uint64_t from = 0;
  for (std::size_t step = 0; step < counted.counts.size() && step < bounds.size(); ++step) {
    const auto count = static_cast<double>(counted.counts[step]);
    if (count > 0 && below + count >= wanted)
      return from + static_cast<std::uint64_t>((wanted - below) / count * static_cast<double>(bounds[step] - from));
    below += count;
    from = bounds[step];
  }
  return from;
}

void add_verdict(JsonText& json, const std::optional<LastVerdict>& verdict) {
  json.name("last_verdict");
  if (!verdict) {
    json.value(nullptr);
    return;
  }
  json.begin_object()
      .member("reason", to_string(verdict->reason))
      .member("sequence", verdict->sequence.value)
      .member("at", known_time(verdict->at))
      .end_object();
}

void add_vote(JsonText& json, const ObservedVote* vote) {
  json.name("vote");
  if (!vote || vote->sequence.value == 0) {
    json.value(nullptr);
    return;
  }
  json.begin_object()
      .member("sequence", vote->sequence.value)
      .member("state", to_hex(vote->state))
      .member("results", to_hex(vote->results))
      .member("outcome", to_string(vote->outcome))
      .end_object();
}

void add_replica(JsonText& json, const ReplicaStatus& replica, CalendarTime restarted, const ObservedVote* vote,
                 const Picture::Rules& rules) {
  json.begin_object()
      .member("id", replica.id.value)
      .member("state", to_string(replica.state))
      .member("reason", to_string(replica.reason))
      .member("since", known_time(replica.since))
      .member("next_try", known_time(replica.next_try))
      .member("restarted", known_time(restarted))
      .member("applied", replica.applied.value)
      .member("lag", replica.lag)
      .member("checkpoint", replica.checkpoint.value)
      .member("store", replica.store)
      .member("heard_ms", replica.heard_ms)
      .member("votes", replica.votes)
      .member("dissents", replica.dissents)
      .member("silences", replica.silences)
      .member("evictions", replica.evictions)
      .member("readmissions", replica.readmissions);
  add_verdict(json, replica.last_verdict);
  json.member("matches", vote ? vote->matches : 0).member("matches_needed", rules.probation_votes);
  add_vote(json, vote);
  json.end_object();
}

std::string role_text(RoleState state, CalendarTime restarted) {
  std::string text;
  JsonText(text)
      .begin_object()
      .member("state", to_string(state))
      .member("restarted", known_time(restarted))
      .end_object();
  return text;
}

// Appends to a list whose brackets are put around it later.
void append(std::string& list, const std::string& element) { (list += list.empty() ? "" : ",") += element; }

void append_member(std::string& members, std::string_view name, std::string_view value) {
  if (!members.empty()) members += ',';
  ((((members += '"') += name) += "\":") += value);
}

std::string with_time(const std::string& members, CalendarTime calendar) {
  return R"({"now":)" + std::to_string(calendar.unix_milliseconds) + ',' + members + '}';
}

std::string bracketed(const std::string& list) { return '[' + list + ']'; }

std::string bracketed(const std::deque<std::string>& elements) {
  std::string list;
  for (const std::string& element : elements) append(list, element);
  return bracketed(list);
}

}  // namespace

Picture::Picture(const Rules& rules)
    : rules_(rules), sections_{{"group", {}},   {"distributor", {}}, {"comparator", {}},
                               {"journal", {}}, {"replicas", {}},    {"decision", {}}} {}

std::string Picture::update(const ClusterStatus& status, std::optional<Instant> heard_at,
                            const std::optional<Observation>& observation, CalendarTime calendar) {
  changes_.clear();
  new_figures_.clear();
  new_records_.clear();
  if (observation) show_observation(*observation);
  if (heard_at) {
    look_at_processes(status, *heard_at, calendar);
    add_figures(status, *heard_at, calendar);
  }
  show_status(status, heard_at.has_value(), observation.has_value());
  if (!new_figures_.empty()) append_member(changes_, "figures", bracketed(new_figures_));
  if (!new_records_.empty()) append_member(changes_, "records", bracketed(new_records_));
  if (changes_.empty()) return {};
  return with_time(changes_, calendar);
}

std::string Picture::whole(CalendarTime calendar) const {
  std::string members;
  for (const Section& section : sections_)
    if (!section.text.empty()) append_member(members, section.name, section.text);
  append_member(members, "figures", bracketed(figures_));
  append_member(members, "records", bracketed(records_));
  return with_time(members, calendar);
}

void Picture::show(Place place, std::string text) {
  Section& section = sections_[place];
  if (section.text == text) return;
  section.text = std::move(text);
  append_member(changes_, section.name, section.text);
}

void Picture::look_at_processes(const ClusterStatus& status, Instant heard_at, CalendarTime calendar) {
  const bool is_watched = heard_at - std::exchange(looked_at_, heard_at) <= longest_unwatched;
  const auto look = [&](Process& process, std::uint64_t pid) {
    if (pid == 0 || pid == process.pid) return;
    if (process.pid != 0 && is_watched) process.restarted = calendar;
    process.pid = pid;
  };
  look(distributor_, status.distributor_pid);
  look(comparator_, status.comparator_pid);
  for (const ReplicaStatus& replica : status.replicas) look(replicas_[replica.id], replica.pid);
}

void Picture::show_status(const ClusterStatus& status, bool is_heard, bool comparator_answers) {
  std::string text;
  JsonText(text)
      .begin_object()
      .member("state", to_string(status.state))
      .member("reason", status.reason)
      .member("advice", status.advice)
      .member("term", status.term.value)
      .member("view", status.view.value)
      .member("sequence", status.sequence.value)
      .member("decided", status.decided.value)
      .member("stable", status.stable.value)
      .member("journal_first", status.journal_first.value)
      .member("undecided", status.undecided.value)
      .member("fault_injection", rules_.fault_injection)
      .member("replicas", rules_.replicas)
      .member("needed", quorum_of(rules_.replicas))
      .member("heard", is_heard)
      .end_object();
  show(group, std::move(text));
  show(distributor, role_text(status.distributor_state, distributor_.restarted));
  // What a silent distributor has said of the comparator is out of date.
  const bool is_known = is_heard || comparator_answers;
  show(comparator, role_text(is_known ? status.comparator_state : RoleState::down, comparator_.restarted));

  std::string numbers;
  JsonText(numbers)
      .begin_object()
      .member("appends", status.journal_appends)
      .member("syncs", status.journal_syncs)
      .member("sync_p50_us", quantile(status.journal_sync, histograms::duration_bounds, half))
      .member("sync_p99_us", quantile(status.journal_sync, histograms::duration_bounds, nearly_all))
      .end_object();
  show(journal, std::move(numbers));

  std::string list;
  JsonText json(list);
  json.begin_array();
  for (const ReplicaStatus& replica : status.replicas)
    add_replica(json, replica, replicas_[replica.id].restarted, vote_of(replica.id), rules_);
  json.end_array();
  show(replicas, std::move(list));
}

// Of the replica, as the comparator saw it last; null if the comparator has not been heard of.
const ObservedVote* Picture::vote_of(ReplicaId replica) const {
  for (const ObservedVote& vote : votes_)
    if (vote.replica == replica) return &vote;
  return nullptr;
}

void Picture::show_observation(const Observation& observation) {
  votes_ = observation.voters;
  if (observation.decided.order.sequence.value != 0) {
    std::string text;
    JsonText(text)
        .begin_object()
        .member("sequence", observation.decided.order.sequence.value)
        .member("state", to_hex(observation.decided.state))
        .member("results", to_hex(observation.results))
        .member("votes", observation.votes)
        .end_object();
    show(decision, std::move(text));
  }
  for (const ObservedRecord& record : observation.records) add_record(record);
}

void Picture::add_record(const ObservedRecord& record) {
  if (record.number <= newest_record_) return;
  newest_record_ = record.number;
  std::string text;
  JsonText(text)
      .begin_object()
      .member("number", record.number)
      .member("hash", record.hash)
      .member("line", record.line)
      .end_object();
  append(new_records_, text);
  record_bytes_ += text.size();
  records_.push_back(std::move(text));
  while (records_.size() > live_limits::records || record_bytes_ > live_limits::record_bytes) {
    record_bytes_ -= records_.front().size();
    records_.pop_front();
  }
}

// One point for each second that was watched. Nothing is said of a time in which nobody watched, or
// in which the comparator started and began to count anew.
void Picture::add_figures(const ClusterStatus& status, Instant heard_at, CalendarTime calendar) {
  if (figures_from_ && heard_at - *figures_from_ < figure_interval) return;
  const auto decisions = difference(status.decision, decisions_then_);
  const auto operations = difference(status.order_operations, operations_then_);
  const auto begun = std::exchange(figures_from_, heard_at);
  decisions_then_ = status.decision;
  operations_then_ = status.order_operations;
  if (!begun || !decisions || !operations || heard_at - *begun > longest_unwatched) return;
  const double seconds = static_cast<double>((heard_at - *begun).nanoseconds) / 1e9;
  std::string text;
  JsonText(text)
      .begin_object()
      .member("at", calendar.unix_milliseconds)
      .member("operations_per_second", Decimal{static_cast<double>(operations->sum) / seconds, 1})
      .member("p50_us", quantile(*decisions, histograms::duration_bounds, half))
      .member("p99_us", quantile(*decisions, histograms::duration_bounds, nearly_all))
      .end_object();
  append(new_figures_, text);
  figures_.push_back(std::move(text));
  if (figures_.size() > live_limits::figures) figures_.pop_front();
}

}  // namespace tally::bridge::http
