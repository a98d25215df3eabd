// SPDX-License-Identifier: Apache-2.0
// Operations of many askers that travel to the group as one request, and which answers are whose.
//
// A request executes as a whole, and so what one asker submits at a time does too: its operations
// stand together and in their order.
//
// Increments are combined. Those of one counter by the same amount, in the same window and without
// an idempotency key are one operation that is done several times, if nothing else in the batch
// concerns that counter between them. Then each is answered as if it had stood alone. So a counter
// that everybody counts costs the group one operation, however many ask for it. An operation that a
// `check` may pass over is never combined.
//
// Bounds: a batch is below what one request and its result may have. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "bridge/counts.h"
#include "client/answer.h"
#include "protocol/operations.h"

namespace tally::bridge {

// Whoever has submitted operations and waits for their answers.
class Asker {
 public:
  // One answer to each of the operations, in their order.
  virtual void answered(std::span<const Answer> answers) = 0;

 protected:
  ~Asker() = default;
};

class Batch {
 public:
  bool empty() const { return shares_.empty(); }
  // Whether these operations may travel together with what is there. An empty batch has room for
  // whatever one request may have.
  bool has_room_for(std::span<const OwnedOperation> operations) const;
  // Moves the operations from where they are. Precondition: there is room.
  void add(std::span<OwnedOperation> operations, Asker& asker);

  const std::vector<OwnedOperation>& operations() const { return operations_; }

  // One answer to each of operations(). deliver() hands them out.
  void set_answers(std::vector<Answer> answers) { answers_ = std::move(answers); }
  // Tells each asker, and adds what was decided to `counts`. An asker may submit to other batches
  // meanwhile.
  void deliver(OperationCounts& counts);
  void clear();

 private:
  // One operation of an asker.
  struct Part {
    std::uint32_t operation = 0;  // its place in operations_
    std::uint32_t through = 1;    // of the times that this is done, those up to this one
  };
  // All of one submission.
  struct Share {
    Asker* asker = nullptr;
    std::size_t first = 0;  // in parts_
    std::size_t end = 0;
  };

  bool joins(const OwnedOperation& operation, std::size_t place) const;
  void add_one(OwnedOperation& operation, bool may_be_passed_over);
  Answer own_answer(const Part& part) const;

  std::vector<OwnedOperation> operations_;
  std::vector<Part> parts_;
  std::vector<Share> shares_;
  std::unordered_map<std::string, std::uint32_t> newest_;  // operation of each counter
  std::size_t request_bytes_ = 0;                          // at most, of what is there
  std::size_t result_bytes_ = 0;
  std::vector<Answer> answers_;
  std::vector<Answer> own_;  // of the share that is delivered
};

}  // namespace tally::bridge
