// SPDX-License-Identifier: Apache-2.0
// The protobuf objects that bodies are parsed into and written from.
#pragma once

#include <cstddef>

#include "protocol/limits.h"

namespace tally::wire {

// A protobuf object that serves again and again. Its strings and lists keep their memory and never
// give it back, so it is replaced once it has coded limits::reused_message_bytes: it never holds
// more than a small multiple of that.
template <class Proto>
class Reused {
 public:
  // Empty; valid until the next call.
  Proto& next() {
    if (coded_bytes_ > limits::reused_message_bytes) {
      proto_ = Proto();
      coded_bytes_ = 0;
    }
    proto_.Clear();
    return proto_;
  }

  // To be told after each use.
  void has_coded(std::size_t bytes) { coded_bytes_ += bytes; }

 private:
  Proto proto_;
  std::size_t coded_bytes_ = 0;
};

}  // namespace tally::wire
