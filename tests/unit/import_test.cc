// SPDX-License-Identifier: Apache-2.0
// Importing another replica's state, and giving one's own away. The test owns the clock.
#include "replica/import.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "protocol/limits.h"
#include "replica/donor.h"
#include "replica/state_entries.h"

using namespace tally;

namespace {

constexpr GroupId group{77};

CheckpointHeader header_of(std::uint64_t sequence) {
  CheckpointHeader header;
  header.group = group;
  header.applied = {Term(1), Sequence(sequence), {sequence, sequence}};
  header.semantics = limits::semantics_version;
  header.state = {1, 2};
  return header;
}

// Replica 1 of three imports; the store answers when it is told to.
struct Fixture {
  const CheckpointSeal seal{Sequence(60), {1, 2, 3}, 40};
  Import import{ReplicaId(1), 3};
  Instant now{seconds(100).nanoseconds};
  std::vector<std::pair<ReplicaId, StateRequest>> requests;
  std::vector<ImportStep> steps;
  std::vector<std::string> events;
  bool complete = false;
  bool hopeless = false;

  // Without a seal.
  void begin(std::uint64_t donors = 0b111) {
    import.begin({group, Sequence(50), {}, donors}, now);
    settle();
  }
  void begin_sealed() {
    import.begin({group, Sequence(50), seal, 0}, now);
    settle();
  }
  void settle() {
    Import::Output output = import.take_output();
    for (auto& request : output.requests) requests.push_back(std::move(request));
    for (ImportStep& step : output.steps) steps.push_back(std::move(step));
    for (const Event& event : output.events) events.push_back(event.name);
    complete |= output.complete;
    hopeless |= output.hopeless;
  }
  std::uint64_t donor() const { return requests.back().first.value; }
  const StateRequest& request() const { return requests.back().second; }

  // The last request's donor answers it.
  StateChunk chunk(std::uint64_t checkpoint, const std::string& through, bool last = false) const {
    StateChunk answer;
    answer.answer = StateAnswer::entries;
    answer.checkpoint = request().checkpoint;
    answer.after = request().after;
    answer.header = header_of(checkpoint);
    append_entry(answer.entries, through, "value");
    answer.through = through;
    answer.last = last;
    return answer;
  }
  void answer(const StateChunk& chunk) {
    import.receive(ReplicaId(donor()), chunk, now);
    settle();
  }
  void answer(StateAnswer word) {
    StateChunk chunk;
    chunk.answer = word;
    chunk.checkpoint = request().checkpoint;
    chunk.after = request().after;
    answer(chunk);
  }
  void stored(ImportOutcome outcome = ImportOutcome::written) {
    import.stored(steps.back().attempt, outcome, now);
    settle();
  }
  void wait(Duration duration) {
    const Instant end = now + duration;
    while (import.next_deadline() <= end) {
      now = std::max(now, import.next_deadline());
      import.tick(now);
      settle();
    }
    now = end;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(an_import, Fixture)

BOOST_AUTO_TEST_CASE(asks_chunk_by_chunk_until_the_last) {
  begin();
  BOOST_TEST(donor() == 2u);
  BOOST_TEST((request() == StateRequest{group, Sequence(), Sequence(50), ""}));
  answer(chunk(60, "Ca"));
  BOOST_TEST((request() == StateRequest{group, Sequence(60), Sequence(50), "Ca"}));
  answer(chunk(60, "Cb"));
  BOOST_TEST(requests.size() == 2u);  // two chunks wait for the store
  stored();
  BOOST_TEST((request() == StateRequest{group, Sequence(60), Sequence(50), "Cb"}));
  answer(chunk(60, "Cc", true));
  stored();
  BOOST_TEST(!complete);
  stored(ImportOutcome::finished);
  BOOST_TEST(complete);
  BOOST_TEST(!import.active());
  BOOST_TEST((import.imported() == Sequence(60)));
  BOOST_REQUIRE(steps.size() == 3u);
  BOOST_TEST((steps[0].first && !steps[1].first && !steps[2].first));
  BOOST_TEST(requests.size() == 3u);
  BOOST_TEST((import.next_deadline() == Instant::never()));
}

BOOST_AUTO_TEST_CASE(asks_again_for_a_lost_chunk_and_takes_it_once) {
  begin();
  answer(chunk(60, "Ca"));
  stored();
  wait(milliseconds(999));
  BOOST_TEST(requests.size() == 2u);
  wait(milliseconds(1));
  BOOST_REQUIRE(requests.size() == 3u);
  BOOST_TEST((request() == requests[1].second));
  const StateChunk second = chunk(60, "Cb");
  answer(second);
  answer(second);  // both transmissions arrive
  BOOST_TEST(steps.size() == 2u);
}

BOOST_AUTO_TEST_CASE(goes_on_where_it_was_when_the_donor_restarts) {
  begin();
  answer(chunk(60, "Ca"));
  stored();
  wait(seconds(3));
  answer(chunk(60, "Cb"));
  stored();
  BOOST_TEST(donor() == 2u);
  BOOST_TEST((request() == StateRequest{group, Sequence(60), Sequence(50), "Cb"}));
  BOOST_TEST(steps.back().attempt == steps.front().attempt);
}

BOOST_AUTO_TEST_CASE(starts_over_when_the_donor_lost_the_checkpoint_and_not_for_ever) {
  begin();
  for (int time = 0; time < 3; ++time) {
    answer(chunk(60, "Ca"));
    stored();
    answer(StateAnswer::none);
    BOOST_TEST(donor() == 2u);
    BOOST_TEST((request() == StateRequest{group, Sequence(), Sequence(50), ""}));
  }
  answer(chunk(60, "Ca"));
  stored();
  BOOST_TEST(steps.back().first);
  answer(StateAnswer::none);
  BOOST_TEST(donor() == 3u);
}

BOOST_AUTO_TEST_CASE(asks_the_next_donor_after_a_time_out) {
  begin();
  wait(milliseconds(4999));
  BOOST_TEST(donor() == 2u);
  wait(milliseconds(1));
  BOOST_TEST(donor() == 3u);
  wait(seconds(5));
  BOOST_TEST(donor() == 3u);  // all were asked: a pause
  wait(milliseconds(500));
  BOOST_TEST(donor() == 2u);
}

BOOST_AUTO_TEST_CASE(asks_the_next_donor_when_one_is_busy_or_has_none) {
  begin();
  answer(StateAnswer::busy);
  BOOST_TEST(donor() == 3u);
  answer(StateAnswer::none);
  BOOST_TEST(requests.size() == 2u);
  wait(milliseconds(500));
  BOOST_TEST(requests.size() == 3u);
  BOOST_TEST(donor() == 2u);
}

BOOST_AUTO_TEST_CASE(asks_for_what_was_sealed_and_takes_nothing_else) {
  begin_sealed();
  BOOST_TEST((request() == StateRequest{group, Sequence(60), Sequence(50), ""}));
  answer(chunk(70, "Ca"));  // though newer
  BOOST_TEST(steps.empty());
  BOOST_TEST(donor() == 3u);
  answer(chunk(60, "Ca"));
  BOOST_REQUIRE(steps.size() == 1u);
  BOOST_TEST((steps[0].seal == seal));
  stored();
  answer(chunk(60, "Cb", true));
  stored(ImportOutcome::finished);
  BOOST_TEST(complete);
}

BOOST_AUTO_TEST_CASE(takes_no_byte_more_than_was_sealed) {
  begin_sealed();
  for (const char* key : {"Ca", "Cb"}) {  // of 15 bytes each
    answer(chunk(60, key));
    stored();
  }
  BOOST_TEST(donor() == 2u);
  answer(chunk(60, "Cc"));
  BOOST_TEST(steps.size() == 2u);
  BOOST_TEST(donor() == 3u);
}

BOOST_AUTO_TEST_CASE(gives_up_what_was_sealed_when_nobody_gives_it) {
  begin_sealed();
  answer(StateAnswer::busy);
  answer(StateAnswer::none);
  BOOST_TEST(!hopeless);  // the first may have time yet
  wait(Import::shortest_pause);
  answer(StateAnswer::none);
  answer(StateAnswer::none);
  BOOST_TEST(hopeless);
  BOOST_TEST(!import.active());
}

BOOST_AUTO_TEST_CASE(asks_without_a_seal_only_who_may_be_asked) {
  begin(0b100);
  BOOST_TEST(donor() == 3u);
  answer(StateAnswer::none);
  wait(Import::shortest_pause);
  BOOST_TEST(donor() == 3u);
  import.allow(0b010, now);
  settle();
  wait(Import::longest_pause);
  BOOST_TEST(donor() == 2u);
  import.allow(0b001, now);  // itself
  settle();
  BOOST_TEST(hopeless);
  BOOST_TEST(!import.active());
}

BOOST_AUTO_TEST_CASE(is_let_be_where_there_is_a_seal) {
  begin_sealed();
  import.allow(0, now);
  settle();
  BOOST_TEST(import.active());
}

BOOST_AUTO_TEST_CASE(takes_what_nothing_has_proven_only_when_nobody_has_anything_else) {
  begin();
  BOOST_TEST(!request().unproven);
  answer(StateAnswer::none);
  BOOST_TEST(!request().unproven);
  answer(StateAnswer::none);
  wait(Import::shortest_pause);
  BOOST_TEST(request().unproven);
  answer(chunk(60, "Ca", true));
  stored(ImportOutcome::finished);
  begin();
  BOOST_TEST(!request().unproven);
}

BOOST_AUTO_TEST_CASE(takes_it_not_yet_while_somebody_else_is_busy) {
  begin();
  answer(StateAnswer::busy);
  answer(StateAnswer::none);
  wait(Import::shortest_pause);
  BOOST_TEST(!request().unproven);
  answer(StateAnswer::none);
  answer(StateAnswer::none);
  wait(Import::shortest_pause * 2);
  BOOST_TEST(request().unproven);
}

BOOST_AUTO_TEST_CASE(pauses_for_longer_and_longer_while_nobody_has_any) {
  begin();
  for (const int pause : {500, 1000, 2000, 4000, 8000, 8000}) {
    answer(StateAnswer::none);
    answer(StateAnswer::none);
    const std::size_t before = requests.size();
    wait(milliseconds(pause - 1));
    BOOST_TEST(requests.size() == before);
    wait(milliseconds(1));
    BOOST_TEST(requests.size() == before + 1);
  }
}

BOOST_AUTO_TEST_CASE(believes_no_impossible_chunk) {
  using Harm = void (*)(StateChunk&);
  const Harm harms[] = {
      [](StateChunk& chunk) { chunk.header.group = GroupId(78); },
      [](StateChunk& chunk) { chunk.header.semantics += 1; },
      [](StateChunk& chunk) { chunk.header.applied.sequence = Sequence(49); },
      [](StateChunk& chunk) { chunk.entries.clear(); },
      [](StateChunk& chunk) { chunk.through = "Ca"; },
      [](StateChunk& chunk) { chunk.header.state.low += 1; },
  };
  for (const Harm harm : harms) {
    Fixture fixture;
    fixture.begin();
    fixture.answer(fixture.chunk(60, "Ca"));
    fixture.stored();
    StateChunk chunk = fixture.chunk(60, "Cb");
    harm(chunk);
    fixture.answer(chunk);
    BOOST_TEST(fixture.steps.size() == 1u);
    BOOST_TEST(fixture.donor() == 3u);
  }
}

BOOST_AUTO_TEST_CASE(takes_no_answer_that_it_did_not_ask_for) {
  begin();
  StateChunk stray = chunk(60, "Ca");
  import.receive(ReplicaId(3), stray, now);
  stray.after = "Cx";
  answer(stray);
  stray = chunk(60, "Ca");
  stray.checkpoint = Sequence(59);
  answer(stray);
  BOOST_TEST(steps.empty());
  answer(chunk(60, "Ca", true));
  stored(ImportOutcome::finished);
  answer(chunk(60, "Ca"));
  BOOST_TEST(steps.size() == 1u);
}

BOOST_AUTO_TEST_CASE(asks_the_next_donor_when_the_entries_do_not_make_the_digest) {
  begin();
  answer(chunk(60, "Ca", true));
  stored(ImportOutcome::wrong);
  BOOST_TEST(!complete);
  BOOST_TEST(donor() == 3u);
  answer(chunk(70, "Ca", true));
  BOOST_TEST(steps.back().first);
  BOOST_TEST(steps.back().attempt != steps.front().attempt);
  import.stored(steps.front().attempt, ImportOutcome::finished, now);  // late, of the first donor
  settle();
  BOOST_TEST(!complete);
  stored(ImportOutcome::finished);
  BOOST_TEST((import.imported() == Sequence(70)));
}

BOOST_AUTO_TEST_CASE(tries_again_when_its_own_disk_is_full) {
  begin();
  answer(chunk(60, "Ca"));
  stored(ImportOutcome::not_written);
  const std::size_t before = requests.size();
  wait(milliseconds(500));
  BOOST_TEST(requests.size() == before + 1);
  BOOST_TEST(donor() == 2u);
  BOOST_TEST((request() == StateRequest{group, Sequence(), Sequence(50), ""}));
}

BOOST_AUTO_TEST_CASE(does_not_begin_with_a_donor_that_lied) {
  begin();
  answer(chunk(60, "Ca", true));
  stored(ImportOutcome::finished);
  import.distrust_donor();
  begin();
  BOOST_TEST(donor() == 3u);
  import.distrust_donor();
  begin();
  BOOST_TEST(donor() == 2u);
}

BOOST_AUTO_TEST_CASE(ends_one_that_never_ends) {
  begin();
  const Instant end = now + limits::state_import_lifetime;
  for (std::uint64_t count = 0; donor() == 2; ++count) {
    std::string key = "C" + std::to_string(1'000'000 + count);
    answer(chunk(60, key));
    stored();
    BOOST_REQUIRE((now < end + seconds(10)));
    wait(seconds(4));
  }
  BOOST_TEST(donor() == 3u);
}

BOOST_AUTO_TEST_CASE(is_hopeless_alone) {
  Import lonely(ReplicaId(1), 1);
  lonely.begin({group, Sequence(50), {}, 1}, now);
  BOOST_TEST(lonely.take_output().hopeless);
  BOOST_TEST(!lonely.active());
}

BOOST_AUTO_TEST_CASE(goes_around_the_others) {
  Import third(ReplicaId(3), 3);
  third.begin({group, Sequence(50), {}, 0b111}, now);
  BOOST_TEST((third.take_output().requests.front().first == ReplicaId(1)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_donor)

BOOST_AUTO_TEST_CASE(serves_a_few_at_a_time_and_drops_idle_ones) {
  Donor donor;
  Instant now{0};
  BOOST_TEST((donor.receive("a", "", now) == Donor::Step::read));
  BOOST_TEST((donor.receive("a", "", now) == Donor::Step::ignore));  // it is being read
  BOOST_TEST((donor.receive("b", "", now) == Donor::Step::read));
  BOOST_TEST((donor.receive("c", "", now) == Donor::Step::busy));
  donor.answered("a", false, now);
  BOOST_TEST((donor.receive("a", "", now) == Donor::Step::read));
  donor.answered("a", false, now);
  now = donor.next_deadline();
  BOOST_TEST((now == Instant{} + limits::state_transfer_idle));
  BOOST_TEST(donor.tick(now) == std::vector<std::string>{"a"}, boost::test_tools::per_element());
  BOOST_TEST((donor.next_deadline() == Instant::never()));  // b is being read
  BOOST_TEST((donor.receive("c", "", now) == Donor::Step::read));
}

BOOST_AUTO_TEST_CASE(is_free_soon_after_the_last_chunk) {
  Donor donor;
  donor.receive("a", "", Instant{});
  donor.answered("a", true, Instant{});
  BOOST_TEST(donor.tick(Instant{seconds(1).nanoseconds}).empty());
  BOOST_TEST(donor.tick(Instant{seconds(2).nanoseconds}).size() == 1u);
  donor.answered("a", true, Instant{});  // read for nobody
}

BOOST_AUTO_TEST_CASE(lets_nobody_keep_a_place_by_asking_for_the_same_again) {
  for (const bool over : {false, true}) {
    Donor donor;
    const auto ask = [&](const std::string& after, Instant now) {
      BOOST_TEST((donor.receive("a", after, now) == Donor::Step::read));
      donor.answered("a", over, now);
    };
    ask("", Instant{});
    const Instant ends = donor.next_deadline();
    ask("", Instant{seconds(1).nanoseconds});
    BOOST_TEST((donor.next_deadline() == ends));
    if (over) continue;
    ask("k", Instant{seconds(2).nanoseconds});
    const Instant later = donor.next_deadline();
    BOOST_TEST((later > ends));
    for (const char* after : {"", "j", "k"}) ask(after, Instant{seconds(3).nanoseconds});
    BOOST_TEST((donor.next_deadline() == later));
  }
}

BOOST_AUTO_TEST_CASE(gives_a_free_place_to_who_was_told_first_that_there_is_none) {
  Donor donor;
  Instant now{0};
  for (const char* first : {"a", "b"}) donor.receive(first, "", now);
  for (const char* waiting : {"c", "d"}) BOOST_TEST((donor.receive(waiting, "", now) == Donor::Step::busy));
  donor.answered("a", true, now);
  now = donor.next_deadline();
  BOOST_TEST(donor.tick(now).size() == 1u);
  for (const char* later : {"a", "d", "e"}) BOOST_TEST((donor.receive(later, "", now) == Donor::Step::busy));
  BOOST_TEST((donor.receive("c", "", now) == Donor::Step::read));
}

BOOST_AUTO_TEST_CASE(waits_for_nobody_who_asks_no_more) {
  Donor donor;
  Instant now{0};
  for (const char* first : {"a", "b"}) donor.receive(first, "", now);
  BOOST_TEST((donor.receive("c", "", now) == Donor::Step::busy));
  for (const char* first : {"a", "b"}) donor.answered(first, true, now);
  now = now + Donor::patience;
  BOOST_TEST(donor.tick(now).size() == 2u);
  for (const char* later : {"d", "e"}) BOOST_TEST((donor.receive(later, "", now) == Donor::Step::read));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(entries_of_a_chunk)

BOOST_AUTO_TEST_CASE(come_back_as_they_were_and_in_order_only) {
  std::string entries;
  BOOST_TEST(append_entry(entries, "Ca", "1"));
  BOOST_TEST(append_entry(entries, "Cb", ""));
  std::string seen;
  const auto all = [&](std::string_view key, std::string_view value) {
    seen.append(key).append("=").append(value).append(" ");
    return true;
  };
  BOOST_TEST(visit_entries(entries, "", "Cb", all));
  BOOST_TEST(seen == "Ca=1 Cb= ");
  BOOST_TEST(!visit_entries(entries, "Ca", "Cb", all));
  BOOST_TEST(!visit_entries(entries, "", "Cc", all));
  BOOST_TEST(!visit_entries(entries.substr(0, entries.size() - 1), "", "Cb", all));
  BOOST_TEST(!visit_entries(entries + "x", "", "Cb", all));
  BOOST_TEST(!visit_entries(entries, "", "Cb", [](auto, auto) { return false; }));
  BOOST_TEST(visit_entries("", "Ca", "Ca", all));
  BOOST_TEST(append_entry(entries, "Ca", ""));
  BOOST_TEST(!visit_entries(entries, "", "Ca", all));
}

BOOST_AUTO_TEST_CASE(fit_into_a_chunk_or_stay_out) {
  std::string entries;
  BOOST_TEST(append_entry(entries, "C", std::string(limits::state_chunk_bytes - 9, 'v')));
  const std::size_t size = entries.size();
  BOOST_TEST(!append_entry(entries, "D", ""));
  BOOST_TEST(entries.size() == size);
  BOOST_TEST(limits::request_result_bytes + 100 < limits::state_chunk_bytes);  // every entry fits
}

BOOST_AUTO_TEST_SUITE_END()
