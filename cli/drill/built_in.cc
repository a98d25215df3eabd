// SPDX-License-Identifier: Apache-2.0
#include "cli/drill/built_in.h"

#include <algorithm>
#include <string>

#include "protocol/check.h"

namespace tally::cli {
namespace {

std::string setting(const char* key, const std::string& value) { return std::string(key) + " = \"" + value + "\"\n"; }

// A replica is broken until it is evicted for this reason, and then it behaves again.
std::string masked_fault(const std::string& name, const std::string& about, const std::string& fault,
                         const std::string& reason) {
  return setting("name", name) + setting("about", about) + "longest_gap_ms = 1000\n" +
         "[[step]]\ndo = \"fault\"\ntarget = \"replica-a\"\nafter_ms = [200, 700]\n" + setting("fault", fault) +
         "[[step]]\ndo = \"expect\"\ntarget = \"replica-a\"\n" + setting("reason", reason) +
         "[[step]]\ndo = \"expect\"\ntarget = \"replica-a\"\nstate = \"evicted\"\n"
         "[[step]]\ndo = \"clear\"\ntarget = \"replica-a\"\nafter_ms = [0, 500]\n";
}

// A role that there is one of is killed or paused, and runs again.
std::string role_taken_away(const std::string& name, const std::string& about, const std::string& action,
                            const std::string& role) {
  return setting("name", name) + setting("about", about) + "[[step]]\n" + setting("do", action) +
         setting("target", role) + "after_ms = [200, 700]\n[[step]]\ndo = \"expect\"\n" + setting("target", role) +
         "state = \"running\"\n";
}

// Where a fault is to be masked, nobody may wait for longer than longest_gap_ms. It is generous:
// the machine may be busy with something else.
std::vector<std::string> texts() {
  return {
      R"(
name = "kill"
about = "A replica is killed; it is started again and votes, and nobody notices."
longest_gap_ms = 1000
[[step]]
do = "kill"
target = "replica-a"
after_ms = [200, 700]
[[step]]
do = "expect"
target = "replica-a"
state = "voting"
)",
      R"(
name = "hang"
about = "A replica hangs for a while; it is evicted for silence and comes back."
longest_gap_ms = 1000
[[step]]
do = "pause"
target = "replica-a"
after_ms = [200, 700]
[[step]]
do = "expect"
target = "replica-a"
reason = "silence"
[[step]]
do = "expect"
target = "replica-a"
state = "evicted"
[[step]]
do = "continue"
target = "replica-a"
after_ms = [0, 500]
)",
      masked_fault("lie", "A replica answers one too much; it is evicted for dissent and comes back when it is honest.",
                   "wrong-value", "dissent"),
      R"(
name = "memory-flip"
about = "A bit flips in a replica's memory; it is evicted for dissent, rolls back and comes back."
longest_gap_ms = 1000
[[step]]
do = "fault"
fault = "wrong-state"
target = "replica-a"
after_ms = [200, 700]
[[step]]
do = "expect"
target = "replica-a"
reason = "dissent"
[[step]]
do = "expect"
target = "replica-a"
state = "evicted"
)",
      masked_fault("silent", "A replica gives no votes; it is evicted for silence and comes back.", "silent",
                   "silence"),
      masked_fault("slow", "A replica votes late; it is evicted for silence and comes back.", "slow", "silence"),
      masked_fault("drop-orders",
                   "A replica ignores its orders; it is evicted for silence and executes what it missed.",
                   "drop-orders", "silence"),
      R"(
name = "damaged-checkpoint"
about = "A replica's checkpoints are damaged on disk, and it is killed; it begins without them."
longest_gap_ms = 1000
[config]
checkpoint_orders = 50
[[step]]
do = "expect"
target = "replica-a"
event = "checkpoint_committed"
# Evicted it writes no new ones, of which the newest might not be damaged yet when it is killed.
[[step]]
do = "evict"
target = "replica-a"
[[step]]
do = "fault"
fault = "corrupt-checkpoint"
target = "replica-a"
after_ms = [200, 700]
[[step]]
do = "kill"
target = "replica-a"
after_ms = [1000, 1500]
[[step]]
do = "expect"
target = "replica-a"
event = "checkpoint_damaged"
[[step]]
do = "readmit"
target = "replica-a"
[[step]]
do = "expect"
target = "replica-a"
state = "voting"
)",
      R"(
name = "lost-checkpoint"
about = "A replica's directory is removed and it is killed; it begins with nothing and comes back."
longest_gap_ms = 1000
[config]
checkpoint_orders = 50
[[step]]
do = "expect"
target = "replica-a"
event = "checkpoint_committed"
[[step]]
do = "pause"
target = "replica-a"
after_ms = [200, 700]
[[step]]
do = "wipe"
target = "replica-a"
[[step]]
do = "kill"
target = "replica-a"
[[step]]
do = "expect"
target = "replica-a"
event = "started_empty"
[[step]]
do = "expect"
target = "replica-a"
state = "voting"
)",
      R"(
name = "full-disk"
about = "A replica's disk is full; it goes on voting, and writes checkpoints again when there is room."
longest_gap_ms = 1000
[config]
checkpoint_orders = 50
[[step]]
do = "fault"
fault = "disk-full"
target = "replica-a"
after_ms = [200, 700]
[[step]]
do = "expect"
target = "replica-a"
event = "checkpoint_failed"
[[step]]
do = "expect"
target = "replica-a"
state = "voting"
[[step]]
do = "clear"
target = "replica-a"
after_ms = [0, 500]
[[step]]
do = "expect"
target = "replica-a"
event = "checkpoint_committed"
)",
      R"(
name = "slow-disk"
about = "The disk is busy with something else, so every sync takes longer; all is answered, later."
[[step]]
do = "busy-disk"
after_ms = [200, 700]
for_ms = 3000
[[step]]
do = "expect"
answers = 100
)",
      role_taken_away("distributor-kill",
                      "The distributor is killed; after a pause the next term begins, and nothing is lost.", "kill",
                      "distributor"),
      role_taken_away("distributor-hang", "The distributor hangs; it is killed and started again, and nothing is lost.",
                      "pause", "distributor"),
      role_taken_away("comparator-kill",
                      "The comparator is killed; after a pause clients are answered again, and nothing is lost.",
                      "kill", "comparator"),
      role_taken_away("comparator-hang", "The comparator hangs; it is killed and started again, and nothing is lost.",
                      "pause", "comparator"),
      R"(
name = "bridge-kill"
about = "The bridge is killed under HTTP clients; their next requests are answered, and nothing is lost."
door = "http"
[[step]]
do = "kill"
target = "bridge"
after_ms = [200, 700]
[[step]]
do = "expect"
target = "bridge"
state = "running"
)",
      R"(
name = "all-killed"
about = "All processes are killed at once and started again; every answered increment is there, once."
[[step]]
do = "kill"
target = "all"
after_ms = [200, 700]
[[step]]
do = "expect"
answers = 100
)",
      R"(
name = "two-faults"
about = "Two of three replicas hang; clients are refused with the reason, and afterwards all is there."
fails_safe = true
[[step]]
do = "pause"
target = "replica-a"
after_ms = [200, 700]
[[step]]
do = "pause"
target = "replica-b"
[[step]]
do = "expect"
group = "unavailable"
why = "no_majority"
[[step]]
do = "expect"
refusals = 10
[[step]]
do = "continue"
target = "replica-a"
after_ms = [0, 500]
[[step]]
do = "continue"
target = "replica-b"
)",
      R"(
name = "two-liars"
about = "Two of three replicas are wrong in different ways; nothing wrong is answered, and all roll back."
[config]
checkpoint_orders = 50
[[step]]
do = "fault"
fault = "wrong-value"
target = "replica-a"
after_ms = [200, 700]
[[step]]
do = "fault"
fault = "wrong-state"
target = "replica-b"
[[step]]
do = "expect"
target = "replica-a"
reason = "dissent"
[[step]]
do = "clear"
target = "replica-a"
)",
      R"(
name = "storm"
about = "Every role is killed in turn, one every 300 ms, a replica only while all of them vote."
[[step]]
do = "storm"
for_ms = 8000
)",
  };
}

std::vector<Drill> parsed() {
  std::vector<Drill> drills;
  for (const std::string& text : texts()) {
    auto drill = parse_drill(text, "built-in");
    CHECK(drill);
    drills.push_back(std::move(*drill));
  }
  return drills;
}

}  // namespace

const std::vector<Drill>& built_in_drills() {
  static const std::vector<Drill> drills = parsed();
  return drills;
}

const Drill* find_built_in(std::string_view name) {
  const auto& drills = built_in_drills();
  const auto found = std::ranges::find(drills, name, &Drill::name);
  return found == drills.end() ? nullptr : &*found;
}

}  // namespace tally::cli
