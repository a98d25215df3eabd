// SPDX-License-Identifier: Apache-2.0
// Seals of checkpoints: what the digest of a state does not tell apart, they do.
#include "replica/checkpoint_seal.h"

#include <cstring>
#include <map>

#include "hostile/forgery.h"
#include "protocol/bytes.h"
#include "replica/checkpoint_work.h"
#include "replica/state_entries.h"
#include "store_fixture.h"

using namespace tally;
using namespace tally::testing;

namespace {

using Entries = std::map<std::string, std::string>;

// Changes the counter `bank`, and adds counters that make up for it in the digest.
void forge_bank(Entries& entries) {
  std::string& value = entries.at("Cbank");
  Digest difference = entry_digest("Cbank", value);
  constexpr std::size_t of_number = sizeof(std::uint64_t);  // which comes before the value
  const std::int64_t lie = 1'000'001;
  std::memcpy(value.data() + of_number, &lie, sizeof lie);
  difference -= entry_digest("Cbank", value);
  const ForgedEntries added = forge(difference);
  BOOST_REQUIRE(!added.empty());
  entries.insert(added.begin(), added.end());
}

Digest digest_of_all(const Entries& entries) {
  Digest sum;
  for (const auto& [key, value] : entries) sum += entry_digest(key, value);
  return sum;
}

// A replica's checkpoints in a directory of their own.
struct Checkpoints {
  TemporaryDirectory directory;
  CheckpointWork work{std::make_unique<CheckpointPair>(std::make_unique<RocksdbStore>(directory.path / "a"),
                                                       std::make_unique<RocksdbStore>(directory.path / "b"))};

  void commit(CheckpointDelta delta) { BOOST_REQUIRE(work.commit(std::move(delta), {}).result.has_value()); }
  Entries entries(Sequence checkpoint) {
    Entries found;
    const StateChunk chunk = read(checkpoint);
    BOOST_REQUIRE(chunk.last);
    visit_entries(chunk.entries, "", chunk.through, [&](auto key, auto value) {
      found.emplace(key, value);
      return true;
    });
    return found;
  }
  StateChunk read(Sequence checkpoint) {
    StateRequest request;
    request.checkpoint = checkpoint;
    return work.read("peer", request);
  }
};

ImportStep step_of(const CheckpointHeader& header, const Entries& entries, const CheckpointSeal& seal) {
  ImportStep step;
  step.attempt = 1;
  step.first = true;
  step.seal = seal;
  step.chunk.header = header;
  step.chunk.header.imported = true;
  for (const auto& [key, value] : entries) append_entry(step.chunk.entries, key, value);
  step.chunk.through = entries.rbegin()->first;
  step.chunk.last = true;
  return step;
}

struct Sealed : Checkpoints {
  StateInTheMaking making;
  CheckpointHeader header;
  CheckpointSeal seal;

  Sealed() {
    making.run({addition("bank", 1)});
    commit(making.capture());
    header = newest();
    seal = *work.seal(header.applied.sequence);
  }
  CheckpointHeader newest() { return read({}).header; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(a_seal, Sealed)

BOOST_AUTO_TEST_CASE(is_the_same_of_the_same_state_however_it_came_about) {
  making.run({addition("other", 1)});
  commit(making.capture());
  const CheckpointSeal in_two_steps = *work.seal(newest().applied.sequence);
  Checkpoints elsewhere;
  making.state->forget_captures();
  elsewhere.commit(making.capture());
  BOOST_TEST((*elsewhere.work.seal(newest().applied.sequence) == in_two_steps));
  BOOST_TEST((in_two_steps != seal));
}

BOOST_AUTO_TEST_CASE(counts_the_bytes_that_chunks_bring) {
  BOOST_TEST(seal.bytes == read(seal.checkpoint).entries.size());
}

BOOST_AUTO_TEST_CASE(is_of_the_header_too) {
  CheckpointHeader other = header;
  other.applied.term = other.applied.term.next();
  SealMaker maker(other);
  for (const auto& [key, value] : entries(seal.checkpoint)) maker.add(key, value);
  BOOST_TEST((maker.finish().digest != seal.digest));
}

BOOST_AUTO_TEST_CASE(is_made_of_no_checkpoint_that_is_not_there) { BOOST_TEST(!work.seal(Sequence(99)).has_value()); }

BOOST_AUTO_TEST_CASE(keeps_what_was_sealed_for_others_until_it_is_no_longer_wanted) {
  const Entries before = entries(seal.checkpoint);
  for (int time = 0; time < 3; ++time) {
    making.run({addition("bank", 1)});
    commit(making.capture());
  }
  BOOST_TEST((entries(seal.checkpoint) == before));
  work.unseal();
  work.release("peer");
  BOOST_TEST((read(seal.checkpoint).answer == StateAnswer::none));
}

BOOST_AUTO_TEST_CASE(tells_a_state_from_one_that_was_made_up_with_the_same_digest) {
  const Entries right = entries(seal.checkpoint);
  Entries forged = right;
  forge_bank(forged);
  BOOST_TEST((digest_of_all(forged) == header.state));  // the digest does not
  Checkpoints importer;
  BOOST_TEST((importer.work.import(step_of(header, forged, {})) == ImportOutcome::finished));
  BOOST_TEST((importer.work.import(step_of(header, forged, seal)) == ImportOutcome::wrong));
  BOOST_TEST((importer.work.import(step_of(header, right, seal)) == ImportOutcome::finished));
}

BOOST_AUTO_TEST_SUITE_END()
