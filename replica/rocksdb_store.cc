// SPDX-License-Identifier: Apache-2.0
#include "replica/rocksdb_store.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include "protocol/bytes.h"

namespace tally {
namespace {

constexpr std::string_view header_key("\0header", 7);
constexpr std::string_view first_entry = "\x01";  // all entry keys lie in between
constexpr std::string_view past_entries = "\xff";
constexpr std::uint32_t format = 1;

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

tl::unexpected<StoreError> error(StoreError::Kind kind, std::string detail) {
  return tl::unexpected(StoreError{kind, std::move(detail)});
}

void append_digest(std::string& bytes, const Digest& digest) {
  append_number(bytes, digest.high);
  append_number(bytes, digest.low);
}

Digest read_digest(ByteReader& reader) {
  const auto high = reader.number<std::uint64_t>();
  return {high, reader.number<std::uint64_t>()};
}

std::string encode(const CheckpointHeader& header) {
  std::string bytes;
  append_number(bytes, format);
  append_number(bytes, header.group.value);
  append_number(bytes, header.applied.term.value);
  append_number(bytes, header.applied.sequence.value);
  append_digest(bytes, header.applied.chain);
  append_number(bytes, header.served.nanoseconds);
  append_number(bytes, header.calendar.unix_milliseconds);
  append_number(bytes, header.semantics);
  append_digest(bytes, header.state);
  append_number(bytes, checksum_of(bytes));
  return bytes;
}

std::optional<CheckpointHeader> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  CheckpointHeader header;
  const bool known = reader.number<std::uint32_t>() == format;
  header.group = GroupId(reader.number<std::uint64_t>());
  header.applied.term = Term(reader.number<std::uint64_t>());
  header.applied.sequence = Sequence(reader.number<std::uint64_t>());
  header.applied.chain = read_digest(reader);
  header.served = ServedTime{reader.number<std::int64_t>()};
  header.calendar = CalendarTime{reader.number<std::int64_t>()};
  header.semantics = reader.number<std::uint32_t>();
  header.state = read_digest(reader);
  const std::string_view checked = bytes.substr(0, bytes.size() - reader.rest().size());
  const auto checksum = reader.number<std::uint64_t>();
  if (!known || !reader.at_end() || checksum != checksum_of(checked)) return std::nullopt;
  return header;
}

rocksdb::Options options_of_database() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.write_buffer_size = 32u << 20;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 2;
  options.max_open_files = 64;
  options.compression = rocksdb::kNoCompression;
  return options;
}

// Past the block cache, which one pass over everything would only flush.
rocksdb::ReadOptions reading() {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  return options;
}

}  // namespace

RocksdbStore::RocksdbStore(std::filesystem::path directory) : directory_(std::move(directory)) {}
RocksdbStore::~RocksdbStore() = default;

tl::expected<void, StoreError> RocksdbStore::open() {
  if (database_) return {};
  std::error_code ignored;  // RocksDB will say what is wrong
  std::filesystem::create_directories(directory_, ignored);
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options_of_database(), directory_.string(), &opened);
  if (!status.ok()) return error(StoreError::Kind::unusable, status.ToString());
  database_.reset(opened);
  return {};
}

// ---- load

tl::expected<std::optional<CheckpointHeader>, StoreError> RocksdbStore::read_header() {
  std::string bytes;
  const rocksdb::Status status = database_->Get(reading(), slice(header_key), &bytes);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return error(StoreError::Kind::unusable, status.ToString());
  if (auto header = decode(bytes)) return header;
  return error(StoreError::Kind::unusable, "the header is damaged or of another format");
}

tl::expected<std::optional<CheckpointHeader>, StoreError> RocksdbStore::load(const EntryVisitor& entry) {
  if (auto opened = open(); !opened) return tl::unexpected(opened.error());
  const auto header = read_header();
  if (!header || !*header) return header;

  Digest sum;
  rocksdb::ReadOptions options = reading();
  options.readahead_size = 4u << 20;
  const std::unique_ptr<rocksdb::Iterator> place(database_->NewIterator(options));
  for (place->Seek(slice(first_entry)); place->Valid(); place->Next()) {
    const std::string_view key = view(place->key());
    const std::string_view value = view(place->value());
    sum += entry_digest(key, value);
    if (!entry(key, value)) return error(StoreError::Kind::rejected, "an entry makes no sense");
  }
  if (!place->status().ok()) return error(StoreError::Kind::unusable, place->status().ToString());
  if (sum != (*header)->state)
    return error(StoreError::Kind::digest_mismatch,
                 "recorded " + to_hex((*header)->state) + ", recomputed " + to_hex(sum));
  return header;
}

// ---- commit

// Law 10: the digest of what the store will hold, from what it holds and what changes.
tl::expected<Digest, StoreError> RocksdbStore::digest_after(const CheckpointDelta& delta) {
  std::unordered_map<std::string_view, const EntryChange*> newest;
  newest.reserve(delta.changes.size());
  for (const EntryChange& change : delta.changes) newest[change.key] = &change;

  Digest sum;
  if (!delta.full) {
    const auto header = read_header();
    if (!header) return error(StoreError::Kind::digest_mismatch, header.error().detail);
    if (!*header)
      return error(StoreError::Kind::digest_mismatch, "there is no checkpoint that these changes belong to");
    sum = (*header)->state;
  }
  std::string before;
  for (const auto& [key, change] : newest) {  // a sum does not depend on the order
    if (change->value) sum += entry_digest(key, *change->value);
    if (delta.full) continue;
    const rocksdb::Status status = database_->Get(rocksdb::ReadOptions(), slice(key), &before);
    if (status.ok())
      sum -= entry_digest(key, before);
    else if (!status.IsNotFound())
      return error(StoreError::Kind::digest_mismatch, status.ToString());
  }
  return sum;
}

tl::expected<void, StoreError> RocksdbStore::commit(const CheckpointDelta& delta) {
  if (auto opened = open(); !opened) return error(StoreError::Kind::not_written, opened.error().detail);
  const auto digest = digest_after(delta);
  if (!digest) return tl::unexpected(digest.error());
  if (*digest != delta.header.state)
    return error(StoreError::Kind::digest_mismatch,
                 "recorded " + to_hex(delta.header.state) + ", recomputed " + to_hex(*digest));

  rocksdb::WriteBatch batch;
  if (delta.full) batch.DeleteRange(slice(first_entry), slice(past_entries));
  for (const EntryChange& change : delta.changes) {
    if (change.value)
      batch.Put(slice(change.key), slice(*change.value));
    else
      batch.Delete(slice(change.key));
  }
  batch.Put(slice(header_key), encode(delta.header));
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Status status = database_->Write(options, &batch);
  if (status.ok()) return {};
  database_.reset();  // after a failed write RocksDB refuses more until it is opened again
  return error(StoreError::Kind::not_written, status.ToString());
}

// ---- discard, damage

tl::expected<void, StoreError> RocksdbStore::discard() {
  database_.reset();
  std::filesystem::path aside = directory_;
  aside += ".damaged";
  std::error_code failure;
  std::filesystem::remove_all(aside, failure);
  if (!failure && std::filesystem::exists(directory_, failure)) std::filesystem::rename(directory_, aside, failure);
  if (failure) return error(StoreError::Kind::unusable, failure.message());
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
