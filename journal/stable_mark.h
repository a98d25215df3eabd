// SPDX-License-Identifier: Apache-2.0
// The mark: how far the journal was stable, remembered beside it. With it, a journal that lost its
// tail, its beginning or all of it, or was replaced by an older copy, is noticed instead of served.
//
// The mark is a small file of two slots, each in a disk sector of its own. They are written in
// turn, so that one of them is always whole. What set() writes is not synced. So after a power cut
// the mark may be behind, which only means that it proves less; it is never ahead. Any thread may
// use it.
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
  Term term;                 // the newest term that was begun
  Sequence first{1};         // no order from this one on was cut
  Sequence sequence;         // the last order that is known to be stable; zero: none yet
  Digest chain;              // after that order
  std::uint64_t synced = 0;  // all records up to this number were synced
  auto operator<=>(const StablePlace&) const = default;
};

class StableMark {
 public:
  static constexpr char file_name[] = "stable.mark";

  // Makes the file and syncs it, but does not sync its name.
  static void create(Directory& directory, GroupId group);
  // Returns nullptr if no slot is valid.
  static std::unique_ptr<StableMark> read(std::unique_ptr<File> file);

  StablePlace get() const;
  // Remembers the newest term, its last stable order, and the number of the last record that was
  // synced.
  void set(Term term, const OrderIdentity& order, std::uint64_t synced);
  // Is synced when it returns. Only then may the orders before `first` be removed.
  void set_first(Sequence first);

 private:
  struct Slot {
    std::uint64_t writing = 0;  // counts the writings; the valid slot with the highest count holds
    StablePlace place;
  };
  explicit StableMark(std::unique_ptr<File> file) : file_(std::move(file)) {}
  static std::string encode(const Slot& slot);
  static std::optional<Slot> decode(std::string_view bytes);
  static void write(File& file, const Slot& slot);

  std::unique_ptr<File> file_;
  mutable std::mutex mutex_;
  Slot slot_;  // the newest slot
};

}  // namespace tally
