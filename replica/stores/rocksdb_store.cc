// SPDX-License-Identifier: Apache-2.0
#include "replica/stores/rocksdb_store.h"

#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/write_batch.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>

#include "files/aside.h"
#include "files/directory.h"
#include "files/trouble.h"
#include "protocol/check.h"
#include "replica/checkpoint_header.h"
#include "runtime/descriptor.h"

namespace tally {
namespace {

constexpr std::string_view header_key("\0header", 7);
constexpr std::string_view first_entry = "\x01";  // no key of an entry is below it

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

using Kind = StoreError::Kind;

// RocksDB aborts the process when it goes on after a write that failed for want of room. So nothing
// is begun without room for it and for what RocksDB writes by itself.
constexpr std::uintmax_t reserved_bytes = 8u << 20;

bool has_room(const std::filesystem::path& directory, std::uintmax_t bytes) {
  std::error_code failure;
  const auto space = std::filesystem::space(directory, failure);
  return failure || space.available >= bytes + reserved_bytes;
}

tl::unexpected<StoreError> no_room() { return store_error(Kind::not_written, "no room on the disk"); }

// There is one for all stores of the process.
std::shared_ptr<rocksdb::RateLimiter> rate_limiter() {
  constexpr std::int64_t bytes_per_second = 48u << 20;
  static const std::shared_ptr<rocksdb::RateLimiter> shared(rocksdb::NewGenericRateLimiter(bytes_per_second));
  return shared;
}

rocksdb::Options options_of_database(bool is_new) {
  rocksdb::Options options;
  options.create_if_missing = is_new;
  options.paranoid_checks = true;
  options.write_buffer_size = 32u << 20;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 2;
  options.max_open_files = 64;
  options.compression = rocksdb::kNoCompression;
  // The journal may share the disk. So tables are written steadily, and not all at once, for which
  // its syncs would wait.
  options.bytes_per_sync = 1u << 20;
  options.rate_limiter = rate_limiter();
  return options;
}

// Reads past the block cache, because one pass over everything would only flush it.
rocksdb::ReadOptions reading() {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  return options;
}

tl::unexpected<StoreError> digest_mismatch(const Digest& recorded, const Digest& recomputed) {
  return store_error(Kind::digest_mismatch, "recorded " + to_hex(recorded) + ", recomputed " + to_hex(recomputed));
}

// An error is damage only if every file can be read, because RocksDB also calls corrupt what it may
// not open.
tl::unexpected<StoreError> error_of(const std::filesystem::path& directory, const rocksdb::Status& status) {
  if (const auto trouble = find_trouble(directory)) return store_error(Kind::inaccessible, trouble->detail);
  const bool is_damage = status.IsCorruption() || status.IsPathNotFound();
  const Kind kind = is_damage ? Kind::unusable : Kind::inaccessible;
  return store_error(kind, directory.string() + ": " + status.ToString());
}

// That a disk does not write is no reason to give up what is on it.
tl::unexpected<StoreError> write_error(const std::filesystem::path& directory, const rocksdb::Status& status) {
  if (status.IsCorruption()) return error_of(directory, status);
  return store_error(Kind::not_written, directory.string() + ": " + status.ToString());
}

Stored<std::optional<CheckpointHeader>> read_header(const std::filesystem::path& directory, rocksdb::DB& database,
                                                    const rocksdb::ReadOptions& options) {
  std::string bytes;
  const rocksdb::Status status = database.Get(options, slice(header_key), &bytes);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return error_of(directory, status);
  if (auto header = decode_header(bytes)) return header;
  return store_error(Kind::unusable, directory.string() + ": the header is damaged or of another format");
}

}  // namespace

RocksdbStore::RocksdbStore(std::filesystem::path directory, rocksdb::Env* environment)
    : directory_(std::move(directory)), environment_(environment) {}
RocksdbStore::~RocksdbStore() { close(); }

// ---- the database

// What a reader holds of the database. Closing the database takes it away from all readers.
struct RocksdbStore::Pinned {
  Pinned(rocksdb::DB* of, const rocksdb::Snapshot* at) : database(of), snapshot(at) {}
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned() { release(); }
  void release() {
    if (database) database->ReleaseSnapshot(snapshot);
    database = nullptr;
  }
  rocksdb::DB* database;
  const rocksdb::Snapshot* snapshot;
};

// Nothing: there is no database in the directory.
std::optional<RocksdbStore::Place> RocksdbStore::place() const {
  struct stat status {};
  if (::stat((directory_ / "CURRENT").c_str(), &status) != 0) return std::nullopt;
  if (::stat(directory_.c_str(), &status) != 0) return std::nullopt;
  return Place{status.st_dev, status.st_ino};
}

// Apart from what RocksDB makes before it looks.
bool RocksdbStore::is_empty() const {
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, failure)) {
    const std::string name = entry.path().filename();
    if (name != "LOCK" && !name.starts_with("LOG") && name != lost_and_found) return false;
  }
  return !failure;
}

// Whether another process uses the database: its lock is one of fcntl(2).
bool RocksdbStore::is_in_use() const {
  const Descriptor file(::open((directory_ / "LOCK").c_str(), O_RDWR | O_CLOEXEC));
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return file && ::fcntl(file.get(), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

Stored<void> RocksdbStore::open_database(bool is_new, bool room) {
  rocksdb::Options options = options_of_database(is_new);
  if (environment_) options.env = environment_;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = room ? rocksdb::DB::Open(options, directory_.string(), &opened)
                                      : rocksdb::DB::OpenForReadOnly(options, directory_.string(), &opened);
  if (status.IsNoSpace()) return no_room();
  if (!status.ok()) return error_of(directory_, status);
  database_.reset(opened);
  return {};
}

// An open database goes on working without its directory, and what is written to it then is lost.
Stored<void> RocksdbStore::open() {
  std::error_code ignored;  // what is wrong is found below
  if (!database_) std::filesystem::create_directories(directory_, ignored);
  const bool room = has_room(directory_, 0);
  if (database_ && opened_ == place() && !(read_only_ && room)) return {};
  close();
  std::filesystem::create_directories(directory_, ignored);
  if (const auto trouble = find_trouble(directory_)) return store_error(Kind::inaccessible, trouble->detail);
  if (is_in_use()) return store_error(Kind::locked, directory_.string() + ": " + std::string(words(Trouble::locked)));
  const bool is_new = !place();
  if (is_new && !is_empty())  // RocksDB would make a new database, and remove what is beside it
    return store_error(Kind::unusable, directory_.string() + ": the file CURRENT is missing beside others");
  if (!room && is_new) return no_room();
  Stored<void> opened = open_database(is_new, room);
  // Damage stays. What is not there at the second look was none.
  if (!opened && opened.error().kind == Kind::unusable) opened = open_database(is_new, room);
  if (!opened) return opened;
  opened_ = place();
  read_only_ = !room;
  return {};
}

void RocksdbStore::close() {
  for (const std::weak_ptr<Pinned>& pinned : pinned_)
    if (const auto held = pinned.lock()) held->release();
  pinned_.clear();
  database_.reset();
}

// ---- reading

Stored<std::optional<CheckpointHeader>> RocksdbStore::header() {
  if (auto opened = open(); !opened) return tl::unexpected(opened.error());
  return read_header(directory_, *database_, reading());
}

class RocksdbStore::Reader final : public CheckpointReader {
 public:
  Reader(std::filesystem::path directory, const CheckpointHeader& header, std::shared_ptr<Pinned> pinned)
      : directory_(std::move(directory)), header_(header), pinned_(std::move(pinned)) {}

  const CheckpointHeader& header() const override { return header_; }

  Stored<bool> read(std::string_view after, const EntryVisitor& entry) override {
    if (!pinned_->database) return store_error(Kind::gone, "the checkpoint was replaced");
    rocksdb::ReadOptions options = reading();
    options.snapshot = pinned_->snapshot;
    const std::unique_ptr<rocksdb::Iterator> place(pinned_->database->NewIterator(options));
    place->Seek(slice(after.empty() ? first_entry : after));
    if (place->Valid() && view(place->key()) == after) place->Next();
    for (; place->Valid(); place->Next())
      if (!entry(view(place->key()), view(place->value()))) return false;
    if (!place->status().ok()) return error_of(directory_, place->status());
    return true;
  }

 private:
  std::filesystem::path directory_;
  CheckpointHeader header_;
  std::shared_ptr<Pinned> pinned_;
};

Stored<std::unique_ptr<CheckpointReader>> RocksdbStore::reader() {
  if (auto opened = open(); !opened) return tl::unexpected(opened.error());
  std::erase_if(pinned_, [](const std::weak_ptr<Pinned>& pinned) { return pinned.expired(); });
  auto pinned = std::make_shared<Pinned>(database_.get(), database_->GetSnapshot());
  rocksdb::ReadOptions options = reading();
  options.snapshot = pinned->snapshot;
  const auto header = read_header(directory_, *database_, options);
  if (!header) return tl::unexpected(header.error());
  if (!*header) return nullptr;
  pinned_.push_back(pinned);
  return std::make_unique<Reader>(directory_, **header, std::move(pinned));
}

// ---- a commit

// Law 10: computes the digest of what the store will hold, from what it holds and what changes.
Stored<Digest> RocksdbStore::digest_after(const DeltaList& deltas) {
  const auto header = read_header(directory_, *database_, reading());
  if (!header) return tl::unexpected(header.error());
  if (!*header) return store_error(Kind::lacks_base, "there is no checkpoint that these changes belong to");
  Digest sum = (*header)->state;
  std::string before;
  for (const EntryChange* change : newest_changes(deltas)) {
    if (change->value) sum += entry_digest(change->key, *change->value);
    const rocksdb::Status status = database_->Get(rocksdb::ReadOptions(), slice(change->key), &before);
    if (status.ok())
      sum -= entry_digest(change->key, before);
    else if (!status.IsNotFound())
      return error_of(directory_, status);
  }
  return sum;
}

Stored<void> RocksdbStore::commit(const DeltaList& deltas) {
  if (auto opened = open(); !opened) return opened;
  const CheckpointHeader& header = deltas.back()->header;
  const auto digest = digest_after(deltas);
  if (!digest) return tl::unexpected(digest.error());
  if (*digest != header.state) return digest_mismatch(header.state, *digest);

  rocksdb::WriteBatch batch;
  for (const CheckpointDelta* delta : deltas) {
    for (const EntryChange& change : delta->changes) {
      if (change.value)
        batch.Put(slice(change.key), slice(*change.value));
      else
        batch.Delete(slice(change.key));
    }
  }
  batch.Put(slice(header_key), encode_header(header));
  // Three times: in the log, in a table, and in a merge of tables.
  if (read_only_ || !has_room(directory_, 3 * batch.GetDataSize())) return no_room();
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = database_->Write(options, &batch);
  if (status.ok()) return {};
  close();  // after a failed write RocksDB refuses more until it is opened again
  return write_error(directory_, status);
}

// ---- a rewrite

// The entries go past the log, and are flushed before the header is synced. So a torn rewrite is an
// empty store.
class RocksdbStore::Writer final : public CheckpointWriter {
 public:
  explicit Writer(RocksdbStore& store) : store_(store) {}

  Stored<void> put(std::string_view key, std::string_view value) override {
    sum_ += entry_digest(key, value);
    batch_.Put(slice(key), slice(value));
    if (batch_.GetDataSize() < batch_bytes) return {};
    return flush();
  }

  Stored<void> finish(const CheckpointHeader& header) override {
    if (sum_ != header.state) return digest_mismatch(header.state, sum_);
    if (auto flushed = flush(); !flushed) return flushed;
    if (const auto status = store_.database_->Flush(rocksdb::FlushOptions()); !status.ok()) return failed(status);
    rocksdb::WriteOptions options;
    options.sync = true;
    const auto status = store_.database_->Put(options, slice(header_key), encode_header(header));
    if (!status.ok()) return failed(status);
    return {};
  }

 private:
  static constexpr std::size_t batch_bytes = 256 * 1024;

  Stored<void> flush() {
    CHECK(store_.database_);
    if (store_.read_only_ || !has_room(store_.directory_, 2 * batch_.GetDataSize())) return no_room();
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    const auto status = store_.database_->Write(options, &batch_);
    batch_.Clear();
    if (!status.ok()) return failed(status);
    return {};
  }

  Stored<void> failed(const rocksdb::Status& status) { return store_error(Kind::not_written, status.ToString()); }

  RocksdbStore& store_;
  rocksdb::WriteBatch batch_;
  Digest sum_;
};

Stored<std::unique_ptr<CheckpointWriter>> RocksdbStore::rewrite() {
  close();
  std::error_code failure;
  std::filesystem::remove_all(directory_, failure);
  if (failure) return store_error(Kind::not_written, failure.message());
  if (auto opened = open(); !opened) return store_error(Kind::not_written, opened.error().detail);
  return std::make_unique<Writer>(*this);
}

// ---- discard, damage

Stored<void> RocksdbStore::discard() {
  close();
  std::error_code failure;
  if (!std::filesystem::exists(directory_, failure)) return {};
  const auto aside = free_aside_name(directory_, "damaged", most_aside);
  if (!aside) return store_error(Kind::not_written, aside.error());
  std::filesystem::rename(directory_, *aside, failure);
  if (failure) return store_error(Kind::not_written, aside->string() + ": " + failure.message());
  return {};
}

bool RocksdbStore::damage() {
  if (!open()) return false;
  const std::unique_ptr<rocksdb::Iterator> place(database_->NewIterator(reading()));
  place->Seek(rocksdb::Slice(&entry_type::counter, 1));
  if (!place->Valid() || place->key()[0] != entry_type::counter) return false;
  std::string value = place->value().ToString();
  value[0] = static_cast<char>(value[0] ^ 1);
  return database_->Put(rocksdb::WriteOptions(), place->key(), value).ok();
}

}  // namespace tally
