// SPDX-License-Identifier: Apache-2.0
#include "faulty_file_system.h"

#include <algorithm>
#include <utility>

namespace tally::testing {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class SequentialFile : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  SequentialFile(std::unique_ptr<rocksdb::FSSequentialFile> file, FaultyFileSystem& system)
      : FSSequentialFileOwnerWrapper(std::move(file)), system_(system) {}
  IOStatus Read(std::size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    const IOStatus status = FSSequentialFileOwnerWrapper::Read(size, options, result, scratch, debug);
    return status.ok() ? system_.of_read(result, scratch) : status;
  }

 private:
  FaultyFileSystem& system_;
};

class RandomAccessFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  RandomAccessFile(std::unique_ptr<rocksdb::FSRandomAccessFile> file, FaultyFileSystem& system)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), system_(system) {}
  IOStatus Read(std::uint64_t offset, std::size_t size, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    const IOStatus status = FSRandomAccessFileOwnerWrapper::Read(offset, size, options, result, scratch, debug);
    return status.ok() ? system_.of_read(result, scratch) : status;
  }

 private:
  FaultyFileSystem& system_;
};

class WritableFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::unique_ptr<rocksdb::FSWritableFile> file, FaultyFileSystem& system)
      : FSWritableFileOwnerWrapper(std::move(file)), system_(system) {}
  using FSWritableFileOwnerWrapper::Append;
  IOStatus Append(const Slice& bytes, const IOOptions& options, IODebugContext* debug) override {
    const IOStatus fault = system_.of_call();
    return fault.ok() ? FSWritableFileOwnerWrapper::Append(bytes, options, debug) : fault;
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus fault = system_.of_call();
    return fault.ok() ? FSWritableFileOwnerWrapper::Sync(options, debug) : fault;
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus fault = system_.of_call();
    const IOStatus status = FSWritableFileOwnerWrapper::Close(options, debug);
    return fault.ok() ? status : fault;
  }

 private:
  FaultyFileSystem& system_;
};

}  // namespace

IOStatus FaultyFileSystem::error() const {
  switch (fault_) {
    case FileFault::io_error: return IOStatus::IOError("injected", "Input/output error");
    case FileFault::no_access: return IOStatus::IOError("injected", "Permission denied");
    case FileFault::no_descriptors: return IOStatus::IOError("injected", "Too many open files");
    case FileFault::no_room: return IOStatus::NoSpace("injected");
    case FileFault::lost_file: return IOStatus::PathNotFound("injected");
    default: return IOStatus::OK();
  }
}

IOStatus FaultyFileSystem::of_call() { return strikes() && fault_ != FileFault::lost_file ? error() : IOStatus::OK(); }

IOStatus FaultyFileSystem::of_open() { return strikes() ? error() : IOStatus::OK(); }

IOStatus FaultyFileSystem::of_read(Slice* bytes, char* scratch) {
  if (!strikes()) return IOStatus::OK();
  if (fault_ == FileFault::short_read) *bytes = Slice(bytes->data(), bytes->size() / 2);
  if (fault_ == FileFault::flipped_bit && !bytes->empty()) {
    if (bytes->data() != scratch) std::copy(bytes->data(), bytes->data() + bytes->size(), scratch);
    scratch[bytes->size() / 2] = static_cast<char>(scratch[bytes->size() / 2] ^ 4);
    *bytes = Slice(scratch, bytes->size());
  }
  return fault_ == FileFault::lost_file ? IOStatus::OK() : error();
}

IOStatus FaultyFileSystem::NewSequentialFile(const std::string& name, const Options& options,
                                             std::unique_ptr<rocksdb::FSSequentialFile>* file, Debug* debug) {
  if (const IOStatus fault = of_open(); !fault.ok()) return fault;
  const IOStatus status = FileSystemWrapper::NewSequentialFile(name, options, file, debug);
  if (status.ok()) *file = std::make_unique<SequentialFile>(std::move(*file), *this);
  return status;
}

IOStatus FaultyFileSystem::NewRandomAccessFile(const std::string& name, const Options& options,
                                               std::unique_ptr<rocksdb::FSRandomAccessFile>* file, Debug* debug) {
  if (const IOStatus fault = of_open(); !fault.ok()) return fault;
  const IOStatus status = FileSystemWrapper::NewRandomAccessFile(name, options, file, debug);
  if (status.ok()) *file = std::make_unique<RandomAccessFile>(std::move(*file), *this);
  return status;
}

IOStatus FaultyFileSystem::NewWritableFile(const std::string& name, const Options& options,
                                           std::unique_ptr<rocksdb::FSWritableFile>* file, Debug* debug) {
  if (const IOStatus fault = of_call(); !fault.ok()) return fault;
  const IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (status.ok()) *file = std::make_unique<WritableFile>(std::move(*file), *this);
  return status;
}

IOStatus FaultyFileSystem::GetFileSize(const std::string& name, const IOOptions& options, std::uint64_t* size,
                                       Debug* debug) {
  if (const IOStatus fault = of_open(); !fault.ok()) return fault;
  return FileSystemWrapper::GetFileSize(name, options, size, debug);
}

IOStatus FaultyFileSystem::GetChildren(const std::string& name, const IOOptions& options,
                                       std::vector<std::string>* names, Debug* debug) {
  if (const IOStatus fault = of_call(); !fault.ok()) return fault;
  return FileSystemWrapper::GetChildren(name, options, names, debug);
}

IOStatus FaultyFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                      Debug* debug) {
  if (const IOStatus fault = of_call(); !fault.ok()) return fault;
  return FileSystemWrapper::RenameFile(from, to, options, debug);
}

}  // namespace tally::testing
