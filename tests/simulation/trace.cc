// SPDX-License-Identifier: Apache-2.0
#include "simulation/trace.h"

#include <cstdio>

#include "protocol/bytes.h"
#include "protocol/session.h"

namespace tally::simulation {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string identity(const OrderIdentity& order) {
  return number(order.term.value) + "." + number(order.sequence.value) + "/" + to_hex(order.chain).substr(0, 4);
}

std::string request(const Request& request) {
  return "session " + to_hex(request.session).substr(0, 8) + " request " + number(request.number.value) +
         " acknowledged " + number(request.acknowledged.value) + " attempt " + number(request.attempt) +
         (request.read_only ? " read-only" : "") + (request.kind == RequestKind::operations ? "" : " open/close");
}

struct Describe {
  std::string operator()(const ClientHello&) const { return "hello"; }
  std::string operator()(const ClientRequest& sent) const {
    Request named = sent.request;
    named.session = session_of(sent.secret);
    return "request " + request(named);
  }
  std::string operator()(const StatusQuery&) const { return "status query"; }
  std::string operator()(const ObservationQuery&) const { return "observation query"; }
  std::string operator()(const Observation&) const { return "observation"; }
  std::string operator()(const AdminCommand& command) const {
    return "admin command for replica " + number(command.replica.value);
  }
  std::string operator()(const DistributorWelcome& welcome) const {
    return "distributor welcome, term " + number(welcome.term.value);
  }
  std::string operator()(const Refusal& refusal) const {
    return "refusal of request " + number(refusal.number.value) + " attempt " + number(refusal.attempt) + ": " +
           std::string(to_string(refusal.reason));
  }
  std::string operator()(const ClusterStatus&) const { return "status"; }
  std::string operator()(const AdminReply& reply) const { return "admin reply " + reply.detail; }
  std::string operator()(const ComparatorWelcome&) const { return "comparator welcome"; }
  std::string operator()(const Decisions& decisions) const {
    std::string text = "decisions " + number(decisions.term.value) + "." + number(decisions.sequence.value) + " on";
    for (const Decision& decision : decisions.decisions) text += " " + number(decision.number.value);
    return text;
  }
  std::string operator()(const Order& order) const {
    return "order " + identity(order.id) + " with " + number(order.requests.size()) + " requests";
  }
  std::string operator()(const ReplicaStanding& standing) const {
    return "standing " + std::string(to_string(standing.state)) + ", term " + number(standing.term.value) + " view " +
           number(standing.view.value) + " recovery " + number(standing.recovery.value) + " last " +
           identity(standing.last) + " stable " + number(standing.stable.value) + " agreed " +
           number(standing.agreed.order.sequence.value) + " vote from " + number(standing.vote_from.value) +
           " journal from " + number(standing.journal_first.value);
  }
  std::string operator()(const Fault& fault) const { return "fault " + std::string(to_string(fault.kind)); }
  std::string operator()(const ReplicaReport& report) const {
    return "report applied " + identity(report.applied) + " recovery " + number(report.recovery.value) +
           " checkpoint " + number(report.checkpoint.value) + (report.resend ? " resend" : "");
  }
  std::string operator()(const Vote& vote) const {
    return "vote on " + identity(vote.order) + " recovery " + number(vote.recovery.value) + " state " +
           to_hex(vote.state).substr(0, 6);
  }
  std::string operator()(const StateRequest& request) const {
    return "state request, checkpoint " + number(request.checkpoint.value) + " least " + number(request.least.value);
  }
  std::string operator()(const StateChunk& chunk) const {
    return "state chunk of " + number(chunk.header.applied.sequence.value) + ", answer " +
           number(static_cast<std::uint64_t>(chunk.answer)) + (chunk.last ? ", last" : "");
  }
  std::string operator()(const BallotCalls& ballots) const {
    std::string text = "ballots";
    for (const BallotCall& ballot : ballots.ballots) text += " " + identity(ballot.order);
    return text;
  }
  std::string operator()(const View& view) const {
    std::string text = "view " + number(view.number.value) + ", term " + number(view.term.value) + " closed " +
                       number(view.closed.value) + " last " + number(view.last.value) + " roles";
    for (const Member& member : view.members)
      text += " " + number(static_cast<std::uint64_t>(member.role)) + "r" + number(member.recovery.value);
    return text;
  }
  std::string operator()(const ComparatorReport& report) const {
    std::string text = "report, term " + number(report.term.value) + " view " + number(report.view.value) +
                       " decided " + number(report.decided.value);
    for (const Verdict& verdict : report.verdicts)
      text += " " + std::string(to_string(verdict.reason)) + " of replica " + number(verdict.replica.value);
    return text;
  }
};

}  // namespace

std::string describe(const Message& message) { return std::visit(Describe{}, message); }

void Trace::line(std::string_view who, std::string_view what, std::string_view more) {
  text_.clear();
  append_number(text_, digest_);
  append_number(text_, agenda_.now().nanoseconds);
  text_.append(who).append(1, ' ').append(what).append(more);
  digest_ = checksum_of(text_);
  if (!prints_) return;
  const double seconds = static_cast<double>(agenda_.now().nanoseconds) / 1e9;
  std::printf("%12.6f %-12.*s %.*s%.*s\n", seconds, static_cast<int>(who.size()), who.data(),
              static_cast<int>(what.size()), what.data(), static_cast<int>(more.size()), more.data());
}

void Trace::event(std::string_view who, const Event& event) {
  std::string fields;
  for (const auto& [key, value, is_number] : event.fields) fields.append(" ").append(key).append("=").append(value);
  line(who, event.name, fields);
}

}  // namespace tally::simulation
