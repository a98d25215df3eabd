// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/journal.h"

#include <boost/json.hpp>
#include <cstdio>
#include <optional>

#include "cli/disk/journal_table.h"
#include "cli/disk/lock_holder.h"
#include "cli/progress_bar.h"
#include "cli/report.h"
#include "journal/inspection.h"

namespace tally::cli {
namespace {

namespace json = boost::json;

json::value or_null(const std::string& sentence) {
  return sentence.empty() ? json::value(nullptr) : json::value(sentence);
}

json::object as_json(const InspectedSegment& segment) {
  const std::string state = !segment.fault.empty() ? "damaged" : segment.counts ? "whole" : "void";
  return {{"name", segment.name},
          {"state", state},
          {"term", segment.term.value},
          {"first", segment.first.value},
          {"last", segment.last.value},
          {"orders", segment.orders},
          {"views", segment.views},
          {"agreed", segment.agreed},
          {"first_record", segment.first_number},
          {"last_record", segment.last_number},
          {"bytes", segment.bytes},
          {"capacity", segment.capacity},
          {"fault", or_null(segment.fault)},
          {"note", or_null(segment.note)}};
}

std::string as_json(const JournalInspection& journal, std::optional<std::uint64_t> user) {
  json::array segments;
  for (const InspectedSegment& segment : journal.segments) segments.push_back(as_json(segment));
  json::object value = {{"path", journal.path}, {"verified", journal.is_whole()}};
  value["in_use_by"] = user ? json::value(*user) : json::value(nullptr);
  value["group"] = journal.identity ? json::value(to_hex(journal.identity->group)) : json::value(nullptr);
  value["made"] = journal.identity ? json::value(journal.identity->made) : json::value(nullptr);
  value["mark"] = nullptr;
  if (const auto& mark = journal.mark)
    value["mark"] = {{"term", mark->term.value},
                     {"first", mark->first.value},
                     {"sequence", mark->sequence.value},
                     {"chain", to_hex(mark->chain)}};
  value["segments"] = std::move(segments);
  value["refusal"] = or_null(journal.verdict.refusal);
  value["opens"] = nullptr;
  if (journal.verdict.refusal.empty())
    value["opens"] = {{"first", journal.verdict.first.value},
                      {"next", journal.verdict.next.value},
                      {"term", journal.verdict.term.value},
                      {"replicas", journal.verdict.replicas}};
  return json::serialize(value);
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
