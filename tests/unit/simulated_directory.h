// SPDX-License-Identifier: Apache-2.0
// A disk with one directory, in memory. After a power cut it keeps no more than a real one
// promises, and it can be made to fail. It is a value: a copy is a snapshot, so one run can be
// crashed at many of its moments.
//
// This is what a power cut leaves:
// - Of a file, what was there at its last sync(). Each sector of 512 bytes that was written since
//   is as it was then, or as any one of the writes since left it. It is never a mixture, and each
//   sector has its own fate. The size is any that the file has had since.
// - Of the directory, the names at its last sync(). Each creation, renaming and removal since took
//   place or did not. Each is atomic and has its own fate, except that a change of a name needs the
//   change that first made that name. File systems with one log keep more order than that; those
//   that log a single file at fsync(2) do not.
// - Nothing else: sync() of a file does not sync its name, and sync() of the directory does not
//   sync any content.
// After a sync() that failed, the content is still read back, but no later sync() brings it to the
// disk. Linux behaves so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "files/directory.h"

namespace tally {

class SimulatedDisk {
 public:
  enum class Operation { open, read, write, truncate, sync, create, rename, remove, sync_directory };

  // Chooses which of at least two options a power cut leaves: 0 is the oldest, the last one is the
  // newest.
  using Choice = std::function<std::size_t(std::size_t options)>;
  static std::size_t lost(std::size_t) { return 0; }
  static std::size_t kept(std::size_t options) { return options - 1; }

  // The disk after a process was killed and nothing else happened: what was not synced stays
  // unsynced.
  SimulatedDisk killed() const;
  // The disk after the machine has come back. Nothing is unsynced, locked or watched, and nothing
  // is to fail.
  SimulatedDisk power_cut(const Choice& choice) const;
  // How often power_cut() has to choose.
  std::size_t choices() const;

  // The `nth` operation of this kind from now on fails, where 1 is the next one; and so do all that
  // follow if `lasting`. If a name is given, only operations on that file count. A write that fails
  // has written its first half.
  struct Fault {
    Operation operation;
    int error;
    std::uint64_t nth = 1;
    std::string name = {};
    bool lasting = false;
  };
  void fail(Fault fault) { faults_.push_back(std::move(fault)); }
  void heal() { faults_.clear(); }

  // Called after each operation that took effect. It may do whatever a second thread might do at
  // that moment.
  std::function<void(Operation operation, const std::string& name)> watch;
  // Called before a write takes effect.
  std::function<void(const std::string& name, std::size_t offset, std::string_view bytes)> watch_write;
  // A write that is not watched: the part that has arrived so far of one that is under way.
  void write(const std::string& name, std::size_t offset, std::string_view bytes) {
    write(names_.at(name), offset, bytes);
  }

  // What a test does to the files behind the journal's back. It is on the disk at once.
  std::vector<std::string> names() const;
  bool has(const std::string& name) const { return names_.count(name) > 0; }
  const std::string& content(const std::string& name) const;
  void put(const std::string& name, std::string content);
  void flip(const std::string& name, std::size_t offset, unsigned char bits = 0x10);
  void erase(const std::string& name);
  void exchange(const std::string& one, const std::string& other);

  std::uint64_t writes() const { return writes_; }

 private:
  friend class SimulatedFile;
  friend class SimulatedDirectory;

  using Versions = std::vector<std::string>;  // of a sector, oldest first
  struct File {
    std::string content;  // as it is read
    std::string synced;
    std::map<std::size_t, Versions> unsynced;   // by sector
    std::map<std::size_t, Versions> forgotten;  // by a sync() that failed
    std::vector<std::size_t> sizes;             // that the file had since the last sync
    std::size_t handles = 0;
  };
  struct NameChange {
    Operation operation;
    std::uint64_t file;
    std::string from;
    std::string to;
  };

  void strike(Operation operation, const std::string& name);  // throws if this operation is to fail
  void done(Operation operation, const std::string& name) const;
  File& file_of(const std::string& name) { return files_.at(names_.at(name)); }
  void write(std::uint64_t file, std::size_t offset, std::string_view bytes);
  void truncate(std::uint64_t file, std::size_t size);
  void sync(std::uint64_t file);
  void forget(std::uint64_t file);
  void sync_directory();
  void change_name(const NameChange& change);
  static bool named(const std::map<std::string, std::uint64_t>& names, std::uint64_t number);
  static void apply(const NameChange& change, std::map<std::string, std::uint64_t>& names);

  std::map<std::uint64_t, File> files_;
  std::map<std::string, std::uint64_t> names_;
  std::map<std::string, std::uint64_t> synced_names_;
  std::vector<NameChange> unsynced_names_;
  std::set<std::string> locked_;
  std::vector<Fault> faults_;
  std::uint64_t next_file_ = 1;
  std::uint64_t writes_ = 0;
};

// The disk must outlive the directory. Its path is "/simulated".
std::unique_ptr<Directory> open_simulated_directory(SimulatedDisk& disk);

}  // namespace tally
