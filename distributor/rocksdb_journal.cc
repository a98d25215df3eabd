// SPDX-License-Identifier: Apache-2.0
#include "distributor/rocksdb_journal.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <stdexcept>

#include "distributor/journal_records.h"
#include "distributor/stable_mark.h"
#include "protocol/bytes.h"
#include "protocol/check.h"
#include "protocol/limits.h"

namespace tally {
namespace {

constexpr char group_key[] = "G";
constexpr char term_key[] = "T";
constexpr char semantics_key[] = "S";
constexpr char view_key[] = "V";
constexpr char agreed_key[] = "A";
constexpr char orders_family[] = "orders";
constexpr std::size_t batch_overhead_bytes = 64;   // of a WriteBatch with one entry, besides key and value
constexpr std::uintmax_t least_room = 256u << 20;  // for its log and tables

// Allocates the log's blocks ahead as part of the file, so that a sync has no new file size to write too: 130 µs
// instead of 190 µs where this was measured. After a crash the log ends in zeros, which recovery skips.
class PreallocatedLog : public rocksdb::FileSystemWrapper {
 public:
  PreallocatedLog() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "PreallocatedLog"; }
  rocksdb::FileOptions OptimizeForLogWrite(const rocksdb::FileOptions& options,
                                           const rocksdb::DBOptions& db_options) const override {
    rocksdb::FileOptions optimized = FileSystemWrapper::OptimizeForLogWrite(options, db_options);
    optimized.fallocate_with_keep_size = false;
    return optimized;
  }
};

rocksdb::DBOptions journal_options() {
  static const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(std::make_shared<PreallocatedLog>());
  rocksdb::DBOptions options;
  options.env = env.get();
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_background_jobs = 2;
  options.max_log_file_size = 1u << 20;
  options.keep_log_file_num = 2;
  options.bytes_per_sync = 1u << 20;
  options.max_total_wal_size = 128u << 20;  // the rare writes of one family must not keep the log of the other
  return options;
}

rocksdb::ColumnFamilyOptions family_options() {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 64u << 20;
  options.compression = rocksdb::kNoCompression;
  options.level0_file_num_compaction_trigger = 2;  // only files beyond level 0 can be cut off
  return options;
}

rocksdb::ReadOptions scrubbing() {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  return options;
}

void require(const rocksdb::Status& status, const char* what) {
  if (!status.ok()) throw std::runtime_error(std::string("the journal cannot ") + what + ": " + status.ToString());
}

class RocksdbJournal : public Journal {
 public:
  // `families`: the default one, and the orders'.
  RocksdbJournal(std::unique_ptr<rocksdb::DB> db, const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                 StableMark mark)
      : db_(std::move(db)), facts_(families[0]), orders_(families[1]), mark_(std::move(mark)) {}

  ~RocksdbJournal() override {
    for (rocksdb::ColumnFamilyHandle* family : {facts_, orders_}) db_->DestroyColumnFamilyHandle(family);
  }

  tl::expected<void, std::string> recover(std::uint32_t replicas, GroupId new_group) {
    const auto group = get(group_key);
    found_.group = group ? GroupId(ByteReader(*group).number<std::uint64_t>()) : new_group;
    const auto semantics = get(semantics_key);
    const std::uint64_t version = semantics ? ByteReader(*semantics).number<std::uint64_t>() : 1;
    if (group && version != limits::semantics_version)
      return tl::unexpected("it has orders of version " + std::to_string(version) +
                            ", and this program makes those of " + std::to_string(limits::semantics_version) +
                            ": start the group once more with the tally that wrote it, write down its counters "
                            "(`tally list`), and begin a new group in an empty directory");
    if (const auto term = get(term_key)) found_.term = Term(ByteReader(*term).number<std::uint64_t>());
    if (const auto bytes = get(view_key)) {
      const auto view = decode_view(*bytes);
      if (!view) return tl::unexpected<std::string>("its view record is damaged; restore the journal from a backup");
      found_.view = *view;
    }
    if (const auto bytes = get(agreed_key)) {
      const auto agreed = decode_agreed(*bytes);
      if (!agreed) return tl::unexpected<std::string>("its record of what was agreed is damaged");
      found_.agreed = *agreed;
    }
    if (found_.view.members.empty()) found_.view.members.resize(replicas);  // the first start: all vote
    if (found_.view.members.size() != replicas)
      return tl::unexpected("it belongs to a group of " + std::to_string(found_.view.members.size()) +
                            " replicas, but " + std::to_string(replicas) + " are configured");
    return recover_orders();
  }

  RecoveredJournal begin_term() override {
    // Law 3: nobody hears of a term before it is synced. Law 4: the same sync covers the recovered tail, which opening
    // has written anew.
    found_.term = found_.term.next();
    rocksdb::WriteBatch batch;
    CHECK(batch.DeleteRange(orders_, order_key(found_.last.sequence.next()), order_key(Sequence(~std::uint64_t{0})))
              .ok());
    put_number(batch, group_key, found_.group.value);
    put_number(batch, term_key, found_.term.value);
    put_number(batch, semantics_key, limits::semantics_version);
    CHECK(batch.Put(view_key, encode_view(found_.view)).ok());
    CHECK(batch.Put(agreed_key, encode_agreed(found_.agreed)).ok());  // it may have been of the tail that was dropped
    rocksdb::WriteOptions options;
    options.sync = true;
    require(db_->Write(options, &batch), "begin a term");
    if (found_.last.sequence.value != 0) mark_stable(found_.last);
    return found_;
  }

  void append(Sequence sequence, std::string_view header, std::string_view body) override {
    const std::string key_bytes = order_key(sequence);
    const rocksdb::Slice key(key_bytes);
    const std::array value{rocksdb::Slice(header), rocksdb::Slice(body)};
    rocksdb::WriteBatch batch(key.size() + header.size() + body.size() + batch_overhead_bytes);
    CHECK(batch.Put(orders_, {&key, 1}, {value.data(), static_cast<int>(value.size())}).ok());
    require(db_->Write(rocksdb::WriteOptions(), &batch), "be written");
  }

  void append(const JournaledView& view) override {
    require(db_->Put(rocksdb::WriteOptions(), view_key, encode_view(view)), "be written");
  }

  void append(const OrderState& agreed) override {
    require(db_->Put(rocksdb::WriteOptions(), agreed_key, encode_agreed(agreed)), "be written");
  }

  void sync() override { require(db_->SyncWAL(), "be synced"); }

  void mark_stable(const OrderIdentity& order) override { mark_.set({order.sequence, order.chain}); }

  std::optional<std::string> read(Sequence sequence) override {
    std::string value;
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), orders_, order_key(sequence), &value);
    if (status.IsNotFound() || status.IsCorruption()) return std::nullopt;
    require(status, "be read");
    return value;
  }

  // Whole files, which costs nothing. What stays of a file begins somewhere before `first`, without a gap.
  void cut_below(Sequence first) override {
    const std::string begin = order_key(Sequence(0));
    const std::string end = order_key(first);
    const rocksdb::Slice begin_slice(begin);
    const rocksdb::Slice end_slice(end);
    require(rocksdb::DeleteFilesInRange(db_.get(), orders_, &begin_slice, &end_slice, false), "be cut");
  }

  std::uint64_t bytes() override {
    std::uint64_t files = 0;
    std::uint64_t memory = 0;
    db_->GetIntProperty(orders_, rocksdb::DB::Properties::kTotalSstFilesSize, &files);
    db_->GetIntProperty(orders_, rocksdb::DB::Properties::kCurSizeAllMemTables, &memory);
    return files + memory;
  }

  Scrubbed scrub(Sequence from, std::size_t bytes) override {
    const std::unique_ptr<rocksdb::Iterator> place(db_->NewIterator(scrubbing(), orders_));
    std::optional<OrderIdentity> before;
    std::size_t seen = 0;
    place->Seek(order_key(from));
    for (; place->Valid() && seen < bytes; place->Next()) {
      // The first one may lie behind the place that was asked for: the journal was cut meanwhile.
      const Sequence here = sequence_of(entry_at(*place).key);
      if (before && here != before->sequence.next()) return {{}, Sequence(here.value - 1)};
      const auto order = order_in(entry_at(*place));
      if (!order || (before && order->previous != before->chain)) return {{}, here};
      before = order->id;
      seen += place->value().size();
    }
    if (!place->status().ok()) return {{}, before ? before->sequence.next() : from};
    return {place->Valid() ? before->sequence.next() : Sequence(), std::nullopt};
  }

 private:
  static void put_number(rocksdb::WriteBatch& batch, const char* key, std::uint64_t number) {
    std::string bytes;
    append_number(bytes, number);
    CHECK(batch.Put(key, bytes).ok());
  }

  std::optional<std::string> get(const rocksdb::Slice& key) {
    std::string value;
    const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), key, &value);
    if (status.IsNotFound()) return std::nullopt;
    require(status, "be read");
    return value;
  }

  static JournalEntry entry_at(const rocksdb::Iterator& place) {
    return {place.key().ToStringView(), place.value().ToStringView()};
  }

  // Finds the first and the last order. What was not synced may have reached the disk with holes in it: RocksDB skips
  // zeros in its log, and takes up again what lies behind them. So the orders after the last one that is known to have
  // been stable are followed one by one, and the tail behind a hole is dropped: none of it was ever stable.
  tl::expected<void, std::string> recover_orders() {
    const auto damaged = [](const char* which) {
      return tl::unexpected("its " + std::string(which) + " order is damaged; restore the journal from a backup");
    };
    const std::unique_ptr<rocksdb::Iterator> place(db_->NewIterator(rocksdb::ReadOptions(), orders_));
    const auto order_here = [&place]() -> std::optional<Order> {
      if (!place->Valid()) return std::nullopt;
      return order_in(entry_at(*place));
    };
    place->SeekToFirst();
    require(place->status(), "be read");
    if (!place->Valid()) {
      found_.agreed = {};
      return check_mark(std::nullopt);
    }
    const auto oldest = order_here();
    if (!oldest) return damaged("oldest");
    found_.first = oldest->id.sequence;

    if (const auto mark = mark_.get()) place->Seek(order_key(mark->sequence));
    std::optional<Order> newest = order_here();
    if (const auto checked = check_mark(newest); !checked) return checked;
    for (place->Next(); place->Valid(); place->Next()) {
      if (place->key() != rocksdb::Slice(order_key(newest->id.sequence.next()))) break;
      auto next = order_here();
      if (!next || next->previous != newest->id.chain) return damaged("newest");
      newest = std::move(next);
    }
    require(place->status(), "be read");
    found_.last = newest->id;
    if (found_.agreed.order.sequence > newest->id.sequence) found_.agreed = {};  // of the tail that is dropped
    found_.served = newest->served;
    found_.calendar = newest->calendar;
    return {};
  }

  // Law 4: what was stable must be there. `found` is the order in the mark's place, the oldest one if there is no mark.
  tl::expected<void, std::string> check_mark(const std::optional<Order>& found) {
    const auto mark = mark_.get();
    if (!mark || (found && found->id.sequence == mark->sequence && found->id.chain == mark->chain)) return {};
    return tl::unexpected("order " + std::to_string(mark->sequence.value) +
                          " was stable and is not there: the journal's tail was lost, or an older copy was put in its "
                          "place. Restore the newest copy; or, to go on without the lost orders and the increments in "
                          "them, remove the file stable.mark in it");
  }

  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* facts_;
  rocksdb::ColumnFamilyHandle* orders_;
  StableMark mark_;
  RecoveredJournal found_;
};

}  // namespace

tl::expected<std::unique_ptr<Journal>, std::string> open_rocksdb_journal(const std::string& directory,
                                                                         std::uint32_t replicas, GroupId new_group) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  const auto space = std::filesystem::space(directory, failed);
  if (!failed && space.available < least_room)
    return tl::unexpected("the journal in " + directory + " needs " + std::to_string(least_room >> 20) +
                          " MiB of free disk, and has " + std::to_string(space.available >> 20));
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  const std::vector<rocksdb::ColumnFamilyDescriptor> wanted = {{rocksdb::kDefaultColumnFamilyName, family_options()},
                                                               {orders_family, family_options()}};
  const rocksdb::Status status = rocksdb::DB::Open(journal_options(), directory, wanted, &families, &db);
  if (!status.ok()) return tl::unexpected("the journal in " + directory + " cannot be opened: " + status.ToString());
  std::unique_ptr<rocksdb::DB> opened(db);
  auto mark = StableMark::open(directory + "/stable.mark");
  if (!mark) {
    for (rocksdb::ColumnFamilyHandle* family : families) opened->DestroyColumnFamilyHandle(family);
    return tl::unexpected(mark.error());
  }
  auto journal = std::make_unique<RocksdbJournal>(std::move(opened), families, std::move(*mark));
  const std::string refusal = "the journal in " + directory + " cannot be used: ";
  try {
    if (const auto recovered = journal->recover(replicas, new_group); !recovered)
      return tl::unexpected(refusal + recovered.error());
  } catch (const std::runtime_error& unreadable) {
    return tl::unexpected(refusal + unreadable.what());
  }
  return journal;
}

}  // namespace tally
