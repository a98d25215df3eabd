// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/journal.h"

#include <cstdio>
#include <optional>

#include "cli/disk/journal_table.h"
#include "cli/disk/lock.h"
#include "cli/progress_bar.h"
#include "cli/report.h"
#include "journal/inspection.h"
#include "protocol/hex.h"
#include "runtime/json_text.h"

namespace tally::cli {
namespace {

// A sentence, if there is one.
std::optional<std::string> sentence(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

void add(JsonText& json, const InspectedSegment& segment) {
  json.begin_object()
      .member("name", segment.name)
      .member("state", !segment.fault.empty() ? "damaged"
                       : segment.counts       ? "whole"
                                              : "void")
      .member("term", segment.term.value)
      .member("first", segment.first.value)
      .member("last", segment.last.value)
      .member("orders", segment.orders)
      .member("views", segment.views)
      .member("agreed", segment.agreed)
      .member("first_record", segment.first_number)
      .member("last_record", segment.last_number)
      .member("bytes", segment.bytes)
      .member("capacity", segment.capacity)
      .member("fault", sentence(segment.fault))
      .member("note", sentence(segment.note))
      .end_object();
}

void add(JsonText& json, const StablePlace& mark) {
  json.begin_object()
      .member("term", mark.term.value)
      .member("first", mark.first.value)
      .member("sequence", mark.sequence.value)
      .member("chain", to_hex(mark.chain))
      .end_object();
}

// What a distributor would do: refuse, or begin where this says.
void add(JsonText& json, const OpeningVerdict& verdict) {
  json.member("refusal", sentence(verdict.refusal)).name("opens");
  if (!verdict.refusal.empty()) {
    json.value(nullptr);
    return;
  }
  json.begin_object()
      .member("first", verdict.first.value)
      .member("next", verdict.next.value)
      .member("term", verdict.term.value)
      .member("replicas", verdict.replicas)
      .end_object();
}

std::string as_json(const JournalInspection& journal, std::optional<std::uint64_t> user) {
  std::string text;
  JsonText json(text);
  std::optional<std::string> group, made;
  if (journal.identity) group = to_hex(journal.identity->group.value), made = journal.identity->made;
  json.begin_object()
      .member("path", journal.path)
      .member("verified", journal.is_whole())
      .member("in_use_by", user)
      .member("group", group)
      .member("made", made)
      .name("mark");
  if (journal.mark)
    add(json, *journal.mark);
  else
    json.value(nullptr);
  json.name("segments").begin_array();
  for (const InspectedSegment& segment : journal.segments) add(json, segment);
  json.end_array();
  add(json, journal.verdict);
  json.end_object();
  return text;
}

// The first thing that is wrong with it, and what helps.
std::string complaint(const JournalInspection& journal) {
  if (!journal.verdict.refusal.empty()) return refusal_of(journal);
  for (const InspectedSegment& segment : journal.segments)
    if (!segment.fault.empty())
      return journal.path + '/' + segment.name + ": " + segment.fault +
             "; a start serves around it. See to that disk, and keep a copy of the journal (docs/journal.md)";
  return {};
}

}  // namespace

ExitCode run_journal_check(const JournalCheckOptions& options) {
  const std::string path = journal_directory_of(options.path);
  const auto user = lock_holder(path + '/' + identity_file);
  const auto journal = [&path] {
    ProgressBar bar("checking");
    return inspect_journal(path, [&bar](std::uint64_t done, std::uint64_t all) { bar.show(done, all); });
  }();
  if (!journal) return fail(ExitCode::failed, journal.error());
  if (options.json)
    std::printf("%s\n", as_json(*journal, user).c_str());
  else
    std::fputs(journal_table(*journal, user, wants_colour(stdout)).c_str(), stdout);
  return journal->is_whole() ? ExitCode::done : fail(ExitCode::unverified, complaint(*journal));
}

}  // namespace tally::cli
