// SPDX-License-Identifier: Apache-2.0
// The file that becomes the next segment: of its full size and written over, so that appending to it changes no
// metadata and a sync is one write to the disk. A segment that was cut, or one made of zeros.
//
// take() and gone() belong to the thread that appends, make() and take_over() to the one that makes ready.
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

  // Why there is none; it may be tried again.
  std::optional<std::string> make();
  // Of a cut segment of the right size. False: there is one already. Its name is synced when it returns, since what
  // happens to the content then must not be found under the old name after a crash.
  bool take_over(const std::string& name);

  // The spare; or an empty file, if there is none: nobody waits.
  struct Taken {
    std::unique_ptr<File> file;
    std::string name;
    bool grows;
  };
  Taken take();
  // What was taken has another name now.
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
