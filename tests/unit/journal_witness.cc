// SPDX-License-Identifier: Apache-2.0
#include "journal_witness.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <utility>

#include "journal/format.h"

namespace tally {

void Witness::begun(const RecoveredJournal& found) {
  term = found.term;
  facts = {{found.view, found.agreed}};
  append_done(found.last.sequence.value);
}

void Witness::append(const JournaledView& view) { facts.push_back({view, facts.back().agreed}); }
void Witness::append(const OrderState& agreed) { facts.push_back({facts.back().view, agreed}); }

void Witness::append_done(std::size_t orders) {
  stable = orders;
  synced = facts.size() - 1;
}

std::string Witness::broken(const RecoveredJournal& found, const Orders& orders, Journal& journal) const {
  const std::size_t last = found.last.sequence.value;
  if (found.term <= term) return "term " + std::to_string(found.term.value) + " is begun twice";
  if (last < stable)
    return "order " + std::to_string(stable) + " was stable, and the last one is " + std::to_string(last);
  if (last > orders.all.size()) return "there are orders that nobody made";
  if (last > 0 && found.last != orders.all[last - 1].id) return "the last order is another one";
  if (found.first.value > cut + 1) return "what is there begins with order " + std::to_string(found.first.value);
  for (std::size_t number = found.first.value; number <= last; ++number)
    if (journal.read(Sequence(number)) != encoded(orders.all[number - 1]))
      return "order " + std::to_string(number) + " is not there";
  if (journal.read(Sequence(last + 1))) return "there is an order behind the last one";
  // Before the first term there are no facts to compare with; that term makes its view itself.
  const bool known = facts.empty() || std::find(facts.begin() + static_cast<std::ptrdiff_t>(synced), facts.end(),
                                                Facts{found.view, found.agreed}) != facts.end();
  return known ? "" : "the facts are of no moment since the last sync";
}

void CrashBench::begin() {
  open();
  witness.begun(found);
}

void CrashBench::append_facts() {
  const std::uint64_t number = witness.facts.size() + 1000 * found.term.value;
  if (random.below(2) == 0) {
    witness.append(view_of(number));
    journal->append(view_of(number));
  } else {
    const OrderState agreed{found.last, {number, random()}};
    witness.append(agreed);
    journal->append(agreed);
  }
}

void CrashBench::sync() {
  journal->sync();
  witness.append_done(orders.all.size());
}

void CrashBench::step() {
  const std::uint64_t what = random.below(16);
  if (what < 8)
    append(1, random.below(12) == 0 ? 5'000 : random.below(900));
  else if (what < 10)
    append_facts();
  else if (what < 12)
    sync();
  else if (what == 12)
    sync_and_mark(), witness.append_done(orders.all.size());
  else if (what == 13)
    journal->prepare();
  else if (what == 14 && witness.stable > 0) {
    witness.cut = std::max(witness.cut, random.below(witness.stable));
    journal->cut_below(Sequence(witness.cut + 1));
  } else if (what == 15 && random.below(3) == 0)
    begin();
}

void CrashBench::check(SimulatedDisk left, const std::string& when) {
  crashes += 1;
  for (int times = 0; times < 2; ++times) {
    auto opened = try_open(open_simulated_directory(left));
    BOOST_REQUIRE_MESSAGE(opened, when << ": " << opened.error());
    const RecoveredJournal recovered = (*opened)->begin_term();
    const std::string broken = witness.broken(recovered, orders, **opened);
    BOOST_REQUIRE_MESSAGE(broken.empty(), when << ": " << broken);
  }
}

void CrashBench::cut_power(const std::string& when, std::size_t mixes) {
  std::vector<SimulatedDisk> disks = {disk.power_cut(SimulatedDisk::lost), disk.power_cut(SimulatedDisk::kept)};
  for (; mixes > 0; --mixes) disks.push_back(disk.power_cut(mixed()));
  for (SimulatedDisk& left : disks) {
    check(left, when);
    // The power is cut again, at one moment of the recovery.
    std::uint64_t countdown = 1 + random.below(16);
    std::vector<SimulatedDisk> again;
    left.watch = [&](SimulatedDisk::Operation operation, const std::string&) {
      if (operation == SimulatedDisk::Operation::read || countdown == 0 || --countdown > 0) return;
      again = {left.power_cut(SimulatedDisk::lost), left.power_cut(mixed()), left.power_cut(SimulatedDisk::kept)};
    };
    if (auto opened = try_open(open_simulated_directory(left))) (*opened)->begin_term();
    left.watch = nullptr;
    for (SimulatedDisk& twice : again) check(std::move(twice), when + ", and again while it recovered");
  }
}

void CrashBench::crash(const SimulatedDisk::Choice& choice) {
  journal.reset();
  disk = disk.power_cut(choice);
  begin();
  orders.all.resize(found.last.sequence.value);
}

}  // namespace tally
