// SPDX-License-Identifier: Apache-2.0
// Shows how far long work is, as a bar on stderr that moves, without colour. Off a terminal it
// shows nothing.
#pragma once

#include <cstdint>
#include <string>

namespace tally::cli {

class ProgressBar {
 public:
  explicit ProgressBar(std::string what);
  ~ProgressBar();  // removes the bar
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(std::uint64_t done, std::uint64_t all);

 private:
  std::string what_;
  bool is_shown_;
  int percent_ = -1;
};

}  // namespace tally::cli
