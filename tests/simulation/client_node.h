// SPDX-License-Identifier: Apache-2.0
// A client with one session, such as a bridge: the shell around the session core
// (client/client.cc), in the simulation, and the calls that it makes.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/session.h"
#include "simulation/ledger.h"
#include "simulation/node.h"
#include "simulation/workload.h"

namespace tally::simulation {

class ClientNode : public Node {
 public:
  ClientNode(World& world, Workload& workload, const std::string& name);

  static constexpr std::size_t comparator_channel = 0;
  static constexpr std::size_t distributor_channel = 1;
  void set_distributor(Link& link) { distributor_ = &link; }
  void set_comparator(Link& link) { comparator_ = &link; }

  // From now on it makes no calls of its own.
  void stop_calling() { calling_ = false; }
  bool idle() const { return outstanding_.empty(); }
  // Ends in good order: the session is closed, then the process ends, and another one begins.
  void close_session();
  // Makes one more call. probe_succeeded() tells later whether it was answered.
  void probe();
  bool probe_succeeded() const { return probe_succeeded_; }

 private:
  void begin() override;
  void end() override;
  Instant turn() override;
  void call_some(Instant now);
  void submit(const std::vector<OwnedOperation>& operations, Duration patience, Instant now);
  void carry_out(SessionOutput output);
  void complete(const CompletedCall& completed);
  void note_sent(const Request& request);
  void end_soon(Duration pause);

  Workload& workload_;
  Link* distributor_ = nullptr;
  Link* comparator_ = nullptr;
  bool calling_ = true;
  bool probing_ = false;
  bool probe_succeeded_ = false;

  // These belong to the present process.
  std::unique_ptr<SessionCore> core_;
  std::map<CallId, Call*> outstanding_;
  std::deque<CallId> unsent_;  // in the order in which they were submitted
  bool closing_ = false;
  std::vector<Instant> next_calls_;  // in the world's time
};

}  // namespace tally::simulation
