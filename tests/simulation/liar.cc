// SPDX-License-Identifier: Apache-2.0
#include "simulation/liar.h"

#include <algorithm>
#include <array>
#include <utility>

#include "replica/checkpoint.h"
#include "replica/faults.h"
#include "replica/state_entries.h"

namespace tally::simulation {
namespace {

constexpr std::size_t entry_bytes = 35;  // of a counter, without its name

}  // namespace

void Liar::begin(FaultName fault, double share, Instant until) {
  fault_ = fault;
  share_ = share;
  until_ = until;
}

bool Liar::strikes(FaultName fault, Instant now) {
  constexpr std::array parts = {FaultName::lying_report, FaultName::lying_donor, FaultName::lying_request};
  const bool part = fault_ == FaultName::every_lie && std::ranges::count(parts, fault) > 0;
  return active(now) && (fault_ == fault || part) && random_.chance(share_);
}

// ---- votes

Vote Liar::wrong_digest(Vote vote) {
  vote.state = {random_.next(), random_.next()};
  return vote;
}

Vote Liar::wrong_value(Vote vote) {
  FaultInjector::corrupt(vote);
  return alone_ ? wrong_digest(std::move(vote)) : vote;
}

// Says about this order what it said about an earlier one.
Vote Liar::stale(Vote vote) {
  if (earlier_.empty()) return vote;
  const Vote& old = earlier_.front();
  vote.results = old.results;
  vote.state = old.state;
  return alone_ ? wrong_digest(std::move(vote)) : vote;
}

// Changes any one field.
Vote Liar::odd(Vote vote) {
  constexpr std::size_t most_bytes = 100'000;
  switch (random_.below(8)) {
    case 0: vote.order.term = Term(random_.chance(0.5) ? random_.below(10) : random_.next()); break;
    case 1: vote.order.sequence = Sequence(random_.chance(0.5) ? random_.below(5000) : random_.next()); break;
    case 2: vote.order.chain = {random_.next(), random_.next()}; break;
    case 3: vote.incarnation = Incarnation(random_.next()); break;
    case 4: vote.recovery = Recovery(random_.chance(0.5) ? random_.below(10) : random_.next()); break;
    case 5: vote.state = {random_.next(), random_.next()}; break;
    case 6: vote.results.resize(random_.below(vote.results.size() + 1)); break;
    default: vote.results.append(random_.below(most_bytes), static_cast<char>(random_.next())); break;
  }
  return alone_ ? wrong_digest(std::move(vote)) : vote;
}

std::vector<Vote> Liar::votes(const Vote& honest, Instant now) {
  constexpr std::size_t remembered = 16;
  earlier_.push_back(honest);
  if (earlier_.size() > remembered) earlier_.pop_front();
  if (!active(now) || !random_.chance(share_)) return {honest};
  return lie(fault_ == FaultName::every_lie ? draw_vote_fault() : fault_, honest);
}

FaultName Liar::draw_vote_fault() {
  const std::vector<FaultName> faults = {FaultName::replica_silent, FaultName::wrong_value, FaultName::wrong_digest,
                                         FaultName::stale_vote,     FaultName::wrong_order, FaultName::borrowed_name,
                                         FaultName::two_votes,      FaultName::early_votes, FaultName::odd_vote};
  return random_.pick(faults);
}

std::vector<Vote> Liar::lie(FaultName fault, Vote vote) {
  switch (fault) {
    case FaultName::odd_vote: return {odd(vote)};
    case FaultName::replica_silent: return {};
    case FaultName::wrong_value: return {wrong_value(vote)};
    case FaultName::wrong_digest: return {wrong_digest(vote)};
    case FaultName::stale_vote: return {stale(vote)};
    case FaultName::wrong_order: vote.order.chain = {random_.next(), random_.next()}; return {vote};
    case FaultName::borrowed_name:
      vote.recovery = Recovery(random_.between(1, 9));
      vote.incarnation = Incarnation(random_.next());
      return {vote};
    case FaultName::two_votes:
      if (random_.chance(0.5)) return {vote, wrong_digest(wrong_value(vote))};
      return {wrong_digest(wrong_value(vote)), vote};
    case FaultName::early_votes: {
      Vote early = wrong_digest(vote);
      early.order.sequence = Sequence(vote.order.sequence.value + random_.between(1, 3000));
      if (random_.chance(0.3)) early.order.term = Term(vote.order.term.value + random_.between(1, 3));
      return {early, vote};
    }
    default: return {vote};
  }
}

// ---- reports

ReplicaReport Liar::report(ReplicaReport honest, Instant now) {
  if (!strikes(FaultName::lying_report, now)) return honest;
  ReplicaReport& report = honest;
  const auto digest = [this] { return Digest{random_.next(), random_.next()}; };
  switch (random_.below(16)) {
    case 0: report.applied.sequence = Sequence(report.applied.sequence.value + random_.between(1, 1000)); break;
    case 1: report.applied.sequence = Sequence(random_.below(report.applied.sequence.value + 1)); break;
    case 2: report.checkpoint = Sequence(report.checkpoint.value + random_.between(1, 100000)); break;
    case 3: report.recovery = Recovery(random_.between(0, 9)); break;
    case 4: report.incarnation = Incarnation(random_.next()); break;
    case 5: report.resend = true; break;
    case 6: report.group = GroupId(random_.next()); break;
    case 7: report.applied.chain = digest(); break;
    case 8: report.applied.term = Term(random_.between(0, 1000)); break;
    case 9: report.proof = {report.applied, digest()}; break;
    case 10: report.imported = !report.imported; break;
    case 11: report.state_wanted = Sequence(random_.chance(0.5) ? random_.below(2000) : random_.next()); break;
    case 12: report.seal_ready = !report.seal_ready; break;
    case 13: report.newest_term = Term(random_.chance(0.5) ? random_.below(20) : random_.next()); break;
    case 14: report.decided = {Term(random_.next()), Sequence(random_.next()), digest()}; break;
    default: lie_about(report.seal); break;
  }
  return report;
}

void Liar::lie_about(CheckpointSeal& seal) {
  if (seal.checkpoint.value == 0) seal.checkpoint = Sequence(random_.between(1, 2000));
  if (random_.chance(0.5))
    seal.digest[random_.below(seal.digest.size())] ^= 1;
  else
    seal.bytes = random_.next();
}

// ---- state for others

// Where the entry still makes sense, only a vote can show that.
void Liar::forge_counter(StateChunk& chunk, std::size_t place) {
  std::string forged;
  Digest digest = chunk.header.state;
  bool done = false;
  visit_entries(chunk.entries, chunk.after, chunk.through, [&](std::string_view key, std::string_view value) {
    std::string other(value);
    if (!done && key[0] == entry_type::counter) {
      other.at(place) = static_cast<char>(other.at(place) ^ 0x55);
      digest -= entry_digest(key, value);
      digest += entry_digest(key, other);
      done = true;
    }
    return append_entry(forged, key, other);
  });
  chunk.entries = forged;
  chunk.header.state = digest;
}

StateChunk Liar::chunk(StateChunk honest, Instant now) {
  if (honest.answer != StateAnswer::entries || !strikes(FaultName::lying_donor, now)) return honest;
  StateChunk& chunk = honest;
  OrderIdentity& applied = chunk.header.applied;
  switch (random_.below(16)) {
    case 0: chunk.answer = StateAnswer::busy; break;
    case 1: chunk.answer = StateAnswer::none; break;
    case 2: chunk.header.state = {random_.next(), random_.next()}; break;
    case 3:
      if (!chunk.entries.empty()) chunk.entries[random_.below(chunk.entries.size())] ^= 1;
      break;
    case 4: applied.sequence = Sequence(applied.sequence.value + random_.between(1, 50)); break;
    case 5: applied.term = Term(applied.term.value + random_.between(1, 3)); break;
    case 6: applied.chain = {random_.next(), random_.next()}; break;
    case 7: chunk.header.group = GroupId(random_.next()); break;
    case 8: chunk.header.semantics += 1; break;
    case 9: chunk.header.served = ServedTime{static_cast<std::int64_t>(random_.below(INT64_MAX))}; break;
    case 10: chunk.header.calendar = CalendarTime{static_cast<std::int64_t>(random_.below(INT64_MAX))}; break;
    case 11: chunk.last = !chunk.last; break;
    case 12: chunk.through.clear(); break;
    default: forge_counter(chunk, random_.below(entry_bytes)); break;
  }
  return chunk;
}

// ---- requests to donors

std::vector<StateRequest> Liar::requests(const ReplicaReport& honest, Instant now) {
  if (!strikes(FaultName::lying_request, now)) return {};
  std::vector<StateRequest> requests(random_.chance(0.1) ? random_.between(20, 100) : random_.between(1, 3));
  const auto sequence = [&] {
    return Sequence(random_.chance(0.8) ? random_.below(honest.applied.sequence.value + 10) : random_.next());
  };
  for (StateRequest& request : requests) {
    request.group = random_.chance(0.9) ? honest.group : GroupId(random_.next());
    if (random_.chance(0.7)) request.checkpoint = sequence();
    if (random_.chance(0.7)) request.least = sequence();
    if (random_.chance(0.5)) request.after.assign(random_.below(300), static_cast<char>(random_.next()));
    request.unproven = random_.chance(0.5);
  }
  return requests;
}

}  // namespace tally::simulation
