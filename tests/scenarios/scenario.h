// SPDX-License-Identifier: Apache-2.0
// Carries out the commands of one transcript. README.md lists them.
//
// Time stands still between commands. A command that does something gives the group `moment` to carry it out; more time
// passes by `pass` and `until` only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/group.h"

namespace tally::scenarios {

class Scenario {
 public:
  Scenario();

  // What the group says and does. Throws std::runtime_error (std::invalid_argument: the command makes no sense).
  std::vector<std::string> carry_out(const std::string& command);

 private:
  using Words = std::vector<std::string>;
  using Command = void (Scenario::*)(const Words&);

  void dispatch(Words words);
  Group& group();
  void by_command(const std::function<void()>& change);
  void run(Duration duration);
  bool run_until(const std::function<bool()>& done);

  void make_group(const Words& words);
  void start(const Words& words);
  void kill(const Words& words);
  void restart(const Words& words);
  void hang(const Words& words);
  void wake(const Words& words);
  void cut(const Words& words);
  void hold(const Words& words);
  void mend(const Words& words);
  void pass(const Words& words);
  void until(const Words& words);
  void status(const Words& words);
  void show(const Words& words);
  void operate(const Words& words);
  void tell_replica(const Words& words);
  void tell_distributor(const Words& words);
  void call(const Words& words);
  std::string row(const ReplicaStatus& replica) const;

  std::map<std::string_view, Command> commands_;
  std::unique_ptr<Group> group_;
};

}  // namespace tally::scenarios
