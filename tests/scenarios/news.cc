// SPDX-License-Identifier: Apache-2.0
#include "scenarios/news.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace tally::scenarios {
namespace {

// What a repeated message says; nothing: it is not of that kind; empty: numbers that grow. Two are the same news if
// this is equal.
struct Gist {
  using Text = std::optional<std::string>;

  static std::string number(std::uint64_t value) { return std::to_string(value) + " "; }

  template <class Other>
  Text operator()(const Other&) const {
    return std::nullopt;
  }
  Text operator()(const DistributorWelcome& welcome) const { return number(welcome.term.value); }
  Text operator()(const ComparatorWelcome& welcome) const { return number(welcome.incarnation.value); }
  Text operator()(const BallotCalls& ballots) const {
    std::string text;
    for (const BallotCall& ballot : ballots.ballots)
      if (!ballot.requests.empty()) text += number(ballot.order.term.value) + number(ballot.order.sequence.value);
    return text;
  }
  Text operator()(const ReplicaStanding& standing) const {
    return number(standing.term.value) + number(standing.recovery.value) + number(standing.prove.value) +
           number(standing.seal.checkpoint.value) + (standing.seal.is_known() ? "sealed " : "") +
           (standing.seal_wanted ? "get ready " : "") + std::string(to_string(standing.state)) +
           std::string(to_string(standing.reason));
  }
  Text operator()(const ReplicaReport& report) const {
    const OrderIdentity& proven = report.proof.order;
    return number(report.incarnation.value) + number(report.recovery.value) + number(proven.sequence.value) +
           number(report.seal.checkpoint.value) + (report.state_wanted.value != 0 ? "wants a state" : "");
  }
  Text operator()(const View& view) const {
    std::string text = number(view.term.value) + number(view.number.value) + number(view.closed.value);
    return text + number(view.comparator.value);
  }
  Text operator()(const ComparatorReport& report) const {
    std::string text;
    for (const Verdict& verdict : report.verdicts)
      text += number(verdict.replica.value) + number(verdict.recovery.value) + number(verdict.sequence.value);
    if (report.undecidable.value != 0) text += "undecidable " + number(report.undecidable.value);
    if (report.succession.ballot.value != 0) text += "succession " + number(report.succession.ballot.value);
    return text;
  }
};

template <class... Kinds>
bool is_one_of(const Message& message) {
  return (std::holds_alternative<Kinds>(message) || ...);
}

}  // namespace

bool News::is_news(const std::string& way, const Message& message, bool lost) {
  if (is_one_of<ClientHello, StatusQuery, AdminCommand, ClusterStatus, AdminReply, ObservationQuery, Observation>(
          message))
    return false;
  if (const auto* order = std::get_if<Order>(&message)) return !order->requests.empty();
  if (const auto* vote = std::get_if<Vote>(&message)) return is_news(*vote);
  const auto* report = std::get_if<ReplicaReport>(&message);
  auto gist = std::visit(Gist{}, message);
  if (!gist) return true;
  if (gist->empty()) return false;
  if (lost) gist->append("lost");
  const bool same = std::exchange(said_[{way, message.index()}], *gist) == *gist;
  return !same || (report && report->resend);
}

bool News::is_news(const Vote& vote) {
  const Order* order = wording_.order_of(vote.order);
  if (!order || !order->requests.empty()) return true;
  const auto [first, is_first] = votes_.emplace(vote.order, vote);
  return !is_first && (first->second.results != vote.results || first->second.state != vote.state);
}

bool News::is_news(const Event& event) {
  constexpr std::array<std::string_view, 4> echoes = {"standing_changed", "replica_connected", "view_adopted",
                                                      "term_adopted"};
  return std::ranges::find(echoes, event.name) == echoes.end();
}

}  // namespace tally::scenarios
