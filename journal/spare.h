// SPDX-License-Identifier: Apache-2.0
// The file that becomes the next segment. It has its full size and was written over before, so that
// appending to it changes no metadata and a sync is one write to the disk. It is a segment that was
// cut, or a file of zeros.
//
// take() and gone() belong to the thread that appends, make() and take_over() to the thread that
// makes ready.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "files/directory.h"

namespace tally {

class Spare {
 public:
  Spare(Directory& directory, std::uint64_t bytes);

  bool ready() const { return state_ == State::ready; }
  bool wanted() const { return state_ == State::none; }
  bool failed() const { return failed_; }

  // Makes a spare of zeros. Returns why that failed, or nothing; after a failure it may be tried
  // again.
  std::optional<std::string> make();
  // Makes a cut segment of the right size the spare. Returns false if there is a spare already. The
  // new name is synced before this returns: otherwise a crash could bring back the old name with
  // the content that is written from then on.
  bool take_over(const std::string& name);

  // Takes the spare, or an empty file if there is none, so that nobody waits for one.
  struct Taken {
    std::unique_ptr<File> file;
    std::string name;
    bool grows;
  };
  Taken take();
  // The file that was taken has another name now.
  void gone();

 private:
  enum class State { none, ready, taken };

  Directory& directory_;
  std::uint64_t bytes_;
  bool name_synced_ = true;
  std::atomic<State> state_{State::none};
  std::atomic<bool> failed_{false};
};

}  // namespace tally
