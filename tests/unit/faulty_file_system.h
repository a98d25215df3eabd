// SPDX-License-Identifier: Apache-2.0
// A file system below RocksDB that fails once: at its n-th call, in one of the ways in which files and disks do.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <rocksdb/file_system.h>
#include <string>

namespace tally::testing {

enum class FileFault : std::uint8_t {
  io_error,
  no_access,
  no_descriptors,
  no_room,
  lost_file,    // of an open: it is not there
  short_read,   // of a read: half of it comes
  flipped_bit,  // of a read
};

class FaultyFileSystem : public rocksdb::FileSystemWrapper {
 public:
  FaultyFileSystem(FileFault fault, std::uint64_t at)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), fault_(fault), at_(at) {}

  static const char* kClassName() { return "FaultyFileSystem"; }
  const char* Name() const override { return kClassName(); }
  // Its turn has come, whether or not the call was one that can fail so.
  bool has_struck() const { return calls_ >= at_; }

  using Options = rocksdb::FileOptions;
  using IOOptions = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  using IOStatus = rocksdb::IOStatus;

  IOStatus NewSequentialFile(const std::string& name, const Options& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* file, Debug* debug) override;
  IOStatus NewRandomAccessFile(const std::string& name, const Options& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file, Debug* debug) override;
  IOStatus NewWritableFile(const std::string& name, const Options& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) override;
  IOStatus GetFileSize(const std::string& name, const IOOptions& options, std::uint64_t* size, Debug* debug) override;
  IOStatus GetChildren(const std::string& name, const IOOptions& options, std::vector<std::string>* names,
                       Debug* debug) override;
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options, Debug* debug) override;

  // For the files. Nothing: the call goes well, as far as this is concerned.
  IOStatus of_call();
  IOStatus of_open();
  // `bytes` is what was read, and may be changed.
  IOStatus of_read(rocksdb::Slice* bytes, char* scratch);

 private:
  bool strikes() { return ++calls_ == at_; }
  IOStatus error() const;

  const FileFault fault_;
  const std::uint64_t at_;
  std::atomic<std::uint64_t> calls_ = 0;
};

}  // namespace tally::testing
