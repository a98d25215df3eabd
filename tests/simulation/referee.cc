// SPDX-License-Identifier: Apache-2.0
#include "simulation/referee.h"

#include <algorithm>
#include <utility>

#include "protocol/bytes.h"
#include "protocol/check.h"
#include "simulation/node.h"
#include "simulation/world.h"

namespace tally::simulation {
namespace {

// Time from the decision on, for the audit record, the report, the journal and the view.
constexpr Duration time_to_find = seconds(10);

std::string text(const OrderIdentity& order) {
  return "order " + std::to_string(order.sequence.value) + " of term " + std::to_string(order.term.value);
}

std::string text(ReplicaId replica) { return "replica " + std::to_string(replica.value); }

const std::string* field(const Event& event, std::string_view key) {
  for (const EventField& field : event.fields)
    if (field.key == key) return &field.value;
  return nullptr;
}

}  // namespace

Referee::Referee(World& world) : world_(world), base_(world.plan.limits), tip_(world.plan.limits) {}

Referee::Known* Referee::find(const Place& place) {
  const auto found = known_.find(place);
  return found == known_.end() ? nullptr : &found->second;
}

// ---- the one total order

void Referee::order_made(const Order& order) {
  const auto& [term, sequence, chain] = order.id;
  const Digest previous = chain_.empty() ? Digest{} : find(chain_.back())->order.id.chain;
  if (sequence.value != chain_.size() + 1 || order.previous != previous || chain_of(order) != chain)
    world_.fail(text(order.id) + " does not follow its predecessor");
  if (!chain_.empty()) {
    const Order& before = find(chain_.back())->order;
    if (order.served < before.served || order.calendar < before.calendar)
      world_.fail(text(order.id) + " goes back in time");
  }
  Known& known = known_[{term, sequence}];
  known.order = order;
  known.changes = order.changes_state();
  known.last_change = known.changes ? sequence : chain_.empty() ? Sequence() : find(chain_.back())->last_change;
  chain_.emplace_back(term, sequence);
  ++orders_;
  known.right = tip_.execute(order);
  known.digest = tip_.digest();
  for (const std::string& result : known.right.results) append_sized(known.vote_results, result);
  for (std::size_t place = 0; place < order.requests.size(); ++place) {
    const Request& request = order.requests[place];
    results_[{request.session, request.number}].push_back({known.right.results[place], known.last_change});
  }
}

void Referee::stable_through(Sequence sequence) {
  for (; base_through_ < sequence; base_through_ = base_through_.next()) {
    Known& known = *find(chain_.at(base_through_.value));
    known.stable = true;
    base_.execute(known.order);
  }
}

void Referee::journal_recovered(Term, const OrderIdentity& last) {
  if (last.sequence.value > chain_.size()) world_.fail("the journal has orders that nobody made");
  while (chain_.size() > last.sequence.value) {
    Known& known = *find(chain_.back());
    if (known.stable || (known.decided && known.changes)) world_.fail(text(known.order.id) + " was stable and is lost");
    known.lost = true;
    chain_.pop_back();
  }
  if (!chain_.empty() && find(chain_.back())->order.id != last) world_.fail(text(last) + " has changed");
  tip_ = base_;
  for (std::uint64_t place = base_through_.value; place < chain_.size(); ++place)
    tip_.execute(find(chain_[place])->order);
  stable_through(last.sequence);
}

bool Referee::has_decided_change_after(Sequence sequence) const {
  for (std::uint64_t place = sequence.value; place < chain_.size(); ++place) {
    const Known* known = find(chain_[place]);
    if (known->decided && known->changes) return true;
  }
  return false;
}

std::map<std::uint64_t, unsigned> Referee::executions() const {
  std::map<std::uint64_t, unsigned> counts;
  for (const Place& place : chain_)
    for (const std::uint64_t tag : find(place)->right.tags) ++counts[tag];
  return counts;
}

std::optional<SessionId> Referee::session_after(const SessionId& name) const {
  const auto found = results_.lower_bound({name, RequestNumber()});
  return found == results_.end() ? std::nullopt : std::optional(found->first.first);
}

const std::vector<Referee::RightResult>& Referee::results_of(const SessionId& session, RequestNumber number) const {
  static const std::vector<RightResult> none;
  const auto found = results_.find({session, number});
  return found == results_.end() ? none : found->second;
}

// ---- decisions

void Referee::decided(const Decisions& decisions) {
  Known* known = find({decisions.term, decisions.sequence});
  const std::string name = text(OrderIdentity{decisions.term, decisions.sequence, {}});
  if (!known) world_.fail(name + " was decided and never made");
  const Known* change =
      known->last_change.value == 0 || known->lost ? nullptr : find(chain_.at(known->last_change.value - 1));
  const bool waits_for_sync = world_.plan.wait_for_sync;  // otherwise what is appended is stable
  if (waits_for_sync && !known->stable && (known->changes || (change && !change->stable)))
    world_.fail(name + " was decided and is not stable");
  known->decided = true;
  for (const Decision& decision : decisions.decisions) {
    if (decision.votes <= world_.plan.faulty()) world_.fail(name + " was decided by too few votes");
    const auto& requests = known->order.requests;
    const auto request = std::ranges::find_if(requests, [&](const Request& candidate) {
      return candidate.session == decision.session && candidate.number == decision.number;
    });
    if (request == requests.end()) world_.fail(name + " was decided for a request that is not in it");
    const auto place = static_cast<std::size_t>(request - requests.begin());
    if (known->right.results[place] != decision.result) world_.fail(name + " was decided wrongly");
  }
  if (right_votes({decisions.term, decisions.sequence}) <= world_.plan.faulty())
    world_.fail(name + " was decided without f+1 votes of voters");
}

// Counts the right votes of replicas that are voters, or were voters until this turn.
unsigned Referee::right_votes(const Place& place) const {
  const auto came = right_votes_.find(place);
  if (came == right_votes_.end() || !view_) return 0;
  return static_cast<unsigned>(std::ranges::count_if(came->second, [&](const Life& life) {
    const Member& member = view_->members.at(place_of(life.first));
    if (member.role == MemberRole::voter && member.recovery == life.second) return true;
    const auto until = voted_until_.find(life);
    return until != voted_until_.end() && until->second == world_.agenda.now();
  }));
}

// ---- votes

void Referee::vote_made(ReplicaId replica, const Vote& vote) {
  Known* known = find({vote.order.term, vote.order.sequence});
  if (!known || known->order.id != vote.order)
    world_.fail(text(replica) + " executed what nobody made: " + text(vote.order));
  if (known->vote_results != vote.results)
    world_.fail(text(replica) + " is right and answers wrongly on " + text(vote.order));
  if (known->digest != vote.state) world_.fail(text(replica) + " has another state after " + text(vote.order));
}

bool Referee::is_wrong(const Vote& vote) const {
  const Known* known = find({vote.order.term, vote.order.sequence});
  return !known || known->order.id != vote.order || known->vote_results != vote.results || known->digest != vote.state;
}

void Referee::vote_sent(ReplicaId replica, const Vote& vote) {
  if (is_wrong(vote)) guilty_.insert({replica, vote.recovery});
}

bool Referee::is_known_state(const OrderIdentity& order, const Digest& state) const {
  const Known* known = find({order.term, order.sequence});
  return known && known->order.id == order && known->digest == state;
}

void Referee::checkpoint_made(ReplicaId replica, const CheckpointHeader& header) {
  const Known* known = find({header.applied.term, header.applied.sequence});
  const std::string name = "the checkpoint of " + text(replica) + " after " + text(header.applied);
  if (!known || known->order.id != header.applied || known->lost)
    world_.fail(name + " is of what is not in the journal");
  if (!known->stable) world_.fail(name + " is of what is not stable");
  if (header.applied.sequence > agreed_) world_.fail(name + " is of what was not agreed");
  if (known->digest != header.state) world_.fail(name + " is of another state");
}

// ---- verdicts

void Referee::comparator_began() {
  view_.reset();
  lies_.clear();
  voted_.clear();
  right_votes_.clear();
  passed_.clear();
}

// Checks laws 8 and 13.
void Referee::check_view(const View& view) {
  const auto is_voter = [](const Member& member) { return member.role == MemberRole::voter; };
  if (std::ranges::count_if(view.members, is_voter) <= world_.plan.faulty())
    world_.fail("view " + std::to_string(view.number.value) + " has too few voters");
  for (const Member& member : view.members) {
    const auto before = roles_.find(member.replica);
    const bool new_voter = is_voter(member) && before != roles_.end() && before->second != MemberRole::voter;
    if (new_voter && !proven_.contains({member.replica, member.recovery}))
      world_.fail(text(member.replica) + " is a voter and has not proven itself");
    roles_[member.replica] = member.role;
  }
}

void Referee::view_arrived(const View& view, Incarnation comparator) {
  if (view.comparator != comparator) return;
  if (view_ && (view.term < view_->term || (view.term == view_->term && view.number < view_->number))) return;
  check_view(view);
  if (view_)
    for (const Member& member : view_->members)
      if (member.role == MemberRole::voter) voted_until_[{member.replica, member.recovery}] = world_.agenda.now();
  const Sequence closed = view_ && view_->term == view.term ? std::max(view_->closed, view.closed) : view.closed;
  for (std::size_t place = 0; place < view.members.size(); ++place) {
    const Member before = view_ ? view_->members[place] : Member{};
    const Member& member = view.members[place];
    const bool is_new = before.role == MemberRole::none || before.recovery != member.recovery;
    if (is_new) judged_from_[member.replica] = last().next();
  }
  view_ = view;
  view_->closed = closed;
}

// Notes a wrong vote only where it must be found. Of two votes on one order, the newer may replace
// the older while the ballot has not come, or there may be nothing left with which to compare it.
// Orders from before the replica was a member may be decided and forgotten. And a vote on a later
// order says that no vote on an earlier one will come, so a belated one need not be compared.
void Referee::vote_arrived(ReplicaId replica, const Vote& vote) {
  Sequence& passed = passed_[{replica, vote.order.term}];
  const bool is_belated = vote.order.sequence < passed;
  passed = std::max(passed, vote.order.sequence);
  const Known* known = find({vote.order.term, vote.order.sequence});
  if (!known) return;
  if (!is_wrong(vote)) {
    right_votes_[{vote.order.term, vote.order.sequence}].insert({replica, vote.recovery});
    proven_.insert({replica, vote.recovery});
  }
  if (!voted_.insert({replica, known->order.id}).second) {
    std::erase_if(lies_, [&](const Lie& lie) { return lie.replica == replica && lie.order == known->order.id; });
    return;
  }
  if (!is_wrong(vote)) return;
  const Lie lie{replica, vote.recovery, known->order.id, std::nullopt};
  if (!is_belated && vote.order.sequence >= judged_from_[replica] && may_still_be_found(lie)) lies_.push_back(lie);
}

bool Referee::may_still_be_found(const Lie& lie) const {
  if (!view_ || view_->term != lie.order.term || view_->closed >= lie.order.sequence) return false;
  const Member& member = view_->members.at(place_of(lie.replica));
  return member.recovery == lie.recovery && member.role != MemberRole::none &&
         !found_.contains({lie.replica, lie.recovery});
}

bool Referee::may_count(ReplicaId replica, Recovery recovery) const {
  if (!view_) return true;
  const Member& member = view_->members.at(place_of(replica));
  return member.recovery == recovery && member.role != MemberRole::none;
}

std::optional<Instant> Referee::let_in(ReplicaId replica) const {
  const auto found = let_in_.find(replica);
  return found == let_in_.end() ? std::nullopt : std::optional(found->second);
}

void Referee::proof_sent(ReplicaId replica, Recovery recovery, const OrderState& proof) {
  if (is_known_state(proof.order, proof.state)) proven_.insert({replica, recovery});
}

const Order* Referee::order(Sequence sequence) const {
  if (sequence.value == 0 || sequence > last()) return nullptr;
  return &find(chain_[sequence.value - 1])->order;
}

void Referee::comparator_reported(const ComparatorReport& report) {
  const Instant now = world_.agenda.now();
  if (std::exchange(last_agreed_, report.agreed.order) != report.agreed.order) progressed_ = now;
  agreed_ = std::max(agreed_, report.agreed.order.sequence);
  std::erase_if(lies_, [&](const Lie& lie) { return !may_still_be_found(lie); });
  for (Lie& lie : lies_) {
    if (!lie.decided && report.term == lie.order.term && report.decided >= lie.order.sequence) lie.decided = now;
    if (lie.decided && now - *lie.decided > time_to_find)
      world_.fail(text(lie.replica) + " lied about " + text(lie.order) + " and was not found");
  }
}

void Referee::happened(const Node& node, const Event& event) {
  if (event.name == "dissent_found") {
    const ReplicaId replica(std::stoull(*field(event, "replica")));
    const Recovery recovery(std::stoull(*field(event, "recovery")));
    found_.insert({replica, recovery});
    if (!is_guilty(replica, recovery)) world_.fail(text(replica) + " is right and was found to dissent");
  }
  if (event.name == "replica_recovering")
    let_in_[ReplicaId(std::stoull(*field(event, "replica")))] = world_.agenda.now();
  if (event.name == "replica_quarantined" && *field(event, "reason") != "dissent")
    world_.fail("replica " + *field(event, "replica") + " was quarantined and did not dissent");
  const bool never = event.name == "audit_log_cut" || event.name == "results_malformed" ||
                     event.name == "view_malformed" || event.name == "group_mismatched" ||
                     event.name == "semantics_unknown" || event.name == "order_damaged";
  if (never) world_.fail(node.name() + ": " + event.name);
}

}  // namespace tally::simulation
