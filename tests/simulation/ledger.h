// SPDX-License-Identifier: Apache-2.0
// All calls of all clients: what was asked, and what became of it.
//
// Each answer must be what the reference answered to that request, and must come after everything that was answered
// before the call began. At the end each change is looked for in the one total order, by its tag: once if it was
// answered, never if it was not applied, once at most if nobody knows.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/client.h"
#include "protocol/messages.h"

namespace tally::simulation {

struct World;

struct Call {
  std::uint64_t number = 0;
  std::string client;
  std::vector<OwnedOperation> operations;
  Sequence floor;  // everything up to there was answered when it began
  // The request that carries it, once it was sent.
  std::optional<SessionId> session;
  RequestNumber request;
  bool read_only = false;  // so is that request
  std::size_t offset = 0;  // of its first operation there
  bool completed = false;
};

// For people.
std::string describe(const std::vector<OwnedOperation>& operations);

class Ledger {
 public:
  explicit Ledger(World& world) : world_(world) {}

  Call& begin(const std::string& client, std::vector<OwnedOperation> operations);
  void completed(Call& call, const std::vector<Answer>& answers);
  void abandoned(Call& call);  // with its client
  void finish() const;

  std::uint64_t answered() const { return answered_; }
  std::uint64_t calls() const { return calls_.size(); }

 private:
  // What may be found of a change in the end.
  struct Change {
    unsigned least = 0;
    unsigned most = 0;
  };

  void check_answer(const Call& call, std::size_t place, const Answer& answer);
  void expect(const OwnedOperation& operation, const Answer& answer);

  World& world_;
  std::deque<Call> calls_;
  std::map<std::uint64_t, Change> changes_;  // by tag
  Sequence answered_through_;
  std::uint64_t answered_ = 0;
};

}  // namespace tally::simulation
