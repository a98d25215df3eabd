// SPDX-License-Identifier: Apache-2.0
// A group for one drill: `tally up` of this program as a child process, with its data in a fresh
// temporary directory, which is removed in the end. Its processes die with ours.
//
// Made and used by the main thread (see cli/up/spawn.h).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <tl/expected.hpp>
#include <vector>

#include "cli/drill/patience.h"
#include "cli/drill/steps.h"
#include "cli/exit_code.h"
#include "client/client.h"

namespace tally::cli {

class FreshGroup {
 public:
  // Returns when increments are answered. A failure says in its last words why the group did not
  // start.
  static tl::expected<std::unique_ptr<FreshGroup>, Failure> start(const Drill& drill, const Patience& patience);
  // Stops the group, and removes its directory unless keep() was called.
  ~FreshGroup();
  FreshGroup(const FreshGroup&) = delete;
  FreshGroup& operator=(const FreshGroup&) = delete;

  void keep() { kept_ = true; }
  const std::string& directory() const { return directory_; }

  std::vector<std::string> roles() const;
  // The newest process of a role; 0: there is none.
  pid_t process(const std::string& role) const;
  std::uint16_t http_port() const;  // 0: it is not known
  bool bridge_is_ready() const;
  ClientOptions endpoints() const { return endpoints_; }
  // What a daemon has logged so far.
  std::string log(const std::string& role) const;
  // Each death of a daemon so far, as `tally up` told it: "replica-2: signal 9".
  std::map<std::string, int> deaths() const;

  std::optional<ClusterStatus> status();
  // Says what went wrong.
  std::optional<std::string> command(AdminCommand command);

  std::optional<std::string> wipe(const std::string& role);  // its directory
  void kill_all();                                           // `tally up` and the daemons, at once
  std::optional<std::string> start_again();

 private:
  FreshGroup(std::string directory, const Drill& drill, const Patience& patience);
  std::optional<std::string> launch();
  bool has_ended();
  void stop();
  std::string data() const { return directory_ + "/data"; }
  std::string ready_file() const { return directory_ + "/ready"; }
  std::string up_log() const { return directory_ + "/up.log"; }

  std::string directory_;
  std::int64_t replicas_;
  const Patience& patience_;
  pid_t up_ = 0;  // 0: it does not run
  ClientOptions endpoints_;
  std::optional<Client> client_;
  bool kept_ = false;
};

// Whether there is such a process, and it has not died.
bool is_alive(pid_t process);

}  // namespace tally::cli
