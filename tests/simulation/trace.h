// SPDX-License-Identifier: Apache-2.0
// The story of a run, line by line. It is always told, because its digest shows that the same seed
// makes the same history. It is printed on request.
#pragma once

#include <string>
#include <string_view>

#include "protocol/event.h"
#include "protocol/messages.h"
#include "simulation/agenda.h"

namespace tally::simulation {

class Trace {
 public:
  Trace(const Agenda& agenda, bool prints) : agenda_(agenda), prints_(prints) {}

  void line(std::string_view who, std::string_view what, std::string_view more = {});
  void event(std::string_view who, const Event& event);

  // The digest of all lines so far.
  std::uint64_t digest() const { return digest_; }

 private:
  const Agenda& agenda_;
  bool prints_;
  std::uint64_t digest_ = 0;
  std::string text_;
};

// One line about a message, for people to read.
std::string describe(const Message& message);

}  // namespace tally::simulation
