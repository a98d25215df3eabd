// SPDX-License-Identifier: Apache-2.0
// How far the journal was stable, remembered beside it: so that a journal that lost its tail, its beginning or all of
// it, or was replaced by an older copy, is noticed instead of served.
//
// A small file of two slots, each in a sector of its own, written in turn; so one of them is always whole. What
// set() writes is not synced: after a power cut the mark may be behind, which proves less and accuses nobody; it is
// never ahead. Any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "files/directory.h"
#include "protocol/messages.h"

namespace tally {

struct StablePlace {
  GroupId group;
  Term term;                 // the newest that was begun
  Sequence first{1};         // no order from here on was cut
  Sequence sequence;         // the last stable order; zero: none yet
  Digest chain;              // after it
  std::uint64_t synced = 0;  // all records up to this number were
  auto operator<=>(const StablePlace&) const = default;
};

class StableMark {
 public:
  static constexpr char file_name[] = "stable.mark";

  // Makes the file, and syncs it, not its name.
  static void create(Directory& directory, GroupId group);
  // Nothing: no slot is valid.
  static std::unique_ptr<StableMark> read(std::unique_ptr<File> file);

  StablePlace get() const;
  // The newest term, its last stable order, and the last record that was synced.
  void set(Term term, const OrderIdentity& order, std::uint64_t synced);
  // Synced when it returns: only then may the orders before `first` go.
  void set_first(Sequence first);

 private:
  struct Slot {
    std::uint64_t writing = 0;  // counts them: the newest valid slot holds
    StablePlace place;
  };
  explicit StableMark(std::unique_ptr<File> file) : file_(std::move(file)) {}
  static std::string encode(const Slot& slot);
  static std::optional<Slot> decode(std::string_view bytes);
  static void write(File& file, const Slot& slot);

  std::unique_ptr<File> file_;
  mutable std::mutex mutex_;
  Slot slot_;  // the newest
};

}  // namespace tally
