// SPDX-License-Identifier: Apache-2.0
#include "simulated_directory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "protocol/check.h"

namespace tally {
namespace {

constexpr std::size_t sector_bytes = 512;
const std::string directory_path = "/simulated";

std::string path_of(const std::string& name) { return name.empty() ? directory_path : directory_path + '/' + name; }

[[noreturn]] void throw_error(int error, const std::string& name) {
  throw std::system_error(error, std::generic_category(), path_of(name));
}

// Padded with zeros where the file ends before the sector does.
std::string sector_of(const std::string& content, std::size_t sector) {
  std::string bytes;
  if (sector * sector_bytes < content.size()) bytes = content.substr(sector * sector_bytes, sector_bytes);
  bytes.resize(sector_bytes);
  return bytes;
}

void put_sector(std::string& content, std::size_t sector, const std::string& bytes) {
  const std::size_t offset = sector * sector_bytes;
  if (offset >= content.size()) return;
  std::memcpy(content.data() + offset, bytes.data(), std::min(sector_bytes, content.size() - offset));
}

}  // namespace

bool SimulatedDisk::named(const std::map<std::string, std::uint64_t>& names, std::uint64_t number) {
  return std::ranges::any_of(names, [&](const auto& name) { return name.second == number; });
}

// ---- what a power cut leaves

std::size_t SimulatedDisk::choices() const {
  std::size_t count = unsynced_names_.size();
  for (const auto& [number, file] : files_)
    count += file.unsynced.size() + file.forgotten.size() + (file.sizes.empty() ? 0 : 1);
  return count;
}

SimulatedDisk SimulatedDisk::killed() const {
  SimulatedDisk left = *this;
  for (auto& [number, file] : left.files_) file.handles = 0;
  left.locked_.clear();
  left.faults_.clear();
  left.watch = nullptr;
  left.watch_write = nullptr;
  return left;
}

SimulatedDisk SimulatedDisk::power_cut(const Choice& choice) const {
  SimulatedDisk left;
  left.next_file_ = next_file_;
  left.names_ = synced_names_;
  for (const NameChange& change : unsynced_names_)
    if (choice(2) == 1) apply(change, left.names_);
  left.synced_names_ = left.names_;
  for (const auto& [number, file] : files_) {
    if (!named(left.names_, number)) continue;
    std::string content = file.synced;
    if (!file.sizes.empty()) {
      const std::size_t chosen = choice(file.sizes.size() + 1);
      content.resize(chosen == 0 ? content.size() : file.sizes[chosen - 1]);
    }
    for (const auto* written : {&file.forgotten, &file.unsynced})
      for (const auto& [sector, versions] : *written) {
        const std::size_t chosen = choice(versions.size() + 1);
        if (chosen > 0) put_sector(content, sector, versions[chosen - 1]);
      }
    left.files_[number].synced = content;
    left.files_[number].content = std::move(content);
  }
  return left;
}

void SimulatedDisk::apply(const NameChange& change, std::map<std::string, std::uint64_t>& names) {
  if (change.operation == Operation::create) {
    names[change.to] = change.file;
    return;
  }
  const auto from = names.find(change.from);
  if (from == names.end() || from->second != change.file) return;
  names.erase(from);
  if (change.operation == Operation::rename) names[change.to] = change.file;
}

// ---- operations

void SimulatedDisk::strike(Operation operation, const std::string& name) {
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (fault->operation != operation || (!fault->name.empty() && fault->name != name)) continue;
    if (fault->nth > 1) {
      fault->nth -= 1;
      continue;
    }
    const int error = fault->error;
    if (!fault->lasting) faults_.erase(fault);
    throw_error(error, name);
  }
}

void SimulatedDisk::done(Operation operation, const std::string& name) const {
  if (watch) watch(operation, name);
}

void SimulatedDisk::write(std::uint64_t number, std::size_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  writes_ += 1;
  File& file = files_.at(number);
  const std::size_t end = offset + bytes.size();
  if (end > file.content.size()) {
    file.content.resize(end);
    file.sizes.push_back(end);
  }
  std::memcpy(file.content.data() + offset, bytes.data(), bytes.size());
  for (std::size_t sector = offset / sector_bytes; sector * sector_bytes < end; ++sector)
    file.unsynced[sector].push_back(sector_of(file.content, sector));
}

void SimulatedDisk::truncate(std::uint64_t number, std::size_t size) {
  File& file = files_.at(number);
  file.content.resize(size);
  file.sizes.push_back(size);
}

void SimulatedDisk::sync(std::uint64_t number) {
  File& file = files_.at(number);
  std::string synced = file.content;
  for (const auto& [sector, versions] : file.forgotten)
    if (file.unsynced.count(sector) == 0) put_sector(synced, sector, sector_of(file.synced, sector));
  for (const auto& [sector, versions] : file.unsynced) file.forgotten.erase(sector);
  file.synced = std::move(synced);
  file.unsynced.clear();
  file.sizes.clear();
}

void SimulatedDisk::forget(std::uint64_t number) {
  File& file = files_.at(number);
  for (auto& [sector, versions] : file.unsynced) {
    Versions& forgotten = file.forgotten[sector];
    forgotten.insert(forgotten.end(), versions.begin(), versions.end());
  }
  file.unsynced.clear();
}

// Files without a name that nobody has open are gone.
void SimulatedDisk::sync_directory() {
  synced_names_ = names_;
  unsynced_names_.clear();
  std::erase_if(files_, [&](const auto& file) { return file.second.handles == 0 && !named(names_, file.first); });
}

void SimulatedDisk::change_name(const NameChange& change) {
  apply(change, names_);
  unsynced_names_.push_back(change);
}

// ---- behind the journal's back

std::vector<std::string> SimulatedDisk::names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : names_) names.push_back(name);
  return names;
}

const std::string& SimulatedDisk::content(const std::string& name) const { return files_.at(names_.at(name)).content; }

void SimulatedDisk::put(const std::string& name, std::string content) {
  if (names_.count(name) == 0) names_[name] = next_file_++;
  synced_names_[name] = names_[name];
  File& file = files_[names_[name]];
  file.synced = content;
  file.content = std::move(content);
  file.unsynced.clear();
  file.forgotten.clear();
  file.sizes.clear();
}

void SimulatedDisk::flip(const std::string& name, std::size_t offset, unsigned char bits) {
  File& file = file_of(name);
  for (std::string* content : {&file.content, &file.synced})
    if (offset < content->size()) (*content)[offset] = static_cast<char>((*content)[offset] ^ bits);
}

void SimulatedDisk::erase(const std::string& name) {
  names_.erase(name);
  synced_names_.erase(name);
}

void SimulatedDisk::exchange(const std::string& one, const std::string& other) {
  std::swap(names_.at(one), names_.at(other));
  synced_names_[one] = names_.at(one);
  synced_names_[other] = names_.at(other);
}

// ---- as the journal sees it

class SimulatedFile : public File {
 public:
  SimulatedFile(SimulatedDisk& disk, std::string name, bool writable)
      : disk_(disk), name_(std::move(name)), number_(disk.names_.at(name_)), writable_(writable) {
    disk_.files_.at(number_).handles += 1;
  }
  ~SimulatedFile() override { disk_.files_.at(number_).handles -= 1; }

  std::uint64_t size() const override { return disk_.files_.at(number_).content.size(); }

  std::string read(std::uint64_t offset, std::size_t size) const override {
    disk_.strike(SimulatedDisk::Operation::read, name());
    const std::string& content = disk_.files_.at(number_).content;
    std::string bytes = offset < content.size() ? content.substr(offset, size) : std::string();
    disk_.done(SimulatedDisk::Operation::read, name());
    return bytes;
  }

  void write(std::uint64_t offset, std::span<const std::string_view> parts) override {
    CHECK(writable_);
    std::string bytes;
    for (const std::string_view part : parts) bytes += part;
    if (disk_.watch_write) disk_.watch_write(name(), offset, bytes);
    try {
      disk_.strike(SimulatedDisk::Operation::write, name());
    } catch (const std::system_error&) {
      disk_.write(number_, offset, std::string_view(bytes).substr(0, bytes.size() / 2));
      throw;
    }
    disk_.write(number_, offset, bytes);
    disk_.done(SimulatedDisk::Operation::write, name());
  }

  void truncate(std::uint64_t size) override {
    CHECK(writable_);
    disk_.strike(SimulatedDisk::Operation::truncate, name());
    disk_.truncate(number_, size);
    disk_.done(SimulatedDisk::Operation::truncate, name());
  }

  void sync() override {
    try {
      disk_.strike(SimulatedDisk::Operation::sync, name());
    } catch (const std::system_error&) {
      disk_.forget(number_);
      throw;
    }
    disk_.sync(number_);
    disk_.done(SimulatedDisk::Operation::sync, name());
  }

  void drop_cache(std::uint64_t, std::size_t) const override {}

 private:
  // The present name of the file, or the one under which it was opened if it has none.
  std::string name() const {
    for (const auto& [name, number] : disk_.names_)
      if (number == number_) return name;
    return name_;
  }

  SimulatedDisk& disk_;
  std::string name_;
  std::uint64_t number_;
  bool writable_;
};

class SimulatedDirectory : public Directory {
 public:
  explicit SimulatedDirectory(SimulatedDisk& disk) : disk_(disk) {}
  ~SimulatedDirectory() override {
    for (const std::string& name : locks_) disk_.locked_.erase(name);
  }

  const std::string& path() const override { return directory_path; }
  std::vector<std::string> names() const override { return disk_.names(); }

  std::unique_ptr<File> open(const std::string& name) const override { return opened(name, true); }
  std::unique_ptr<File> open_to_read(const std::string& name) const override { return opened(name, false); }

  std::unique_ptr<File> create(const std::string& name) override {
    disk_.strike(SimulatedDisk::Operation::create, name);
    if (disk_.has(name)) {
      disk_.truncate(disk_.names_.at(name), 0);
    } else {
      const std::uint64_t number = disk_.next_file_++;
      disk_.files_[number] = {};
      disk_.change_name({SimulatedDisk::Operation::create, number, {}, name});
    }
    disk_.done(SimulatedDisk::Operation::create, name);
    return std::make_unique<SimulatedFile>(disk_, name, true);
  }

  void rename(const std::string& from, const std::string& to) override {
    change(SimulatedDisk::Operation::rename, from, to);
  }
  void remove(const std::string& name) override { change(SimulatedDisk::Operation::remove, name, {}); }

  void sync() override {
    disk_.strike(SimulatedDisk::Operation::sync_directory, {});
    disk_.sync_directory();
    disk_.done(SimulatedDisk::Operation::sync_directory, {});
  }

  bool lock(const std::string& name) override {
    if (!disk_.has(name)) throw_error(ENOENT, name);
    if (!disk_.locked_.insert(name).second) return false;
    locks_.push_back(name);
    return true;
  }

 private:
  std::unique_ptr<File> opened(const std::string& name, bool writable) const {
    disk_.strike(SimulatedDisk::Operation::open, name);
    if (!disk_.has(name)) throw_error(ENOENT, name);
    auto file = std::make_unique<SimulatedFile>(disk_, name, writable);
    disk_.done(SimulatedDisk::Operation::open, name);
    return file;
  }

  void change(SimulatedDisk::Operation operation, const std::string& from, const std::string& to) {
    disk_.strike(operation, from);
    if (!disk_.has(from)) throw_error(ENOENT, from);
    disk_.change_name({operation, disk_.names_.at(from), from, to});
    disk_.done(operation, from);
  }

  SimulatedDisk& disk_;
  std::vector<std::string> locks_;
};

std::unique_ptr<Directory> open_simulated_directory(SimulatedDisk& disk) {
  return std::make_unique<SimulatedDirectory>(disk);
}

}  // namespace tally
