// SPDX-License-Identifier: Apache-2.0
#include "cli/full_screen.h"

#include <cstdio>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace tally::cli {
namespace {

constexpr const char* enter = "\x1b[?1049h\x1b[?25l";  // another screen, and no cursor
constexpr const char* leave = "\x1b[?25h\x1b[?1049l";
constexpr const char* home = "\x1b[H";
constexpr const char* clear_line_end = "\x1b[K";
constexpr const char* clear_below = "\x1b[J";

}  // namespace

FullScreen::FullScreen() : has_keyboard_(tcgetattr(STDIN_FILENO, &before_) == 0) {
  if (has_keyboard_) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  std::fputs(enter, stdout);
}

FullScreen::~FullScreen() {
  std::fputs(leave, stdout);
  std::fflush(stdout);
  if (has_keyboard_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

ScreenSize FullScreen::size() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

void FullScreen::paint(const std::vector<std::string>& lines) const {
  const std::size_t room = size().lines;
  std::string frame = home;
  for (std::size_t line = 0; line < lines.size() && line < room; ++line) {
    if (line > 0) frame += "\r\n";
    (frame += lines[line]) += clear_line_end;
  }
  frame += clear_below;
  std::fwrite(frame.data(), 1, frame.size(), stdout);
  std::fflush(stdout);
}

char FullScreen::wait_for_key(int milliseconds) const {
  pollfd keyboard{has_keyboard_ ? STDIN_FILENO : -1, POLLIN, 0};
  if (poll(&keyboard, 1, milliseconds) <= 0 || (keyboard.revents & POLLIN) == 0) return 0;
  char key = 0;
  return read(STDIN_FILENO, &key, 1) == 1 ? key : 0;
}

}  // namespace tally::cli
