// SPDX-License-Identifier: Apache-2.0
// The whole terminal for one command, and as it was when the command ends: its text, its cursor and
// its keyboard. Signals that end the process leave the terminal to whoever handles them, so the
// caller blocks them and lets this object go.
//
// A frame is painted over the one before and line by line, never cleared first, so nothing
// flickers, and a terminal far away is sent what fits on it and no more.
//
// One thread; one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <termios.h>
#include <vector>

namespace tally::cli {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t lines = 24;
};

class FullScreen {
 public:
  // Precondition: standard output is a terminal. If standard input is none, no keys come.
  FullScreen();
  ~FullScreen();
  FullScreen(const FullScreen&) = delete;
  FullScreen& operator=(const FullScreen&) = delete;

  ScreenSize size() const;
  // Lines that have no place are left out. Each is as wide as the screen at most.
  void paint(const std::vector<std::string>& lines) const;
  // Waits for a key. Returns it, or 0 if none came in time, or if the size has changed.
  char wait_for_key(int milliseconds) const;

 private:
  termios before_;  // first: what fills it also says whether there is a keyboard
  const bool has_keyboard_;
};

}  // namespace tally::cli
