// SPDX-License-Identifier: Apache-2.0
#include "comparator/audit_json.h"

#include <boost/json.hpp>

#include "protocol/hex.h"

namespace tally {
namespace {

namespace json = boost::json;

json::string text(std::string_view words) { return json::string(words.data(), words.size()); }

std::string_view word(MemberRole role) {
  switch (role) {
    case MemberRole::none: return "none";
    case MemberRole::voter: return "voter";
    case MemberRole::observed: return "observed";
  }
  return "unknown";
}

json::object object_of(const AnswerEvidence& answer) {
  json::object object{{"chain", to_hex(answer.chain)},
                      {"state", to_hex(answer.state)},
                      {"results_size", answer.results_size},
                      {"results_digest", to_hex(answer.results_digest)}};
  if (answer.results)
    object["results"] = to_hex(*answer.results);
  else
    object["results"] = nullptr;
  return object;
}

json::array array_of(const std::vector<VoteEvidence>& evidence) {
  json::array votes;
  for (const VoteEvidence& vote : evidence) {
    json::object entry{{"replica", vote.replica.value},
                       {"role", text(word(vote.role))},
                       {"differs_in", text(to_string(vote.difference))}};
    const json::object answer = object_of(vote.answer);
    for (const json::key_value_pair& member : answer) entry.insert(member);
    votes.push_back(std::move(entry));
  }
  return votes;
}

json::object object_of(const DissentEvidence& evidence) {
  json::object object;
  object["decided"] = object_of(evidence.decided);
  object["votes"] = array_of(evidence.votes);
  return object;
}

json::object object_of(const SilenceEvidence& evidence) {
  json::array missed;
  for (const Sequence sequence : evidence.missed) missed.push_back(sequence.value);
  return {{"missed", std::move(missed)}};
}

void put(json::object& object, const StartRecord& start) {
  object["comparator"] = to_hex(start.comparator.value);
  object["pid"] = start.pid;
  object["replicas"] = start.replicas;
}

void put(json::object& object, const ViewRecord& view) {
  object["view"] = view.number.value;
  json::array members;
  for (const Member& member : view.members)
    members.push_back(json::object{{"replica", member.replica.value},
                                   {"role", text(word(member.role))},
                                   {"state", text(to_string(member.state))},
                                   {"recovery", member.recovery.value}});
  object["members"] = std::move(members);
  object["closed"] = view.closed.value;
  object["audit_head"] = view.audit_head;
}

void put(json::object& object, const VerdictRecord& record) {
  object["view"] = record.view.value;
  object["replica"] = record.verdict.replica.value;
  object["role"] = text(word(record.role));
  object["recovery"] = record.verdict.recovery.value;
  object["reason"] = text(to_string(record.verdict.reason));
  object["sequence"] = record.verdict.sequence.value;
  object["last_agreed"] = record.agreed.value;
  object["last_voted"] = record.voted.value;
  object["evidence"] = std::visit([](const auto& evidence) { return object_of(evidence); }, record.evidence);
}

void put(json::object& object, const UndecidedRecord& record) {
  object["view"] = record.view.value;
  object["sequence"] = record.order.sequence.value;
  object["chain"] = to_hex(record.order.chain);
  object["votes"] = array_of(record.votes);
}

void put(json::object& object, const LossRecord& record) {
  object["command"] = record.command;
  object["last_kept"] = record.kept.value;
  object["newest_known"] = record.known.value;
  if (!record.head.empty()) object["given_up"] = record.head;
}

void put(json::object& object, const CutRecord& record) { object["known"] = record.known; }

void put(json::object&, const CreationRecord&) {}

std::string_view kind_of(const AuditRecord& record) {
  constexpr std::string_view kinds[] = {"start", "view",    "verdict", "undecided",
                                        "loss",  "created", "cut"};  // as AuditContent
  return kinds[record.content.index()];
}

}  // namespace

std::string to_json(const AuditRecord& record, const AuditPlace& place) {
  json::object object{
      {"number", place.number},        {"previous", text(place.previous)},    {"at", rfc3339(place.at)},
      {"kind", text(kind_of(record))}, {"group", to_hex(record.group.value)}, {"term", record.term.value}};
  if (!place.note.empty()) object["note"] = text(place.note);
  std::visit([&object](const auto& content) { put(object, content); }, record.content);
  return json::serialize(object);
}

}  // namespace tally
