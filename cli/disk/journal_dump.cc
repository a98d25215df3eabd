// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "cli/disk/journal.h"
#include "cli/disk/order_text.h"
#include "cli/report.h"
#include "journal/inspection.h"
#include "journal/opening.h"
#include "journal/segment_files.h"
#include "journal/segment_walk.h"

namespace tally::cli {
namespace {

std::string text(std::uint64_t number) { return std::to_string(number); }

class Dump {
 public:
  Dump(const Directory& directory, const JournalDumpOptions& options, std::optional<StablePlace> mark)
      : directory_(directory),
        from_(static_cast<std::uint64_t>(options.from)),
        left_(static_cast<std::uint64_t>(options.limit)),
        mark_(std::move(mark)) {}

  // False: no more orders are wanted.
  bool dump(const SegmentFile& file, SegmentEnd end) {
    if (end.order && end.order->sequence < from_) return true;
    if (!file.fault.empty()) say_damaged(file, file.fault);
    if (!file.segment) return true;
    if (!file.counts) return file.note.empty() || say("void " + file.name + ' ' + file.note);
    const SegmentHeader& header = file.segment->header();
    bool goes_on = say("segment " + file.name + " term " + text(header.term.value) + " view " + text_of(header.view));
    SegmentWalk walk(file.segment, end);
    try {
      while (goes_on) {
        const auto step = walk.next();
        if (!step) break;
        goes_on = take(file, *step, end);
      }
    } catch (const std::system_error& error) {
      if (error.code().value() != EIO) throw;
      say_damaged(file, "the disk does not give back what is at offset " + text(walk.offset()));
    }
    return goes_on;
  }

  bool is_damaged() const { return is_damaged_; }
  // Why not all of it could be written, as errno; zero if it could.
  int write_error() const { return write_error_; }

 private:
  bool take(const SegmentFile& file, const SegmentWalk::Step& step, const SegmentEnd& end) {
    if (const auto* hole = std::get_if<SegmentHole>(&step.what)) return take(file, step, *hole, end);
    const std::string after = "after order " + text(step.head.sequence.value) + ' ';
    if (const auto* order = std::get_if<Order>(&step.what)) {
      if (order->id.sequence < from_) return true;
      left_ -= 1;
      return say(text_of(*order, step.head.size)) && left_ > 0;
    }
    if (step.head.sequence.next() < from_) return true;
    if (const auto* view = std::get_if<JournaledView>(&step.what)) return say("view " + after + text_of(*view));
    return say("agreed " + after + text_of(std::get<OrderState>(step.what)));
  }

  bool take(const SegmentFile& file, const SegmentWalk::Step& step, const SegmentHole& hole, const SegmentEnd& end) {
    if (hole.is_end && end.is_unknown) return true;
    if (step.head.number != 0 && step.head.sequence < from_) return true;
    const std::string place = "offset " + text(step.offset);
    const bool was_stable = mark_ && hole.first.value != 0 && hole.first <= mark_->sequence;
    if (was_stable || step.head.synced >= hole.number || end.order) {
      say_damaged(file, place + ": " + missing_orders(hole));
    } else if (!hole.is_end || hole.bytes > 0) {
      return say("torn " + file.name + ' ' + place + ": record " + text(hole.number) +
                 " is not whole: never synced, or being written (`tally journal check` judges it)");
    }
    return write_error_ == 0;
  }

  void say_damaged(const SegmentFile& file, const std::string& what) {
    if (!directory_.has(file.name)) {  // it was cut off meanwhile
      say("void " + file.name + " cut meanwhile");
      return;
    }
    is_damaged_ = true;
    say("damaged " + file.name + ' ' + what);
  }

  bool say(const std::string& line) {
    if (write_error_ == 0 && std::printf("%s\n", line.c_str()) < 0) write_error_ = errno;
    return write_error_ == 0;
  }

  const Directory& directory_;
  Sequence from_;
  std::uint64_t left_;
  std::optional<StablePlace> mark_;
  bool is_damaged_ = false;
  int write_error_ = 0;
};

ExitCode dump(const std::string& path, const JournalDumpOptions& options) {
  const auto directory = open_posix_directory(path);
  const auto identity = read_identity(*directory);
  std::optional<GroupId> group;
  std::optional<StablePlace> mark;
  if (identity) {
    group = identity->group;
    if (const auto read = read_mark(*directory, *group, Access::read)) mark = (*read)->get();
  }
  const std::vector<SegmentFile> files = list_segments(*directory, group, mark);
  if (!identity && files.empty()) return fail(ExitCode::failed, path + ": " + identity.error());

  Dump dump(*directory, options, mark);
  for (std::size_t place = 0; place < files.size(); ++place)
    if (!dump.dump(files[place], end_of(files, place))) break;
  int error = dump.write_error();
  if (error == 0 && std::fflush(stdout) != 0) error = errno;
  if (error == EPIPE) return ExitCode::done;  // the reader has read enough
  if (error != 0) return fail(ExitCode::failed, std::string("the dump cannot be written: ") + std::strerror(error));
  if (!dump.is_damaged()) return ExitCode::done;
  return fail(ExitCode::unverified,
              path + " has damaged places; `tally journal check " + path + "` says what a start does");
}

}  // namespace

ExitCode run_journal_dump(const JournalDumpOptions& options) {
  try {
    return dump(journal_directory_of(options.path), options);
  } catch (const std::system_error& error) {
    return fail(ExitCode::failed, std::string("the journal cannot be read: ") + error.what());
  }
}

}  // namespace tally::cli
