// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_bar.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "cli/report.h"

namespace tally::cli {
namespace {

constexpr int width = 40;
constexpr int whole = 100;
constexpr const char* clear_line_end = "\x1b[K";

}  // namespace

ProgressBar::ProgressBar(std::string what) : what_(std::move(what)), is_shown_(can_repaint(stderr)) {}

ProgressBar::~ProgressBar() {
  if (percent_ >= 0) std::fprintf(stderr, "\r%s", clear_line_end);
}

void ProgressBar::show(std::uint64_t done, std::uint64_t all) {
  if (!is_shown_ || all == 0) return;
  const int percent = static_cast<int>(std::min(done, all) * whole / all);
  if (percent == percent_) return;
  percent_ = percent;
  const auto full = static_cast<std::size_t>(percent * width / whole);
  const std::string bar = std::string(full, '#') + std::string(width - full, '.');
  std::fprintf(stderr, "\r%s [%s] %d %%%s", what_.c_str(), bar.c_str(), percent, clear_line_end);
}

}  // namespace tally::cli
