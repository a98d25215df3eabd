// SPDX-License-Identifier: Apache-2.0
// All calls of all clients: what was asked, and what became of it.
//
// Each answer must be what the reference answered to that request, and must come after everything
// that was answered before the call began. At the end, each change is looked for in the one total
// order by its tag. It must be there once if it was answered, never if it was not applied, and at
// most once if its outcome is unknown.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/answer.h"
#include "protocol/messages.h"

namespace tally::simulation {

struct World;

struct Call {
  std::uint64_t number = 0;
  std::string client;
  std::vector<OwnedOperation> operations;
  Sequence floor;  // every order up to this one was answered when the call began
  // The request that carries the call, once it was sent.
  std::optional<SessionId> session;
  RequestNumber request;
  bool read_only = false;  // whether that request only reads
  std::size_t offset = 0;  // of the call's first operation in that request
  bool completed = false;
};

// For people to read.
std::string describe(const std::vector<OwnedOperation>& operations);

class Ledger {
 public:
  explicit Ledger(World& world) : world_(world) {}

  Call& begin(const std::string& client, std::vector<OwnedOperation> operations);
  void completed(Call& call, const std::vector<Answer>& answers);
  void abandoned(Call& call);  // its client has ended
  void finish() const;

  std::uint64_t answered() const { return answered_; }
  std::uint64_t calls() const { return calls_.size(); }

 private:
  // How often a change may be found in the end.
  struct Change {
    unsigned least = 0;
    unsigned most = 0;
  };

  void check_answer(const Call& call, std::size_t place, const Answer& answer);
  void expect(const OwnedOperation& operation, const Answer& answer);

  World& world_;
  std::deque<Call> calls_;
  std::map<std::uint64_t, Change> changes_;  // by their tags
  Sequence answered_through_;
  std::uint64_t answered_ = 0;
};

}  // namespace tally::simulation
