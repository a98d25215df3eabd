// SPDX-License-Identifier: Apache-2.0
#include "journal/spare.h"

#include <system_error>

#include "journal/format.h"

namespace tally {
namespace {

// Each piece is synced by itself, so that no sync of the loop waits for more than one of them.
constexpr std::size_t piece_bytes = 1u << 20;

}  // namespace

// A spare that an earlier process left is as good as a new one, once its name is known to be
// synced.
Spare::Spare(Directory& directory, std::uint64_t bytes) : directory_(directory), bytes_(bytes) {
  if (!directory_.has(spare_file)) return;
  if (directory_.open_to_read(spare_file)->size() != bytes_) return;
  name_synced_ = false;
  state_ = State::ready;
}

std::optional<std::string> Spare::make() {
  if (state_ != State::none) return std::nullopt;
  try {
    const auto file = directory_.create(unfinished_spare_file);
    const std::string zeros(piece_bytes, '\0');
    for (std::uint64_t offset = 0; offset < bytes_; offset += piece_bytes) {
      file->write(offset, std::string_view(zeros).substr(0, bytes_ - offset));
      file->sync();
    }
    directory_.rename(unfinished_spare_file, spare_file);
    directory_.sync();
  } catch (const std::system_error& error) {
    failed_ = true;
    return error.what();
  }
  failed_ = false;
  state_ = State::ready;
  return std::nullopt;
}

bool Spare::take_over(const std::string& name) {
  if (state_ != State::none) return false;
  directory_.rename(name, spare_file);
  directory_.sync();
  failed_ = false;
  state_ = State::ready;
  return true;
}

Spare::Taken Spare::take() {
  if (!ready()) return {directory_.create(growing_file), growing_file, true};
  if (!name_synced_) directory_.sync();
  name_synced_ = true;
  state_ = State::taken;
  return {directory_.open(spare_file), spare_file, false};
}

void Spare::gone() {
  if (state_ == State::taken) state_ = State::none;
}

}  // namespace tally
