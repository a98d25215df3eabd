// SPDX-License-Identifier: Apache-2.0
#include "journal_bench.h"

#include <boost/test/unit_test.hpp>
#include <utility>

#include "journal/format.h"
#include "journal/segment.h"
#include "wire/codec.h"

namespace tally {

std::string encoded(const Order& order) {
  const wire::EncodedMessage message = wire::encode(order);
  return std::string(message.header.data(), message.header.size()) + message.body;
}

const Order& Orders::next(Term term, std::size_t operation_bytes) {
  Order order;
  order.previous = all.empty() ? Digest{} : all.back().id.chain;
  order.id = {term, Sequence(all.size() + 1), {}};
  order.served = ServedTime{static_cast<std::int64_t>(all.size()) * 1'000};
  order.calendar = CalendarTime{1'700'000'000'000 + static_cast<std::int64_t>(all.size())};
  Request request;
  request.session = {{1}};
  request.number = RequestNumber(all.size() + 1);
  request.operations = std::string(operation_bytes, 'x');
  order.requests.push_back(std::move(request));
  order.id.chain = chain_of(order);
  return all.emplace_back(std::move(order));
}

JournaledView view_of(std::uint64_t number, std::uint32_t replicas) {
  JournaledView view;
  view.number = ViewNumber(number);
  view.audit_head = std::to_string(number) + ":0123abcd";
  view.members.resize(replicas);
  view.members[0].state = ReplicaState::quarantined;
  view.members[0].recovery = Recovery(number + 8);
  view.members[0].evictions = 4;
  view.members[0].readmissions = 3;
  view.members[0].last_verdict = LastVerdict{VerdictReason::dissent, Sequence(55), CalendarTime{1'700'000'000'123}};
  view.members[1].state = ReplicaState::evicted;
  view.members[1].held = true;
  view.members[1].since = CalendarTime{1'700'000'000'124};
  view.rollback = {GroupRollback::Stage::halted, Sequence(3), CalendarTime{1'700'000'000'456}};
  view.voided = {Sequence(3), Sequence(9)};
  return view;
}

std::uint64_t Random::operator()() {
  std::uint64_t mixed = state += 0x9E3779B97F4A7C15;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
  return mixed ^ (mixed >> 31);
}

void append(Journal& journal, const Order& order) {
  const wire::EncodedMessage message = wire::encode(order);
  journal.append(order.id, order.served, order.calendar, {message.header.data(), message.header.size()}, message.body);
}

JournalBench::JournalBench() { create(); }

void JournalBench::create(GroupId group) {
  const auto made = create_journal(*directory(), group, "2026-11-29T10:00:00Z");
  BOOST_REQUIRE_MESSAGE(made, made.error());
}

void JournalBench::start_over(GroupId group) {
  journal.reset();
  disk = SimulatedDisk();
  orders.all.clear();
  create(group);
}

tl::expected<std::unique_ptr<Journal>, std::string> JournalBench::try_open(std::unique_ptr<Directory> other,
                                                                           std::uint32_t replicas) {
  JournalOptions options;
  options.replicas = replicas;
  options.segment_bytes = segment_bytes;
  options.random = [this] { return random(); };
  return open_journal(std::move(other), std::move(options));
}

const RecoveredJournal& JournalBench::open() {
  journal.reset();
  auto opened = try_open();
  BOOST_REQUIRE_MESSAGE(opened, opened.error());
  journal = std::move(*opened);
  found = journal->begin_term();
  return found;
}

std::string JournalBench::refusal(std::uint32_t replicas) {
  journal.reset();
  const auto opened = try_open(replicas);
  return opened ? "" : opened.error();
}

void JournalBench::append(std::size_t count, std::size_t operation_bytes) {
  for (; count > 0; --count) tally::append(*journal, orders.next(found.term, operation_bytes));
}

void JournalBench::sync_and_mark() {
  journal->sync();
  if (!orders.all.empty()) journal->mark_stable(orders.last().id);
}

void JournalBench::append_segments(std::size_t count) {
  const auto newest_has_an_order = [this] {
    return !orders.all.empty() && segments().back() <= segment_name(orders.last().id.sequence);
  };
  while (segments().size() < count || !newest_has_an_order()) append(1, 500);
  sync_and_mark();
}

std::vector<std::string> JournalBench::segments() const {
  std::vector<std::string> segments;
  for (const std::string& name : disk.names())
    if (segment_first(name)) segments.push_back(name);
  return segments;
}

JournalBench::Place JournalBench::place_of(Sequence sequence) {
  for (const std::string& name : segments()) {
    const auto segment = Segment::read(open_simulated_directory(disk)->open_to_read(name));
    RecordScan scan = segment->scan();
    for (auto record = scan.next(); record || (record = scan.search()); record = scan.next())
      if (record->head.type == RecordType::order && record->head.sequence == sequence)
        return {name, record->offset, record_bytes(record->head.size)};
  }
  BOOST_FAIL("there is no such order");
  return {};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace tally
