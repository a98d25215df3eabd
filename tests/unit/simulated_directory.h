// SPDX-License-Identifier: Apache-2.0
// A disk with one directory, in memory, that keeps no more of a power cut than a real one promises, and that can be
// made to fail. A value: a copy is a snapshot, so that one run is crashed at many of its moments.
//
// What a power cut leaves:
// - Of a file, what was there at its last sync(). Each sector of 512 bytes that was written since is as it was then or
//   as any one of the writes since left it, never mixed, and each for itself; the size is any that the file had since.
// - Of the directory, the names at its last sync(). Each creation, renaming and removal since took place or did not,
//   each for itself, and atomically; but never one of a name that another one, which did not, would first have made.
//   File systems with one log keep more order than that. Those that log a single file at fsync(2) do not.
// - Nothing else: sync() of a file brings no name along, sync() of the directory no content.
// After a sync() that failed, the content is still read back, and no later sync() brings it to the disk, as on Linux.
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

  // Which of `options` (two at least) a power cut leaves: 0 is the oldest, the last one the newest.
  using Choice = std::function<std::size_t(std::size_t options)>;
  static std::size_t lost(std::size_t) { return 0; }
  static std::size_t kept(std::size_t options) { return options - 1; }

  // The disk when a process was killed, and nothing else happened: what is unsynced stays so.
  SimulatedDisk killed() const;
  // The disk when the machine is back. Nothing is unsynced, locked, watched or to fail.
  SimulatedDisk power_cut(const Choice& choice) const;
  // How often power_cut() has to choose.
  std::size_t choices() const;

  // The `nth` such operation from now on fails (1: the next one), and all that follow if `lasting`. Of a file of this
  // name only, if one is given. A write that fails has written its first half.
  struct Fault {
    Operation operation;
    int error;
    std::uint64_t nth = 1;
    std::string name = {};
    bool lasting = false;
  };
  void fail(Fault fault) { faults_.push_back(std::move(fault)); }
  void heal() { faults_.clear(); }

  // Called after each operation that took effect; it may do whatever a second thread might at that moment.
  std::function<void(Operation operation, const std::string& name)> watch;
  // Called before a write takes effect.
  std::function<void(const std::string& name, std::size_t offset, std::string_view bytes)> watch_write;
  // A write that nobody sees: what has come so far of one that is under way.
  void write(const std::string& name, std::size_t offset, std::string_view bytes) {
    write(names_.at(name), offset, bytes);
  }

  // What a test does to the files behind the journal's back. All of it is on the disk at once.
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
    std::vector<std::size_t> sizes;             // that it had since the last sync
    std::size_t handles = 0;
  };
  struct NameChange {
    Operation operation;
    std::uint64_t file;
    std::string from;
    std::string to;
  };

  void strike(Operation operation, const std::string& name);  // throws if this one is to fail
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

// The disk outlives it. Its path is "/simulated".
std::unique_ptr<Directory> open_simulated_directory(SimulatedDisk& disk);

}  // namespace tally
