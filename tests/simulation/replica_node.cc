// SPDX-License-Identifier: Apache-2.0
#include "simulation/replica_node.h"

#include <algorithm>
#include <utility>

#include "protocol/turn.h"
#include "replica/faults.h"
#include "replica/state_entries.h"
#include "simulation/world.h"

namespace tally::simulation {
namespace {

constexpr std::size_t scrub_bytes = 4096;
constexpr Duration scrub_period = milliseconds(125);
constexpr Duration between_scrubs = seconds(3);

}  // namespace

ReplicaNode::ReplicaNode(World& world, ReplicaId id)
    : Node(world, "replica" + std::to_string(id.value), channels),
      id_(id),
      liar_(world.random.fork(), world.plan.beyond) {}

// ---- process

void ReplicaNode::begin() {
  ReplicaConfig config;
  config.id = id_;
  config.incarnation = Incarnation(random_.next());
  config.pid = life();
  config.store = "memory";
  config.checkpoint_orders = world_.plan.checkpoint_orders;
  config.import_orders = world_.plan.import_orders;
  config.replicas = world_.plan.membership.replicas;
  config.early_checkpoint_changes = world_.plan.early_checkpoint_changes;
  config.limits = world_.plan.limits;
  config.witness = witness_;
  work_ = std::make_unique<CheckpointWork>(std::make_unique<CheckpointPair>(std::make_unique<MemoryStore>(disks_[0]),
                                                                            std::make_unique<MemoryStore>(disks_[1])));
  core_ = std::make_unique<ReplicaCore>(config);
  donor_ = {};
  jobs_.clear();
  store_free_ = {};
  delayed_.clear();
  next_scrub_ = clock();
  scrubbing_ = false;
  trust_ = Trust::right;
  on_import_ = false;
  standing_reason_.clear();
  wrong_.reset();
}

void ReplicaNode::end() {
  finish_torn_job();
  work_.reset();
  core_.reset();
  jobs_.clear();
  flip_wanted_ = false;
}

// When the process ends, what was being written is on the disk or is not; or the power fails in the
// middle of writing it.
void ReplicaNode::finish_torn_job() {
  if (jobs_.empty() || !jobs_.front().writes || random_.chance(0.3)) return;
  for (CheckpointDisk& disk : disks_) disk.writes_left = random_.below(40);
  jobs_.front().work();
  for (CheckpointDisk& disk : disks_) disk.writes_left.reset();
}

Instant ReplicaNode::turn() {
  const Instant now = clock();
  carry_out(tally::turn(*core_, now, [&](ReplicaCore&) { receive_all(now); }));
  if (!up()) return Instant::never();
  cast_delayed();
  for (const std::string& peer : donor_.tick(now))
    do_job(
        false, [this, peer] { work_->release(peer); }, [] {});
  scrub_checkpoints(now);
  const Instant next_scrub = scrubbing_ ? Instant::never() : next_scrub_;
  Instant next = std::min({core_->next_deadline(), donor_.next_deadline(), next_scrub});
  if (!delayed_.empty()) next = std::min(next, now + (delayed_.front().due - world_.agenda.now()));
  return next;
}

// ---- what comes in

void ReplicaNode::receive_all(Instant now) {
  run_completions();
  receive_requests(now);
  for (const Arrival& arrival : take(donors_channel)) {
    const auto* chunk = arrival.message ? std::get_if<StateChunk>(&*arrival.message) : nullptr;
    if (!chunk) continue;
    for (const auto& [donor, link] : donors_)
      if (link == arrival.link) core_->receive(donor, *chunk, now);
  }
  take(comparator_channel);
  for (const Arrival& arrival : take(distributor_channel))
    if (arrival.message)
      receive_from_distributor(*arrival.message, now);
    else
      core_->connected(now);
}

void ReplicaNode::receive_from_distributor(const Message& message, Instant now) {
  if (const auto* standing = std::get_if<ReplicaStanding>(&message)) core_->receive(*standing, now);
  const auto* order = std::get_if<Order>(&message);
  if (!order) return;
  if (!liar_.strikes(FaultName::dropped_orders, world_.agenda.now())) core_->receive(*order, now);
  // A second flip would undo the first, so there is none while the state is wrong.
  if (flip_wanted_ && trust_ != Trust::wrong && core_->flip_stored_counter()) {
    world_.trace.line(name(), "a bit of its memory flipped");
    flip_wanted_ = false;
    trust_ = Trust::wrong;
    on_import_ = false;
    commits_wanted_ = 2;  // the flipped counter may have been captured
  }
}

void ReplicaNode::receive_requests(Instant now) {
  for (const Arrival& arrival : take(peers_channel)) {
    const auto* request = arrival.message ? std::get_if<StateRequest>(&*arrival.message) : nullptr;
    if (!request || core_->group().value == 0 || request->group != core_->group()) continue;
    answer(arrival, *request, now);
  }
}

void ReplicaNode::answer(const Arrival& arrival, const StateRequest& request, Instant now) {
  const std::string peer = client_of(arrival).routing_id;
  StateChunk busy;
  switch (donor_.receive(peer, request.after, now)) {
    case Donor::Step::ignore: return;
    case Donor::Step::busy:
      busy.answer = StateAnswer::busy;
      busy.checkpoint = request.checkpoint;
      busy.after = request.after;
      world_.network.send_down(*arrival.link, arrival.peer, parcel(busy));
      return;
    case Donor::Step::read: break;
  }
  auto chunk = std::make_shared<StateChunk>();
  do_job(
      false, [this, peer, request, chunk] { *chunk = work_->read(peer, request); },
      [this, peer, chunk, link = arrival.link, life = arrival.peer] {
        shorten(*chunk);
        const bool over = chunk->last || chunk->answer != StateAnswer::entries;
        StateChunk said = liar_.chunk(std::move(*chunk), world_.agenda.now());
        if (liar_.active(world_.agenda.now())) forged_.gave(said, core_->fresh_state());
        world_.network.send_down(*link, life, parcel(std::move(said)));
        donor_.answered(peer, over, clock());
      });
}

// A chunk may have fewer entries than would fit, so that even a small state takes several chunks.
void ReplicaNode::shorten(StateChunk& chunk) const {
  std::string entries;
  std::string through;
  std::size_t count = 0;
  const bool all_fit = visit_entries(chunk.entries, chunk.after, chunk.through, [&](auto key, auto value) {
    if (++count > world_.plan.chunk_entries) return false;
    through = key;
    return append_entry(entries, key, value);
  });
  if (all_fit) return;
  chunk.entries = entries;
  chunk.through = through;
  chunk.last = false;
}

// ---- what goes out

void ReplicaNode::carry_out(ReplicaOutput output) {
  tell_all(output.events);
  for (Vote& vote : output.votes) {
    const bool lies = world_.plan.sabotage == Sabotage::wrong_answer && vote.order.sequence.value % 101 == 100;
    if (lies) FaultInjector::corrupt(vote);  // as all replicas do: no vote can show it
    check(vote);
    for (const Vote& said : say(vote)) cast(said);
  }
  if (trust_ == Trust::wrong && !output.votes.empty()) look_for_the_flip(output.votes.back());
  // After a scrub the digest tells what the data is. The data may even be right again, if what was
  // flipped has been set anew.
  for (const Event& event : output.events) {
    if (event.name == "state_mismatch") trust_ = Trust::unproven;
    if (event.name == "standing_changed") standing_reason_ = event.fields.back().value;
  }
  if (output.report) {
    for (StateRequest& request : liar_.requests(*output.report, world_.agenda.now()))
      world_.network.send_up(any_donor(), parcel(std::move(request)));
    const ReplicaReport said = liar_.report(std::move(*output.report), world_.agenda.now());
    world_.referee.proof_sent(id_, said.recovery, said.proof);
    world_.network.send_up(*distributor_, parcel(said));
  }
  if (output.fatal) world_.fail(name() + " refused to go on: " + *output.fatal);
  for (auto& [donor, request] : output.state_requests)
    world_.network.send_up(*donors_.at(donor), parcel(std::move(request)));
  for (ImportStep& step : output.import_steps) import(std::move(step));
  if (output.checkpoint) commit(std::move(*output.checkpoint));
  if (output.witness) witness_ = *output.witness;
  if (output.unseal)
    do_job(
        false, [this] { work_->unseal(); }, [] {});
  if (output.seal) seal(*output.seal);
  if (output.load) load(*output.load);
}

Link& ReplicaNode::any_donor() {
  return *std::next(donors_.begin(), static_cast<std::ptrdiff_t>(random_.below(donors_.size())))->second;
}

// A donor that lied votes as a replica would that believed its lie. The two together would be more
// than one liar.
std::vector<Vote> ReplicaNode::say(const Vote& honest) {
  if (liar_.strikes(FaultName::lying_donor, world_.agenda.now()))
    if (const auto forged = forged_.vote(honest, world_.referee)) return {*forged};
  return liar_.votes(honest, world_.agenda.now());
}

// A state may come from others, who may have lied. If its vote is like that of a right replica, the
// state is proven right, but only from this order on: an earlier answer may have been read from
// what this order has set anew.
void ReplicaNode::check(const Vote& vote) {
  if (trust_ == Trust::right) world_.referee.vote_made(id_, vote);
  if (trust_ != Trust::unproven) return;
  if (!world_.referee.is_known_state(vote.order, vote.state)) {
    if (on_import_) world_.fail(name() + " votes on what a donor lied about");
    return;
  }
  trust_ = Trust::right;
  right_from_ = vote.order.sequence;
  // What was wrong in it has been set anew, so the state becomes right whenever these orders are
  // executed again.
  wrong_.reset();
}

// What was flipped may be gone by now: set anew, removed, or expired. Then no scrub finds it. The
// digest alone does not tell, because it follows a change of what was flipped.
void ReplicaNode::look_for_the_flip(const Vote& newest) {
  const State* state = core_->state();
  if (!state || !world_.referee.is_known_state(newest.order, newest.state)) return;
  if (!world_.referee.is_known_state(newest.order, state->recomputed_digest())) return;
  trust_ = Trust::right;
  right_from_ = newest.order.sequence;
  wrong_.reset();
}

void ReplicaNode::cast(const Vote& vote) {
  const Instant now = world_.agenda.now();
  if (liar_.strikes(FaultName::replica_slow, now)) {
    delayed_.push_back({now + world_.plan.ack_timeout * 2, vote});
    return;
  }
  world_.referee.vote_sent(id_, vote);
  world_.network.send_up(*comparator_, parcel(vote));
}

void ReplicaNode::cast_delayed() {
  for (; !delayed_.empty() && delayed_.front().due <= world_.agenda.now(); delayed_.pop_front()) {
    world_.referee.vote_sent(id_, delayed_.front().vote);
    world_.network.send_up(*comparator_, parcel(delayed_.front().vote));
  }
}

// ---- checkpoints

// Jobs are done one after another, beside the loop.
void ReplicaNode::do_job(bool writes, std::function<void()> work, std::function<void()> done) {
  const Instant now = world_.agenda.now();
  store_free_ = std::max(store_free_, now) + random_.between(microseconds(100), world_.plan.store_most);
  jobs_.push_back({writes, std::move(work)});
  later(
      store_free_ - now,
      [this] {
        const Job job = std::move(jobs_.front());
        jobs_.pop_front();
        job.work();
        tell_all(work_->take_events());
      },
      std::move(done));
}

void ReplicaNode::load(const LoadWish& wish) {
  auto result = std::make_shared<CheckpointWork::Loaded>();
  do_job(
      false, [this, wish, result] { *result = work_->load([this] { return core_->fresh_state(); }, wish.below); },
      [this, result] { loaded(std::move(*result)); });
}

void ReplicaNode::loaded(CheckpointWork::Loaded loaded) {
  const Instant now = clock();
  if (loaded.header) {
    judge_loaded(*loaded.header);
    return core_->restored(*loaded.header, std::move(loaded.state), now);
  }
  trust_ = Trust::right;
  on_import_ = false;
  wrong_.reset();  // whatever it dissents with from now on did not come from a checkpoint
  if (!loaded.error) return core_->nothing_to_restore(now);
  if (loaded.error->kind == StoreError::Kind::rejected) return core_->load_rejected(loaded.error->detail);
  world_.fail(name() + " cannot read its checkpoints: " + loaded.error->detail);
}

// A checkpoint that dissented must not be loaded again. An imported one cannot have dissented,
// because an unproven state gives no vote.
void ReplicaNode::judge_loaded(const CheckpointHeader& header) {
  const bool right = world_.referee.is_known_state(header.applied, header.state);
  trust_ = right ? Trust::right : Trust::unproven;
  right_from_ = {};
  on_import_ = header.imported;
  if (!right && !header.imported && wrong_ == header && standing_reason_ == "dissent")
    world_.fail(name() + " loads again what it dissented with");
  wrong_ = right ? std::nullopt : std::optional(header);
}

void ReplicaNode::commit(CheckpointDelta delta) {
  // What was captured before the state was right may still be written. If it is wrong, then a
  // verdict on it is on its way, or what was wrong in it has been set anew since.
  const bool right = trust_ == Trust::right && delta.header.applied.sequence >= right_from_ &&
                     !world_.referee.is_guilty(id_, core_->recovery());
  if (right) world_.referee.checkpoint_made(id_, delta.header);
  auto shared = std::make_shared<CheckpointDelta>(std::move(delta));
  auto committed = std::make_shared<CheckpointWork::Committed>();
  do_job(
      true, [this, shared, committed] { *committed = work_->commit(std::move(*shared), {}); },
      [this, committed] {
        if (!committed->result)
          return core_->checkpoint_failed(std::move(committed->delta), commit_failure(committed->result.error()));
        const CheckpointHeader& header = committed->delta.header;
        const bool whole = world_.referee.is_known_state(header.applied, header.state);
        if (whole && commits_wanted_ > 0) --commits_wanted_;
        core_->checkpoint_committed(header.applied.sequence);
      });
}

void ReplicaNode::seal(Sequence checkpoint) {
  auto seal = std::make_shared<std::optional<CheckpointSeal>>();
  do_job(
      false, [this, checkpoint, seal] { *seal = work_->seal(checkpoint); },
      [this, checkpoint, seal] { core_->sealed(checkpoint, *seal, clock()); });
}

void ReplicaNode::import(ImportStep step) {
  auto shared = std::make_shared<ImportStep>(std::move(step));
  auto outcome = std::make_shared<ImportOutcome>();
  do_job(
      true, [this, shared, outcome] { *outcome = work_->import(*shared); },
      [this, shared, outcome] { core_->import_stored(shared->attempt, *outcome, clock()); });
}

void ReplicaNode::scrub_checkpoints(Instant now) {
  if (scrubbing_ || next_scrub_ > now) return;
  if (core_->loading() || core_->importing()) {
    next_scrub_ = now + between_scrubs;
    return;
  }
  scrubbing_ = true;
  auto scrubbed = std::make_shared<CheckpointWork::Scrubbed>();
  do_job(
      false, [this, scrubbed] { *scrubbed = work_->scrub(scrub_bytes); },
      [this, scrubbed] {
        scrubbing_ = false;
        next_scrub_ = clock() + (scrubbed->pass_ends ? between_scrubs : scrub_period);
        if (scrubbed->newest) core_->checkpoint_is(*scrubbed->newest);
      });
}

// ---- faults

void ReplicaNode::lie(FaultName fault, double share, Duration duration) {
  liar_.begin(fault, share, world_.agenda.now() + duration);
}

void ReplicaNode::damage_checkpoint() {
  disks_[random_.below(disks_.size())].flip_bit(random_.next());
  commits_wanted_ = 2;
}

Sequence ReplicaNode::stored() const {
  Sequence newest;
  for (const CheckpointDisk& disk : disks_)
    if (disk.checkpoint) newest = std::max(newest, disk.checkpoint->header.applied.sequence);
  return newest;
}

void ReplicaNode::lose_checkpoints() {
  const std::uint64_t which = random_.between(1, 3);
  if (which & 1) disks_[0].lose();
  if (which & 2) disks_[1].lose();
  commits_wanted_ = 2;
}

void ReplicaNode::lose_disk() {
  witness_ = {};
  for (CheckpointDisk& disk : disks_) disk.lose();
  commits_wanted_ = 2;
}

void ReplicaNode::fill_disk(bool full) {
  for (CheckpointDisk& disk : disks_) disk.full = full;
}

void ReplicaNode::end_faults() {
  liar_.end();
  flip_wanted_ = false;
  fill_disk(false);
}

bool ReplicaNode::is_whole() const {
  return up() && !hung() && !liar_.active(world_.agenda.now()) && !flip_wanted_ && delayed_.empty() &&
         trust_ == Trust::right && commits_wanted_ == 0 && !disks_[0].full && !core_->loading() &&
         !core_->importing() && !core_->needs_state();
}

}  // namespace tally::simulation
