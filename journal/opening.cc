// SPDX-License-Identifier: Apache-2.0
#include "journal/opening.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <utility>

#include "journal/records.h"

namespace tally {
namespace {

constexpr std::string_view restore =
    "; put the newest copy of the journal back, or see `tally journal rebuild` and `tally journal accept-loss`";

std::string named(Sequence sequence) { return std::to_string(sequence.value); }

// Whether a file of this name may be in a journal's directory beside the segments.
bool is_known(const std::string& name) {
  constexpr std::array<std::string_view, 7> known = {identity_file, unfinished_identity_file, StableMark::file_name,
                                                     spare_file,    unfinished_spare_file,    growing_file,
                                                     lost_and_found};
  return std::ranges::count(known, name) > 0;
}

class Opening {
 public:
  Opening(const Directory& directory, const StablePlace& mark, Loss loss)
      : directory_(directory), mark_(mark), gives_up_(loss == Loss::given_up) {}

  tl::expected<FoundJournal, std::string> find() {
    found_.recovered.group = mark_.group;
    tl::expected<void, std::string> done = read_headers();
    if (done) done = check_beginning();
    if (done && !found_.segments.empty()) done = follow();
    if (!done) return tl::unexpected(done.error());
    return std::move(found_);
  }

 private:
  struct Unproven {
    std::uint64_t number;
    JournalPlace place;
  };
  static tl::unexpected<std::string> refuse(const std::string& what) {
    return tl::unexpected(what + std::string(restore));
  }

  // ---- which files count

  tl::expected<void, std::string> read_headers() {
    std::vector<std::string> names;
    for (const std::string& name : directory_.names()) {
      if (segment_first(name))
        // Sorted names are in the order of what they hold, because the numbers have leading zeros.
        names.push_back(name);
      else if (!is_known(name))
        return tl::unexpected(name + " does not belong there; move it away");
    }
    for (const std::string& name : names)
      if (const auto read = read_header(name); !read) return read;
    return {};
  }

  tl::expected<void, std::string> read_header(const std::string& name) {
    auto segment = Segment::read(directory_.open_to_read(name));
    if (!segment && gives_up_) return leave_out(name);
    if (!segment) return refuse("the header of " + name + " is damaged");
    const SegmentHeader& header = segment->header();
    if (header.group != mark_.group) return refuse(name + " belongs to another group");
    if (segment->name() != name) return refuse(name + " holds what belongs to " + segment->name());
    found_.last_number = std::max(found_.last_number, header.first_number - 1);
    // All segments before this one were cut. A crash may have left any of them.
    if (segment->first() <= mark_.first) {
      for (const auto& cut : found_.segments) found_.leftovers.push_back(cut->name());
      found_.segments.clear();
    }
    if (found_.segments.empty()) {
      found_.segments.push_back(std::move(segment));
      return {};
    }
    const Segment& before = *found_.segments.back();
    // Its orders were written anew when the term of the segment before it began.
    if (header.term < before.header().term) {
      found_.leftovers.push_back(name);
      return {};
    }
    if (header.predecessor != before.first() && gives_up_) return leave_out(name);
    if (header.predecessor != before.first())
      return refuse("the segment between " + before.name() + " and " + name + " is missing");
    found_.segments.push_back(std::move(segment));
    return {};
  }

  // The segments behind this one do not continue the one before it, so they are left out by the
  // same rule.
  tl::expected<void, std::string> leave_out(const std::string& name) {
    found_.leftovers.push_back(name);
    return {};
  }

  // A beginning may be missing only because it was cut, and an end only if no newer term was begun.
  tl::expected<void, std::string> check_beginning() {
    const bool empty = found_.segments.empty();
    if (empty && mark_.term.value == 0) return {};
    if (empty) return refuse("its segments are missing");
    if (found_.segments.front()->first() > mark_.first && !gives_up_)
      return refuse("the segment with order " + named(mark_.first) + " is missing");
    const SegmentHeader& newest = found_.segments.back()->header();
    if (newest.term < mark_.term && !gives_up_)
      return refuse(
          "term " + std::to_string(mark_.term.value) +
          " was begun and is not there: the newest segment is missing, or an older copy was put in its place");
    found_.semantics = newest.semantics;
    found_.recovered.term = newest.term;
    found_.recovered.first = found_.segments.front()->first();
    return {};
  }

  // ---- where the order ends

  // The orders before the mark's segment were stable long ago. Reads and scrubs verify them, so
  // that a start need not.
  std::size_t first_to_follow() const {
    std::size_t place = found_.segments.size() - 1;
    while (place > 0 && found_.segments[place]->first() > mark_.sequence) --place;
    return place;
  }

  tl::expected<void, std::string> follow() {
    const std::size_t begin = first_to_follow();
    take_header(found_.segments[begin]->header());
    found_.synced = last_;
    found_.synced_number = found_.segments[begin]->header().first_number - 1;
    for (std::size_t place = begin; place < found_.segments.size(); ++place) {
      const SegmentHeader& header = found_.segments[place]->header();
      if (header.last != last_.order && gives_up_) {
        drop_from(place);
        break;
      }
      if (header.last != last_.order)
        return refuse(found_.segments[place]->name() + " does not continue the segment before it");
      take_header(header);
      if (const auto checked = check_mark(); !checked) return checked;
      prove(header.synced);
      Segment& segment = *found_.segments[place];
      RecordScan scan = segment.scan();
      if (const auto followed = follow(segment, scan, last_that_counts(place)); !followed) return followed;
      if (scan.number() <= last_that_counts(place)) {
        if (const auto judged = judge_end(place, scan); !judged) return judged;
        segment.ends_at(scan.offset());
        break;
      }
    }
    return finish();
  }

  // The number of the last record in this segment that counts.
  std::uint64_t last_that_counts(std::size_t place) const {
    const bool newest = place + 1 == found_.segments.size();
    return newest ? UINT64_MAX : found_.segments[place + 1]->header().predecessor_last;
  }

  // Follows record by record until one is not whole.
  tl::expected<void, std::string> follow(const Segment& segment, RecordScan& scan, std::uint64_t last) {
    while (scan.number() <= last) {
      const auto before = gives_up_ ? std::optional(scan) : std::nullopt;
      auto record = scan.next();
      if (!record) record = go_round_damage(segment, scan, last);
      if (!record) return {};
      found_.last_number = std::max(found_.last_number, record->head.number);
      prove(record->head.synced);
      if (const auto taken = take(*record); !taken) {
        if (!gives_up_) return taken;
        scan = *before;
        return {};
      }
    }
    return {};
  }

  // A damaged order before the mark does not keep the journal from opening. Reads serve around it,
  // and a replica that needs it imports a state instead. This is right only if no view and no
  // agreed state is lost with it, so there must be as many missing records as missing orders. The
  // gap has no chain to check. But every chain digests the one before it, so the chain that the
  // mark remembers vouches for all orders between the gap and the mark.
  std::optional<RecordScan::Record> go_round_damage(const Segment& segment, RecordScan& scan, std::uint64_t last) {
    // Behind the mark no gap is passed over. judge_end() searches there, so this does not search
    // too.
    if (last_.order.sequence >= mark_.sequence) return std::nullopt;
    RecordScan further = scan;
    const auto record = further.search();
    if (!record || record->head.number > last || record->head.sequence > mark_.sequence) return std::nullopt;
    const bool is_order = record->head.type == RecordType::order;
    const Sequence before(record->head.sequence.value - (is_order ? 1 : 0));
    const std::uint64_t missing = record->head.number - scan.number();
    // The mark's own order is missing, and a view or an agreed state follows it. Nothing is left
    // that tells what that order was.
    if (before >= mark_.sequence) return std::nullopt;
    if (before.value - last_.order.sequence.value != missing) return std::nullopt;
    last_.order.sequence = before;
    chain_known_ = false;
    scan = RecordScan(segment.file(), segment.header().salt, record->offset, record->head.number);
    return scan.next();
  }

  tl::expected<void, std::string> take(const RecordScan::Record& record) {
    if (record.head.type == RecordType::order) return take_order(record);
    const std::string where = "record " + std::to_string(record.head.number);
    if (record.head.sequence != last_.order.sequence) return refuse(where + " is damaged");
    return record.head.type == RecordType::view
               ? keep(decode_view(record.content), found_.recovered.view, where + ", a view,")
               : keep(decode_agreed(record.content), found_.recovered.agreed, where + ", of what was agreed,");
  }

  template <class Fact>
  tl::expected<void, std::string> keep(std::optional<Fact> decoded, Fact& newest, const std::string& what) {
    if (!decoded) return refuse(what + " is damaged");
    newest = std::move(*decoded);
    return {};
  }

  tl::expected<void, std::string> take_order(const RecordScan::Record& record) {
    const auto order = decode_order(record.content);
    const bool follows = order && order->id.sequence == record.head.sequence &&
                         order->id.sequence == last_.order.sequence.next() &&
                         (!chain_known_ || order->previous == last_.order.chain);
    chain_known_ = true;
    if (!follows) return refuse("order " + named(last_.order.sequence.next()) + " is damaged");
    last_ = {order->id, order->served, order->calendar};
    unproven_.push_back({record.head.number, last_});
    if (last_.order.sequence == mark_.sequence) prove(record.head.number);
    return check_mark();
  }

  tl::expected<void, std::string> check_mark() const {
    if (last_.order.sequence != mark_.sequence || last_.order.chain == mark_.chain || gives_up_) return {};
    return refuse("order " + named(mark_.sequence) + " is not the one that was stable: an older copy was put there");
  }

  void take_header(const SegmentHeader& header) {
    last_ = {header.last, header.served, header.calendar};
    found_.recovered.view = header.view;
    found_.recovered.agreed = header.agreed;
  }

  // All records up to this number are known to have been synced.
  void prove(std::uint64_t number) {
    found_.synced_number = std::max(found_.synced_number, number);
    for (; !unproven_.empty() && unproven_.front().number <= found_.synced_number; unproven_.pop_front())
      found_.synced = unproven_.front().place;
  }

  // The record that `scan` expects is not whole. It counts as never synced, and so as the end of
  // the order, unless something behind it, or the mark, proves that it was synced.
  tl::expected<void, std::string> judge_end(std::size_t place, RecordScan scan) {
    const std::uint64_t missing = scan.number();
    std::uint64_t synced = 0;
    Sequence reached = last_.order.sequence;
    const auto search = [&](RecordScan& further) {
      while (const auto record = further.search()) {
        synced = std::max(synced, record->head.synced);
        reached = std::max(reached, record->head.sequence);
        found_.last_number = std::max(found_.last_number, record->head.number);
      }
    };
    search(scan);
    for (std::size_t later = place + 1; later < found_.segments.size(); ++later) {
      synced = std::max(synced, found_.segments[later]->header().synced);
      RecordScan further = found_.segments[later]->scan();
      search(further);
    }
    // If not, the mark's order is behind the gap, or lost.
    const bool has_the_mark = last_.order.sequence >= mark_.sequence;
    const bool mark_is_behind = !has_the_mark && mark_.sequence <= reached;
    const bool fact_is_lost = has_the_mark && mark_.synced >= missing;
    const bool is_damage = std::max(synced, found_.synced_number) >= missing || mark_is_behind || fact_is_lost;
    if (is_damage && !gives_up_)
      return refuse("what follows order " + named(last_.order.sequence) + " in " + found_.segments[place]->name() +
                    " is damaged: it was stable");
    drop_from(place + 1);
    return {};
  }

  void drop_from(std::size_t place) {
    for (std::size_t later = place; later < found_.segments.size(); ++later)
      found_.leftovers.push_back(found_.segments[later]->name());
    found_.segments.resize(place);
  }

  tl::expected<void, std::string> finish() {
    if (last_.order.sequence < mark_.sequence && !gives_up_)
      return refuse("order " + named(mark_.sequence) +
                    " was stable and is not there: the journal's tail was lost, or an older copy was put in its place");
    RecoveredJournal& recovered = found_.recovered;
    recovered.last = last_.order;
    recovered.served = last_.served;
    recovered.calendar = last_.calendar;
    // What was agreed on a tail that was dropped does not count.
    if (recovered.agreed.order.sequence > recovered.last.sequence) recovered.agreed = {};
    return {};
  }

  const Directory& directory_;
  const StablePlace mark_;
  const bool gives_up_;
  FoundJournal found_;
  JournalPlace last_;
  bool chain_known_ = true;        // whether that of `last_` is known
  std::deque<Unproven> unproven_;  // orders behind `synced_number`, oldest first
};

}  // namespace

tl::expected<FoundJournal, std::string> find_journal(const Directory& directory, const StablePlace& mark, Loss loss) {
  return Opening(directory, mark, loss).find();
}

std::optional<std::string> refused_semantics(const FoundJournal& found) {
  if (found.semantics == 0 || found.semantics == limits::semantics_version) return std::nullopt;
  return "it has orders of version " + std::to_string(found.semantics) + ", and this program makes those of " +
         std::to_string(limits::semantics_version) +
         ": start the group once more with the tally that wrote it, write down its counters (`tally list`), and "
         "begin a new group in an empty directory";
}

tl::expected<Identity, std::string> read_identity(const Directory& directory) {
  const bool has_identity = directory.has(identity_file);
  if (!has_identity && directory.has("CURRENT"))
    return tl::unexpected<std::string>(
        "it was written by an unreleased tally that kept it in RocksDB: start the group once more with that, write "
        "down its counters (`tally list`), and begin a new group in an empty directory");
  if (!has_identity)
    return tl::unexpected("it is not a journal: the file identity is missing" + std::string(restore) +
                          ", or make a new group's in an empty directory (`tally init`)");
  auto identity = find_identity(directory);
  if (!identity || identity->format != journal_format)
    return tl::unexpected("the file identity is damaged" + std::string(restore));
  if (identity->kind != journal_kind)
    return tl::unexpected("it is not a journal: its file identity says " + identity->kind + std::string(restore));
  return std::move(*identity);
}

tl::expected<std::unique_ptr<StableMark>, std::string> read_mark(const Directory& directory, GroupId group,
                                                                 Access access) {
  if (!directory.has(StableMark::file_name))
    return tl::unexpected("the file stable.mark is missing" + std::string(restore));
  auto mark = StableMark::read(access == Access::write ? directory.open(StableMark::file_name)
                                                       : directory.open_to_read(StableMark::file_name));
  if (!mark) return tl::unexpected("the file stable.mark is damaged" + std::string(restore));
  if (mark->get().group != group)
    return tl::unexpected("the file stable.mark is another group's" + std::string(restore));
  return mark;
}

}  // namespace tally
