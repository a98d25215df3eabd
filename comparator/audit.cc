// SPDX-License-Identifier: Apache-2.0
#include "comparator/audit.h"

#include <charconv>

#include "protocol/check.h"

namespace tally {

std::string to_text(const AuditHead& head) {
  return head.number == 0 ? std::string() : std::to_string(head.number) + ":" + head.hash;
}

std::optional<AuditHead> audit_head_from(std::string_view text) {
  if (text.empty()) return AuditHead();
  AuditHead head;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), head.number);
  const auto used = static_cast<std::size_t>(rest - text.data());
  if (error != std::errc() || head.number == 0 || used == text.size() || text[used] != ':') return std::nullopt;
  head.hash = text.substr(used + 1);
  return head;
}

AnswerEvidence evidence_of(const OrderAnswer& answer) {
  AnswerEvidence evidence{answer.chain, answer.state, answer.results_size, answer.digest_of_results(), std::nullopt};
  if (answer.whole) evidence.results = answer.results.substr(0, evidence_result_bytes);
  return evidence;
}

std::vector<VoteEvidence> votes_on(const Ballot& ballot, const std::vector<Member>& members) {
  const bool decided = ballot.stage() == Ballot::Stage::decided;
  std::vector<VoteEvidence> votes;
  for (const Member& member : members) {
    for (const AnswerIndex index : {ballot.first_of(member.replica), ballot.second_of(member.replica)}) {
      if (index == no_answer) continue;
      const OrderAnswer& answer = ballot.answer(index);
      const Difference difference = decided ? difference_of(ballot.answer(ballot.decided()), answer) : Difference::none;
      votes.push_back({member.replica, member.role, difference, evidence_of(answer)});
    }
  }
  return votes;
}

DissentEvidence evidence_of(const Ballot& ballot, const std::vector<Member>& members) {
  CHECK(ballot.stage() == Ballot::Stage::decided);
  return {ballot.order(), evidence_of(ballot.answer(ballot.decided())), votes_on(ballot, members)};
}

}  // namespace tally
