// SPDX-License-Identifier: Apache-2.0
// Writes the first files of each corpus, seed-*, with the encoders. The other files were found by
// fuzzing or written by hand. To be run again when a layout changes:
// ninja -C build/release fuzz_seeds && build/release/bin/fuzz_seeds tests/fuzz/corpus
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "comparator/audit_chain.h"
#include "comparator/audit_json.h"
#include "files/identity.h"
#include "journal/format.h"
#include "journal/records.h"
#include "journal/segmented_journal.h"
#include "protocol/bytes.h"
#include "protocol/operation_codec.h"
#include "replica/checkpoint_header.h"
#include "replica/state.h"
#include "replica/state_entries.h"
#include "replica/witness.h"
#include "runtime/config.h"
#include "tests/unit/simulated_directory.h"
#include "wire/codec.h"

using namespace tally;

namespace {

std::filesystem::path corpus;

void write(const std::string& target, const std::string& name, std::string_view bytes) {
  std::filesystem::create_directories(corpus / target);
  std::ofstream(corpus / target / ("seed-" + name), std::ios::binary) << bytes;
}

std::string joined(const wire::EncodedMessage& message) {
  return std::string(message.header.data(), message.header.size()) + message.body;
}

OrderIdentity identity(std::uint64_t sequence) { return {Term(3), Sequence(sequence), {0x1122334455667788, sequence}}; }

std::string operations() {
  return encode_operations(
      {{OperationKind::add, "visits", 7, {}, {}, 0},
       {OperationKind::set, "caf\xC3\xA9", -1, "key-1", {}, 0},
       {OperationKind::get, "visits", 0, {}, {}, 0},
       {OperationKind::list, "v", 0, {}, "va", 10},
       {OperationKind::remove, "visits", 0, "key-2", {}, 0},
       {OperationKind::check, "quota", 0, {}, {}, 2, {}, condition::missing, false},
       {OperationKind::add, "quota", 1, {}, {}, 3, {ExpiryKind::after, 60'000}, 0, true},
       {OperationKind::expire, "quota", 0, {}, {}, 0, {ExpiryKind::at, 1'700'000'000'500}, 32, true},
       {OperationKind::set, "visits", 1, {}, {}, 0, {ExpiryKind::keep, 0}, condition::present, true},
       {OperationKind::scan, {}, 2, {}, {}, 10},
       {OperationKind::count, {}, 0, {}, {}, 0}});
}

Request request() {
  Request request;
  request.session = {{1, 2}};
  request.number = RequestNumber(5);
  request.acknowledged = RequestNumber(4);
  request.result_limit = 4096;
  request.operations = operations();
  return request;
}

Order order() {
  Order order{identity(9), {7, 8}, {1'000'000}, {1'700'000'000'000}, 1, {11, 12}, {request(), request()}, false};
  order.requests[1].kind = RequestKind::open_session;
  order.id.chain = chain_of(order);
  return order;
}

CheckpointHeader header() {
  return {GroupId(77), identity(9), {1'000'000}, {1'700'000'000'000}, 1, {0xABCDEF, 0x123456}};
}

// The checksum is left out, which the decoder accepts, because any mutation would make it wrong.
void write_message(const std::string& name, const Message& message) {
  wire::EncodedMessage encoded = wire::encode(message);
  encoded.header[6] = 0;
  for (std::size_t byte = 8; byte < encoded.header.size(); ++byte) encoded.header[byte] = 0;
  write("message", name, joined(encoded));
}

void write_messages() {
  write("message", "checksum", joined(wire::encode(ClientRequest{{{3, 4}}, request()})));
  write_message("client_hello", ClientHello{Incarnation(1)});
  write_message("request", ClientRequest{{{3, 4}}, request()});
  write_message("status_query", StatusQuery{7});
  write_message("admin_command",
                AdminCommand{1, "token", AdminAction::fault, ReplicaId(2), {FaultKind::slow, seconds(1), 0.5}, {}});
  write_message("observation_query", ObservationQuery{8, 17});
  write_message("distributor_welcome", DistributorWelcome{Term(3), GroupState::ok});
  write_message("refusal", Refusal{{{1, 2}}, RequestNumber(5), 2, RefusalReason::draining});
  ReplicaStatus replica;
  replica.id = ReplicaId(1);
  replica.store = "rocksdb";
  replica.last_verdict = LastVerdict{VerdictReason::dissent, Sequence(4), {1'700'000'000'000}};
  ClusterStatus status;
  status.replicas = {replica, replica};
  status.distributor_state = RoleState::ok;
  write_message("cluster_status", status);
  write_message("admin_reply", AdminReply{1, AdminOutcome::refused, "too few voters"});
  write_message("comparator_welcome", ComparatorWelcome{Incarnation(1)});
  write_message("decisions", Decisions{Term(3), Sequence(9), {{{{1, 2}}, RequestNumber(5), 2, "result"}}});
  write_message("observation",
                Observation{.number = 8,
                            .decided = {identity(9), {5, 6}},
                            .votes = 2,
                            .voters = {{ReplicaId(1), Sequence(9), {5, 6}, {7, 8}, VoteOutcome::agrees, 4}},
                            .records = {{17, std::string(64, 'a'), R"({"number":17})"}}});
  write_message("order", order());
  write_message("replica_standing",
                ReplicaStanding{.term = Term(3), .state = ReplicaState::voting, .reason = OutReason::silence});
  write_message("fault", Fault{FaultKind::wrong_value, seconds(2), 1.0});
  write_message("replica_report", ReplicaReport{.group = GroupId(77), .applied = identity(9), .store = "rocksdb"});
  write_message("vote", Vote{identity(9), Incarnation(1), Recovery(1), {5, 6}, "results"});
  write_message("state_request", StateRequest{GroupId(77), Sequence(9), Sequence(5), "Cvisits"});
  write_message("state_chunk",
                StateChunk{StateAnswer::entries, Sequence(9), "Ca", header(), "entries", "Cvisits", true});
  write_message("ballots", BallotCalls{Term(3), {{identity(9), {{{"client"}, {{1, 2}}, RequestNumber(5)}}}}});
  write_message("view", View{.term = Term(3),
                             .members = {{ReplicaId(1), MemberRole::voter, Recovery(1), ReplicaState::voting}},
                             .audit_head = "2:abc"});
  write_message("comparator_report",
                ComparatorReport{.term = Term(3),
                                 .voters = {{ReplicaId(1), Sequence(9), 9, 1, 2, 3}},
                                 .verdicts = {{ReplicaId(2), Recovery(1), VerdictReason::silence, Sequence(8)}}});
}

void write_journal() {
  const Order one = order();
  write("journal", "order", std::string(1, 0) + joined(wire::encode(one)));
  JournaledView view;
  view.members.resize(3);
  view.members[1].last_verdict = LastVerdict{VerdictReason::silence, Sequence(4), {1'700'000'000'000}};
  view.audit_head = "2:abc";
  view.voided = {Sequence(3), Sequence(5)};
  write("journal", "view", std::string(1, 1) + encode_view(view));
  write("journal", "agreed", std::string(1, 2) + encode_agreed({identity(9), {5, 6}}));
}

// Appends the header and the records of a segment, each with its size before it. The zeros behind
// them are left out, but for those that belong to the last record.
void append_segment(std::string& input, const std::string& segment) {
  std::string header = segment.substr(0, journal_block_bytes);
  header.resize(header.find_last_not_of('\0') + 1);
  std::string records = segment.substr(journal_block_bytes);
  records.resize(std::min(records.size(), records.find_last_not_of('\0') + 1 + 2 * record_alignment));
  append_sized(input, header);
  append_sized(input, records);
}

// Two terms of two segments each, with the last orders behind the mark; and the same segments
// beside a mark of the beginning.
void write_journal_directory() {
  SimulatedDisk disk;
  if (!create_journal(*open_simulated_directory(disk), GroupId(77), "now")) std::abort();
  Order one = order();
  one.id = {};
  for (int term = 1; term <= 2; ++term) {
    JournalOptions options;
    options.segment_bytes = journal_block_bytes + 1024;
    options.random = [salt = std::uint64_t{0}]() mutable { return ++salt * 12345; };
    const auto journal = std::move(*open_journal(open_simulated_directory(disk), std::move(options)));
    journal->begin_term();
    for (int count = 0; count < 4; ++count) {
      one.previous = one.id.chain;
      one.id = {Term(1), one.id.sequence.next(), {}};
      one.id.chain = chain_of(one);
      const wire::EncodedMessage message = wire::encode(one);
      journal->append(one.id, one.served, one.calendar, {message.header.data(), message.header.size()}, message.body);
      journal->append(OrderState{one.id, {5, 6}});
      if (count == 2) journal->sync();
      if (count == 2) journal->mark_stable(one.id);
    }
  }
  std::string segments;
  std::string mark = disk.content("stable.mark");
  for (const std::string& name : disk.names())
    if (segment_first(name)) append_segment(segments, disk.content(name));
  std::string input;
  append_sized(input, mark);
  write("journal_directory", "marked", input + segments);
  input.clear();
  std::string beginning;
  // The fields writing, group, term and first.
  for (const std::uint64_t number : {1, 77, 0, 1}) append_number(beginning, number);
  append_sized(input, beginning);
  write("journal_directory", "unmarked", input + segments);
  std::string newest;
  append_segment(newest, disk.content(segment_name(Sequence(1))));
  write("segment", "orders", newest);
}

void write_replica() {
  const std::string sealed = encode_header(header());
  write("checkpoint_header", "header", sealed.substr(0, sealed.size() - sizeof(std::uint64_t)));

  WitnessSlot slot{3, GroupId(77), ReplicaId(2), {Term(4), header().applied, {}}};
  for (const std::uint64_t number : {1, 2}) slot.witness.add({header().applied, Digest{number, number}});
  const std::string witness = encode_witness(slot);
  write("witness", "slot", witness.substr(0, witness.size() - sizeof(std::uint64_t)));
  write("witness", "identity", encode_identity({"checkpoints", 1, "replica-2", GroupId(77), "2026-11-29T10:00:00Z"}));

  State state({.bridges = {4, 1024, 2048, 8}, .clients = {4, 1024, 2048, 8}, .session_window = 4}, 1);
  Order first = order();
  first.requests[0] = first.requests[1];
  first.requests[0].read_only = first.requests[1].read_only = false;
  std::string results;
  state.apply(first, results);
  Order second = order();
  second.id.sequence = Sequence(10);
  second.requests.pop_back();
  second.requests[0].number = RequestNumber(2);
  second.requests[0].acknowledged = RequestNumber(1);
  second.requests[0].result_limit = 64 * 1024;
  second.requests[0].operations =
      encode_operations({{OperationKind::add, "visits", 7, {}, {}, 0},
                         {OperationKind::set, "caf\xC3\xA9", -1, "key-1", {}, 0},
                         {OperationKind::add, "quota", 1, {}, {}, 0, {ExpiryKind::after, 60'000}, 0, true},
                         {OperationKind::set, "until", 1, {}, {}, 0, {ExpiryKind::at, 1'700'000'000'500}, 0, true}});
  results.clear();
  state.apply(second, results);
  write("results", "executed", ByteReader(results).sized());

  std::string chunk;
  std::string pieces(sizeof(std::int64_t), 1);
  const CheckpointDelta all = state.capture({});
  for (const EntryChange* change : newest_changes({&all})) {
    append_entry(chunk, change->key, *change->value);
    if (change->key[0] == entry_type::limits) continue;
    pieces += change->key[0];
    append_number(pieces, static_cast<std::uint8_t>(change->key.size() - 1));
    append_number(pieces, static_cast<std::uint8_t>(change->value->size()));
    pieces += change->key.substr(1) + *change->value;
  }
  write("entries", "all-kinds", chunk);
  write("state", "all-kinds", pieces);
  state.apply(first, results);
}

void write_results() {
  std::string listed;
  results::append_header(listed, RequestOutcome::executed, Sequence(9), 2);
  append_number(listed, static_cast<std::uint8_t>(1 | results::has_list));
  append_number(listed, std::int64_t{1});
  append_number(listed, std::uint32_t{1});
  append_number(listed, std::uint16_t{6});
  listed += "visits";
  append_number(listed, std::int64_t{7});
  append_number(listed, static_cast<std::uint8_t>(1 | results::has_first_sequence));
  append_number(listed, std::int64_t{3});
  append_number(listed, std::uint64_t{8});
  write("results", "list-and-repetition", listed);

  std::string detailed;
  results::append_header(detailed, RequestOutcome::executed, Sequence(9), 1);
  append_number(detailed, static_cast<std::uint8_t>(1 | results::has_first_sequence | results::has_detail));
  append_number(detailed, std::int64_t{3});
  for (const std::int64_t number : {8, 60'000, -1, 9 << 10}) append_number(detailed, number);
  write("results", "detail", detailed);
}

// Writes what is to be the third record of the audit target's file. The target also seals it
// itself.
void write_audit() {
  std::string previous = no_previous_hash();
  std::uint64_t number = 0;
  const auto next = [&](const AuditRecord& record) {
    const std::string content = to_json(record, {++number, previous, CalendarTime{1'700'000'000'000}, {}});
    previous = seal(content).hash;
    return content;
  };
  next({GroupId(1), Term(1), StartRecord{Incarnation(1), 1, 3}});
  next({GroupId(1), Term(1), ViewRecord{ViewNumber(1), {}, Sequence(), {}}});
  const AuditRecord verdict{GroupId(1), Term(1),
                            VerdictRecord{{ReplicaId(2), Recovery(1), VerdictReason::silence, Sequence(8)},
                                          ViewNumber(1),
                                          MemberRole::voter,
                                          Sequence(3),
                                          Sequence(4),
                                          SilenceEvidence{{Sequence(5), Sequence(6)}}}};
  const std::string content = next(verdict);
  write("audit", "to-be-sealed", content + '\n');
  write("audit", "sealed", seal(content).line + '\n');
  write("audit", "torn", seal(content).line);
  write("audit", "two-to-be-sealed", content + '\n' + next(verdict) + '\n');
  write("audit_head", "head", to_text({17, previous}));
  write("audit_head", "none", "");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "Usage: %s CORPUS\n", argv[0]);
    return 2;
  }
  corpus = argv[1];
  write_messages();
  write("operations", "every-kind", operations());
  write_journal();
  write_journal_directory();
  write_replica();
  write_results();
  write_audit();
  write("config", "every-key", to_toml(Config()));
  return 0;
}
