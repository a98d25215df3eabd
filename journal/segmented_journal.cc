// SPDX-License-Identifier: Apache-2.0
#include "journal/segmented_journal.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "files/trouble.h"
#include "journal/opening.h"
#include "journal/records.h"
#include "journal/segment.h"
#include "journal/spare.h"
#include "journal/stable_mark.h"
#include "protocol/check.h"

namespace tally {
namespace {

constexpr std::uint64_t most_segment_bytes = 64u << 20;
constexpr std::uint64_t least_segment_bytes = 2 * record_bytes(most_record_bytes);
constexpr std::uint64_t segments_of_a_journal = 8;
constexpr std::uint64_t least_room = 2 * record_bytes(most_record_bytes);

using SegmentPointer = std::shared_ptr<Segment>;

class SegmentedJournal : public Journal {
 public:
  SegmentedJournal(std::unique_ptr<Directory> directory, std::unique_ptr<StableMark> mark, FoundJournal found,
                   JournalOptions options)
      : directory_(std::move(directory)),
        mark_(std::move(mark)),
        options_(std::move(options)),
        spare_(*directory_, options_.segment_bytes),
        recovered_(std::move(found.recovered)),
        leftovers_(std::move(found.leftovers)),
        synced_place_(found.synced),
        segments_(std::move(found.segments)),
        last_order_(recovered_.last.sequence.value),
        next_number_(found.last_number + 1),
        synced_number_(found.synced_number) {}

  const RecoveredJournal& found() const override { return recovered_; }

  RecoveredJournal begin_term(Term least) override {
    recovered_.term = std::max(recovered_.term.next(), least);
    SegmentHeader header = next_header(synced_place_);
    header.predecessor_last = last_number_before(header.first());
    start_segment(std::move(header), [this](Segment& segment) { write_anew(segment); });
    place_ = {recovered_.last, recovered_.served, recovered_.calendar};
    synced_number_ = next_number_ - 1;
    remove_leftovers();
    shorten_predecessor();
    mark_->set(recovered_.term, recovered_.last, synced_number_);
    return recovered_;
  }

  void append(const OrderIdentity& order, ServedTime served, CalendarTime calendar, std::string_view header,
              std::string_view body) override {
    append(RecordType::order, order.sequence, header, body);
    place_ = {order, served, calendar};
    last_order_ = order.sequence.value;
  }

  void append(const JournaledView& view) override {
    append(RecordType::view, place_.order.sequence, encode_view(view), {});
    recovered_.view = view;
  }

  void append(const OrderState& agreed) override {
    append(RecordType::agreed, place_.order.sequence, encode_agreed(agreed), {});
    recovered_.agreed = agreed;
  }

  // Older segments are synced first, because a record counts only when all records before it do.
  void sync() override {
    const std::uint64_t last = next_number_ - 1;
    std::vector<SegmentPointer> unsynced;
    {
      const std::scoped_lock lock(mutex_);
      unsynced = unsynced_;
    }
    for (const SegmentPointer& segment : unsynced) segment->sync();
    // The newest segment stays in the list, because more may have been appended to it in the
    // meantime.
    unsynced.pop_back();
    const std::scoped_lock lock(mutex_);
    synced_number_ = std::max(synced_number_.load(), last);
    std::erase_if(unsynced_, [&](const auto& segment) { return std::ranges::count(unsynced, segment) > 0; });
  }

  void mark_stable(const OrderIdentity& order) override { mark_->set(recovered_.term, order, synced_number_); }

  std::optional<std::string> read(Sequence sequence) override {
    try {
      const SegmentPointer segment = segment_of(sequence);
      // Reading on stays within the segment that has the order, so that no void record behind its
      // end is read.
      if (reader_ && reader_->next == sequence && reader_->segment == segment) {
        auto found = Segment::read_on(std::move(reader_->behind), sequence);
        if (found) return read_from(segment, std::move(found), sequence);
      }
      return read_from(segment, segment ? segment->find(sequence) : std::nullopt, sequence);
    } catch (const std::system_error&) {  // what a disk does not give back is damaged
      reader_.reset();
      return std::nullopt;
    }
  }

  void cut_below(Sequence first) override {
    std::vector<SegmentPointer> cut;
    Sequence beginning;
    {
      const std::scoped_lock lock(mutex_);
      const auto behind = begins_behind(first);
      if (behind - segments_.cbegin() <= 1) return;
      const auto kept = std::prev(behind);  // the segment that has `first`
      cut.assign(segments_.cbegin(), kept);
      segments_.erase(segments_.cbegin(), kept);
      for (const SegmentPointer& segment : cut) std::erase(unsynced_, segment);
      beginning = segments_.front()->first();
      count_bytes();
    }
    mark_->set_first(beginning);
    // If the machine stops while this is done, any of the files may be left. That is harmless: what
    // is below the mark's `first` does not count.
    for (SegmentPointer& segment : cut) {
      const std::string name = segment->name();
      const bool fits = segment->file().size() == options_.segment_bytes;
      const bool unused = segment.use_count() == 1;  // nobody reads it, and nobody can begin to
      segment.reset();
      if (!fits || !unused || !spare_.take_over(name)) directory_->remove(name);
    }
    directory_->sync();
  }

  JournalSize size() const override {
    const bool reserved = !active_->grows() && active_->room() >= least_room;
    JournalSize size;
    size.has_room = reserved || spare_.ready() || !spare_.failed();
    const std::scoped_lock lock(mutex_);
    size.bytes = closed_bytes_ + active_->end();
    if (segments_.size() > 1) size.next_cut = segments_[1]->first();
    return size;
  }

  bool wants_preparation() const override { return spare_.wanted(); }
  std::optional<std::string> prepare() override { return spare_.make(); }

  // Only what was there when it began is scrubbed. An order that is appended in the meantime must
  // not be taken for one that is missing.
  Scrubbed scrub(Sequence from, std::size_t bytes) override {
    const Sequence last(last_order_);
    const auto go_on = [last](Sequence place) { return place > last ? Sequence() : place; };
    const SegmentPointer segment = segment_of(std::max(from, next_first()));
    Sequence place = std::max(from, segment->first());
    try {
      segment->drop_cache(place, bytes);
      auto found = segment->find(place);
      std::optional<OrderIdentity> before;
      const std::uint64_t begin = found ? found->behind.offset() : 0;
      while (found) {
        const auto order = decode_order(found->content);
        if (!order || order->id.sequence != place || (before && order->previous != before->chain)) break;
        before = order->id;
        place = place.next();
        if (found->behind.offset() - begin >= bytes || segment_of(place) != segment) return {go_on(place), {}};
        found = Segment::read_on(std::move(found->behind), place);
      }
    } catch (const std::system_error&) {  // what a disk does not give back is damaged
    }
    if (place > last) return {};
    return {go_on(place.next()), place};
  }

 private:
  // The place up to which a replica that catches up has been served.
  struct Reader {
    SegmentPointer segment;
    RecordScan behind;
    Sequence next;
  };

  std::optional<std::string> read_from(const SegmentPointer& segment, std::optional<Segment::Found> found,
                                       Sequence sequence) {
    reader_.reset();
    if (!found) return std::nullopt;
    reader_ = Reader{segment, std::move(found->behind), sequence.next()};
    return std::move(found->content);
  }

  Sequence next_first() const {
    const std::scoped_lock lock(mutex_);
    return segments_.front()->first();
  }

  // The first segment all of whose orders come after this one.
  std::vector<SegmentPointer>::const_iterator begins_behind(Sequence sequence) const {
    return std::ranges::upper_bound(segments_, sequence, {}, [](const auto& one) { return one->first(); });
  }

  // The segment that has this order, or else the last one that begins before it; null if there is
  // none.
  SegmentPointer segment_of(Sequence sequence) const {
    const std::scoped_lock lock(mutex_);
    const auto behind = begins_behind(sequence);
    return behind == segments_.begin() ? nullptr : *std::prev(behind);
  }

  // ---- writing

  void append(RecordType type, Sequence sequence, std::string_view first, std::string_view second) {
    const std::size_t size = first.size() + second.size();
    CHECK(size <= most_record_bytes);
    if (!active_->has_room_for(size) || (active_->grows() && spare_.ready())) {
      SegmentHeader header = next_header(place_);
      header.predecessor_last = next_number_ - 1;
      start_segment(std::move(header), [](Segment&) {});
    }
    append_to(*active_, type, sequence, first, second);
  }

  void append_to(Segment& segment, RecordType type, Sequence sequence, std::string_view first,
                 std::string_view second) {
    RecordHead head;
    head.type = type;
    head.size = static_cast<std::uint32_t>(first.size() + second.size());
    head.number = next_number_;
    head.sequence = sequence;
    head.synced = synced_number_;
    segment.append(head, first, second);
    next_number_ += 1;
  }

  SegmentHeader next_header(const JournalPlace& place) {
    SegmentHeader header;
    header.group = recovered_.group;
    header.term = recovered_.term;
    header.salt = options_.random();
    header.first_number = next_number_;
    header.synced = synced_number_;
    header.last = place.order;
    header.served = place.served;
    header.calendar = place.calendar;
    header.view = recovered_.view;
    header.agreed = recovered_.agreed;
    return header;
  }

  // Leftovers are removed only now. If the machine had stopped earlier, the next start would have
  // needed them, because what they hold was not yet written anew.
  void remove_leftovers() {
    std::erase(leftovers_, active_->name());
    for (const std::string& name : leftovers_) directory_->remove(name);
    if (!leftovers_.empty()) directory_->sync();
    leftovers_.clear();
  }

  // Nothing is written to the predecessor any more, so the rest of its file is given back. Each
  // start takes a new file, so a process that ends again and again would otherwise fill the disk
  // with what it had reserved.
  void shorten_predecessor() {
    if (segments_.size() < 2) return;
    const Segment& predecessor = *segments_[segments_.size() - 2];
    if (predecessor.end() < predecessor.file().size())
      directory_->open(predecessor.name())->truncate(predecessor.end());
  }

  // Writes those orders again that may be in the page cache only (law 4).
  void write_anew(Segment& segment) {
    Sequence sequence = segment.first();
    for (; sequence <= recovered_.last.sequence; sequence = sequence.next()) {
      const auto content = read(sequence);
      if (!content) throw file_error(directory_->path(), EIO);
      append_to(segment, RecordType::order, sequence, *content, {});
    }
    reader_.reset();
  }

  // The last record that counts before this order. A segment that begins behind the order knows
  // where its predecessor ends; if there is none, the last record known to be synced is the one.
  std::uint64_t last_number_before(Sequence first) const {
    for (const SegmentPointer& segment : segments_)
      if (segment->first() > first) return std::min(synced_number_.load(), segment->header().predecessor_last);
    return synced_number_;
  }

  // Begins a segment that holds all of `header` and `fill`, or nothing: it counts from the moment
  // at which its file gets its name, and it is synced before. It replaces every segment that begins
  // with the same order or a later one. One of the same name, which has no order or of which
  // nothing counts any more, is replaced by the rename itself.
  void start_segment(SegmentHeader header, const std::function<void(Segment&)>& fill) {
    const auto is_replaced = [first = header.first()](const auto& segment) { return segment->first() >= first; };
    {
      const std::scoped_lock lock(mutex_);
      for (const SegmentPointer& segment : segments_)
        if (!is_replaced(segment))
          header.predecessor = segment->first();
        else if (segment->first() == header.first())
          header.predecessor_last = std::min(header.predecessor_last, segment->header().predecessor_last);
        else
          leftovers_.push_back(segment->name());
    }
    const std::string bytes = encode_segment_header(header);
    Spare::Taken taken = spare_.take();
    taken.file->write(0, bytes);
    auto segment =
        std::make_shared<Segment>(std::move(taken.file), header, bytes.size(), options_.segment_bytes, taken.grows);
    fill(*segment);
    segment->sync();
    directory_->rename(taken.name, segment->name());
    directory_->sync();
    spare_.gone();
    active_ = segment;
    const std::scoped_lock lock(mutex_);  // some may have been cut in the meantime
    std::erase_if(segments_, is_replaced);
    std::erase_if(unsynced_, is_replaced);
    segments_.push_back(segment);
    unsynced_.push_back(segment);
    count_bytes();
  }

  void count_bytes() {
    closed_bytes_ = 0;
    for (const SegmentPointer& segment : segments_)
      if (segment != segments_.back()) closed_bytes_ += segment->end();
  }

  std::unique_ptr<Directory> directory_;
  std::unique_ptr<StableMark> mark_;
  JournalOptions options_;
  Spare spare_;

  // These belong to the loop's thread, and are as of the last record.
  RecoveredJournal recovered_;
  JournalPlace place_;
  std::vector<std::string> leftovers_;
  JournalPlace synced_place_;  // at opening
  SegmentPointer active_;      // the newest segment
  std::optional<Reader> reader_;

  // Guards what follows. It is never held while a file is read or written.
  mutable std::mutex mutex_;
  std::vector<SegmentPointer> segments_;  // oldest first
  std::vector<SegmentPointer> unsynced_;  // those that may have something unsynced, the newest last
  std::uint64_t closed_bytes_ = 0;        // of all segments but the newest
  std::atomic<std::uint64_t> last_order_;
  std::atomic<std::uint64_t> next_number_;
  std::atomic<std::uint64_t> synced_number_;
};

tl::expected<std::unique_ptr<Journal>, std::string> open(std::unique_ptr<Directory> directory, JournalOptions options) {
  const auto identity = read_identity(*directory);
  if (!identity) return tl::unexpected(identity.error());
  if (!directory->lock(identity_file)) return tl::unexpected<std::string>("another process uses it");
  auto mark = read_mark(*directory, identity->group, Access::write);
  if (!mark) return tl::unexpected(mark.error());
  auto found = find_journal(*directory, (*mark)->get());
  if (!found) return tl::unexpected(found.error());
  if (const auto refused = refused_semantics(*found)) return tl::unexpected(*refused);
  std::vector<JournaledMember>& members = found->recovered.view.members;
  if (members.empty()) members.resize(options.replicas);  // at the first start all replicas vote
  if (members.size() != options.replicas)
    return tl::unexpected("it belongs to a group of " + std::to_string(members.size()) + " replicas, but " +
                          std::to_string(options.replicas) + " are configured");
  return std::make_unique<SegmentedJournal>(std::move(directory), std::move(*mark), std::move(*found),
                                            std::move(options));
}

}  // namespace

std::uint64_t segment_bytes_for(std::uint64_t journal_bytes) {
  const std::uint64_t part = journal_bytes / segments_of_a_journal / journal_block_bytes * journal_block_bytes;
  return std::clamp(part, least_segment_bytes, most_segment_bytes);
}

std::optional<std::string> file_in_the_way(const Directory& directory) {
  for (const std::string& name : directory.names()) {
    if (name == unfinished_identity_file || name == lost_and_found) continue;
    if (name != StableMark::file_name) return name;
    const auto mark = StableMark::read(directory.open_to_read(name));
    if (mark && mark->get().term.value != 0) return name;
  }
  return std::nullopt;
}

tl::expected<void, std::string> create_journal(Directory& directory, GroupId group, const std::string& made) {
  try {
    if (const auto name = file_in_the_way(directory))
      return tl::unexpected(directory.path() + " is not empty: " + *name + " is there");
    StableMark::create(directory, group);
    write_identity(directory, {journal_kind, journal_format, distributor_role, group, made});
  } catch (const std::system_error& error) {
    return tl::unexpected(std::string("the journal cannot be made: ") + error.what());
  }
  return {};
}

tl::expected<std::unique_ptr<Journal>, std::string> begin_journal(std::unique_ptr<Directory> directory,
                                                                  const std::string& made, RecoveredJournal beginning,
                                                                  JournalOptions options) {
  if (const auto created = create_journal(*directory, beginning.group, made); !created)
    return tl::unexpected(created.error());
  try {
    auto mark = StableMark::read(directory->open(StableMark::file_name));
    mark->set_first(beginning.last.sequence.next());
    FoundJournal found;
    found.synced = {beginning.last, beginning.served, beginning.calendar};
    found.recovered = std::move(beginning);
    found.recovered.first = found.recovered.last.sequence.next();
    return std::make_unique<SegmentedJournal>(std::move(directory), std::move(mark), std::move(found),
                                              std::move(options));
  } catch (const std::system_error& error) {
    return tl::unexpected(std::string("the journal cannot be made: ") + error.what());
  }
}

tl::expected<std::unique_ptr<Journal>, std::string> open_journal(std::unique_ptr<Directory> directory,
                                                                 JournalOptions options) {
  const std::string path = directory->path();
  try {
    auto opened = open(std::move(directory), std::move(options));
    if (!opened) return tl::unexpected("the journal in " + path + " cannot be used: " + opened.error());
    return std::move(*opened);
  } catch (const std::system_error& error) {
    return tl::unexpected("the journal in " + path + " cannot be read: " + error.what());
  }
}

}  // namespace tally
