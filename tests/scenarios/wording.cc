// SPDX-License-Identifier: Apache-2.0
#include "scenarios/wording.h"

#include "protocol/bytes.h"
#include "protocol/operation_codec.h"
#include "protocol/session.h"

namespace tally::scenarios {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string operation_text(const Operation& operation) {
  const std::string name(operation.name);
  const std::string key =
      operation.idempotency_key.empty() ? std::string() : " key " + std::string(operation.idempotency_key);
  switch (operation.kind) {
    case OperationKind::add: return "add " + name + " " + std::to_string(operation.value) + key;
    case OperationKind::get: return "get " + name;
    case OperationKind::set: return "set " + name + " " + std::to_string(operation.value) + key;
    case OperationKind::remove: return "remove " + name + key;
    case OperationKind::list: return "list " + name;
    case OperationKind::list_sessions:
    case OperationKind::close_session:
    case OperationKind::list_limits:
    case OperationKind::set_limit:
    case OperationKind::clear:
    case OperationKind::expire:
    case OperationKind::check:
    case OperationKind::scan:
    case OperationKind::count:
    case OperationKind::unspecified: break;
  }
  return "?";
}

std::string result_text(const std::string& name, const OperationResult& result) {
  std::string text = name + "=" + std::to_string(result.value);
  switch (result.status) {
    case OperationStatus::ok: break;
    case OperationStatus::not_found: text = name + " not found"; break;
    case OperationStatus::overflow: text += " overflow"; break;
    case OperationStatus::key_reused: text = name + " key reused"; break;
    default: text = name + " refused"; break;
  }
  if (result.first_sequence) text += " of order " + number(result.first_sequence->value);
  return text;
}

std::string outcome_text(RequestOutcome outcome) {
  switch (outcome) {
    case RequestOutcome::executed: return "executed";
    case RequestOutcome::session_opened: return "session opened";
    case RequestOutcome::session_closed: return "session closed";
    case RequestOutcome::session_expired: return "session expired";
    case RequestOutcome::sessions_full: return "sessions full";
    case RequestOutcome::stale: return "stale";
    case RequestOutcome::beyond_window: return "beyond window";
    case RequestOutcome::malformed: return "malformed";
    case RequestOutcome::results_too_large: return "results too large";
    case RequestOutcome::results_full: return "results full";
    case RequestOutcome::voided: return "voided";
  }
  return "?";
}

std::vector<std::string> names_of(const Request& request) {
  std::vector<Operation> operations;
  decode_operations(request.operations, operations);
  std::vector<std::string> names;
  for (const Operation& operation : operations) names.emplace_back(operation.name);
  return names;
}

}  // namespace

std::string text(const OwnedOperation& operation) { return operation_text(operation.view()); }

// ---- what to remember

void Wording::sent(const std::string& client, const ClientRequest& sent) { owners_[session_of(sent.secret)] = client; }

void Wording::made(const Order& order) { orders_[{order.id.term, order.id.sequence}] = order; }

const Order* Wording::order_of(const OrderIdentity& identity) const {
  const auto found = orders_.find({identity.term, identity.sequence});
  return found == orders_.end() || found->second.id != identity ? nullptr : &found->second;
}

// ---- words

std::string Wording::letter(const Digest& digest) {
  const auto found = letters_.find(digest);
  if (found != letters_.end()) return found->second;
  constexpr std::size_t alphabet = 26;
  const std::size_t place = letters_.size();
  std::string letter(1, static_cast<char>('A' + place % alphabet));
  if (place >= alphabet) letter += number(place / alphabet + 1);
  return letters_.emplace(digest, letter).first->second;
}

std::string Wording::owner(const SessionId& session) const {
  const auto found = owners_.find(session);
  return found == owners_.end() ? "session " + to_hex(session) : found->second;
}

// A session's opening has no number.
std::string Wording::name(const SessionId& session, RequestNumber number_in_session) const {
  return owner(session) + (number_in_session.value == 0 ? "" : "#" + number(number_in_session.value));
}

std::string Wording::request(const Request& request) const {
  const std::string who = name(request.session, request.number);
  if (request.kind == RequestKind::open_session) return who + " opens a session";
  if (request.kind == RequestKind::close_session) return who + " closes its session";
  std::vector<Operation> operations;
  if (!decode_operations(request.operations, operations)) return who + " ?";
  std::string text = who;
  for (const Operation& operation : operations)
    text += (&operation == &operations[0] ? " " : ", ") + operation_text(operation);
  return operations.empty() ? text + " no operation" : text;
}

std::string Wording::requests(const Order& order) {
  std::string text;
  for (const Request& one : order.requests) text += (text.empty() ? "" : "; ") + request(one);
  return "[" + text + "]" + (order.voided ? " voided" : "");
}

std::string Wording::result(const Order* order, const Request* request, std::string_view bytes) const {
  const auto result = results::decode(bytes);
  if (!result) return "?";
  if (result->outcome != RequestOutcome::executed) return outcome_text(result->outcome);
  const std::vector<std::string> names = request ? names_of(*request) : std::vector<std::string>();
  std::string text;
  for (std::size_t place = 0; place < result->operations.size(); ++place)
    text +=
        (text.empty() ? "" : ", ") + result_text(place < names.size() ? names[place] : "?", result->operations[place]);
  if (text.empty()) text = "nothing";
  if (order && result->sequence != order->id.sequence)
    text += ", first executed by order " + number(result->sequence.value);
  return text;
}

std::string Wording::results(const Vote& vote) const {
  const auto found = orders_.find({vote.order.term, vote.order.sequence});
  const Order* order = found == orders_.end() ? nullptr : &found->second;
  ByteReader reader(vote.results);
  std::string text;
  for (std::size_t place = 0; !reader.at_end() && reader.ok(); ++place) {
    const Request* request = order && place < order->requests.size() ? &order->requests[place] : nullptr;
    const std::string who = request ? name(request->session, request->number) + " " : std::string();
    text += (text.empty() ? "" : "; ") + who + result(order, request, reader.sized());
  }
  return "[" + text + "]";
}

std::string Wording::text(const OwnedOperation& asked, const Answer& answer) {
  OperationResult bare = answer.result;
  bare.first_sequence.reset();  // that is answer.sequence
  if (answer.is_decided()) return result_text(asked.name, bare) + ", as of order " + number(answer.sequence.value);
  const std::string known = answer.outcome == CallOutcome::unknown ? "outcome unknown" : "not applied";
  return tally::scenarios::text(asked) + ": " + known + ", " + std::string(to_string(answer.error));
}

// Digests become letters; a process id here is the number of the life, and says nothing.
std::string Wording::text(const Event& event) {
  std::string text = event.name;
  for (const auto& [key, value, is_number] : event.fields) {
    if (key == "pid" || key == "store" || value.empty()) continue;
    const bool is_digest = value.size() == 32 && value.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!is_digest) text += " " + key + "=" + (value.find(' ') == std::string::npos ? value : "\"" + value + "\"");
  }
  return text;
}

// ---- what is about orders

struct Wording::Say {
  Wording& words;

  std::string operator()(const ClientRequest& sent) const {
    Request request = sent.request;
    request.session = session_of(sent.secret);
    return "request [" + words.request(request) + "]" +
           (request.attempt > 1 ? " attempt " + number(request.attempt) : std::string());
  }
  std::string operator()(const Refusal& refusal) const {
    return "refusal [" + words.name(refusal.session, refusal.number) + "] " + std::string(to_string(refusal.reason));
  }
  std::string operator()(const Decisions& decisions) const {
    const auto order = words.orders_.find({decisions.term, decisions.sequence});
    const Order* made = order == words.orders_.end() ? nullptr : &order->second;
    std::string text;
    for (const Decision& decision : decisions.decisions) {
      const Request* request = nullptr;
      if (made)
        for (const Request& candidate : made->requests)
          if (candidate.session == decision.session && candidate.number == decision.number) request = &candidate;
      text += (text.empty() ? "" : "; ") + words.name(decision.session, decision.number) + " " +
              words.result(made, request, decision.result);
    }
    return "decision " + number(decisions.sequence.value) + " [" + text +
           "] votes=" + number(decisions.decisions.empty() ? 0 : decisions.decisions[0].votes);
  }
  std::string operator()(const Order& order) const {
    return "order " + number(order.id.sequence.value) + " (term " + number(order.id.term.value) + ") " +
           words.requests(order) + (order.seal ? ", to be sealed after" : "");
  }
  std::string operator()(const Vote& vote) const {
    const std::string fork = words.order_of(vote.order) ? "" : " of a chain that nobody made";
    return "vote " + number(vote.order.sequence.value) + fork + " " + words.results(vote) +
           " state=" + words.letter(vote.state);
  }
  std::string operator()(const BallotCalls& ballots) const {
    std::string text;
    for (const BallotCall& ballot : ballots.ballots) {
      if (ballot.requests.empty()) continue;
      text += (text.empty() ? "ballot " : ", ") + number(ballot.order.sequence.value) + " [";
      for (const BallotEntry& entry : ballot.requests)
        text += (&entry == &ballot.requests[0] ? "" : "; ") + words.name(entry.session, entry.number);
      text += "]";
    }
    return text.empty() ? "ballots of empty orders" : text;
  }

  // ---- what the roles say of themselves

  std::string operator()(const ClientHello&) const { return "hello"; }
  std::string operator()(const StatusQuery&) const { return "status?"; }
  std::string operator()(const ObservationQuery&) const { return "observation?"; }
  std::string operator()(const Observation&) const { return "observation"; }
  std::string operator()(const AdminCommand&) const { return "command"; }
  std::string operator()(const ClusterStatus&) const { return "status"; }
  std::string operator()(const AdminReply& reply) const { return "reply " + reply.detail; }
  std::string operator()(const Fault& fault) const { return "fault " + std::string(to_string(fault.kind)); }
  std::string operator()(const DistributorWelcome& welcome) const {
    return "welcome to term " + number(welcome.term.value);
  }
  std::string operator()(const ComparatorWelcome&) const { return "welcome"; }
  std::string operator()(const ReplicaStanding& standing) const {
    std::string text = "standing " + std::string(to_string(standing.state));
    if (standing.reason != OutReason::none) text += " (" + std::string(to_string(standing.reason)) + ")";
    text += ", term " + number(standing.term.value) + ", recovery " + number(standing.recovery.value) +
            ", last order " + number(standing.last.sequence.value);
    if (standing.journal_first.value > 1) text += ", journal from " + number(standing.journal_first.value);
    if (standing.prove.value != 0) text += ", prove order " + number(standing.prove.value);
    if (standing.seal_wanted) text += ", get ready to seal";
    if (standing.seal.is_known())
      text += ", checkpoint " + number(standing.seal.checkpoint.value) + " is sealed";
    else if (standing.seal.checkpoint.value != 0)
      text += ", seal after order " + number(standing.seal.checkpoint.value);
    return text;
  }
  std::string operator()(const ReplicaReport& report) const {
    std::string text = "report applied " + number(report.applied.sequence.value) + ", ";
    text +=
        report.recovery.value == 0 ? std::string("recovery not known") : "recovery " + number(report.recovery.value);
    if (report.resend) text += ", resend";
    if (report.state_wanted.value != 0) text += ", wants a state of order " + number(report.state_wanted.value);
    if (report.seal_ready) text += ", ready to seal";
    if (report.seal.is_known()) text += ", sealed checkpoint " + number(report.seal.checkpoint.value);
    if (report.proof.order.sequence.value != 0)
      text += ", proof of " + number(report.proof.order.sequence.value) + " state=" + words.letter(report.proof.state);
    return text;
  }
  std::string operator()(const StateRequest& request) const {
    return "state? " + (request.checkpoint.value == 0 ? "newest, at least of order " + number(request.least.value)
                                                      : "of checkpoint " + number(request.checkpoint.value));
  }
  std::string operator()(const StateChunk& chunk) const {
    if (chunk.answer == StateAnswer::busy) return "busy";
    if (chunk.answer == StateAnswer::none) return "no such checkpoint";
    return "checkpoint " + number(chunk.header.applied.sequence.value) + (chunk.last ? ", all of it," : ", a part,") +
           " state=" + words.letter(chunk.header.state);
  }
  std::string operator()(const View& view) const {
    std::string text = "view " + number(view.number.value) + " (term " + number(view.term.value) + ")";
    for (const Member& member : view.members)
      text += (&member == &view.members[0] ? ": " : ", ") + number(member.replica.value) + " " +
              std::string(to_string(member.state));
    if (view.closed.value != 0) text += "; closed through " + number(view.closed.value);
    return text;
  }
  std::string operator()(const ComparatorReport& report) const {
    std::string text = "report decided " + number(report.decided.value);
    for (const Verdict& verdict : report.verdicts)
      text += ", verdict " + std::string(to_string(verdict.reason)) + " of replica " + number(verdict.replica.value) +
              " at order " + number(verdict.sequence.value);
    if (report.undecidable.value != 0) text += ", order " + number(report.undecidable.value) + " undecidable";
    if (report.succession.ballot.value != 0) {
      text += ", equal votes on order " + number(report.succession.ballot.value) + " of replicas";
      for (const ReplicaId replica : report.succession.replicas) text += " " + number(replica.value);
    }
    return text;
  }
};

std::string Wording::text(const Message& message) { return std::visit(Say{*this}, message); }

std::string text(Duration duration) {
  const std::int64_t milliseconds = duration.milliseconds();
  if (milliseconds < 10'000) return std::to_string(milliseconds) + " ms";
  return std::to_string(milliseconds / 1000) + " s";
}

}  // namespace tally::scenarios
