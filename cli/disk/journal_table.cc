// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/journal_table.h"

#include <string_view>

#include "cli/table.h"
#include "protocol/hex.h"

namespace tally::cli {
namespace {

constexpr std::size_t state_column = 8;

std::string text(std::uint64_t number) { return std::to_string(number); }

std::string range(std::uint64_t first, std::uint64_t last) {
  return last < first ? "-" : text(first) + " to " + text(last);
}

std::string state_of(const InspectedSegment& segment) {
  if (!segment.fault.empty()) return "damaged: " + segment.fault;
  const std::string state = segment.counts ? "whole" : "void";
  return segment.note.empty() ? state : state + ", " + segment.note;
}

Row row_of(const InspectedSegment& segment) {
  const bool is_readable = segment.term.value != 0;
  return {segment.name,
          is_readable ? text(segment.term.value) : "-",
          is_readable ? range(segment.first.value, segment.last.value) : "-",
          text(segment.orders),
          text(segment.views),
          text(segment.agreed),
          is_readable ? range(segment.first_number, segment.last_number) : "-",
          text(segment.bytes) + " of " + text(segment.capacity),
          state_of(segment)};
}

std::string paint(const std::string& state, const std::string& padded) {
  const std::string_view view = state;
  const char* colour = view.starts_with("whole") ? green : view.starts_with("damaged") ? red : yellow;
  return colour + padded + plain;
}

std::string mark_line(const JournalInspection& journal) {
  if (!journal.mark) return "mark     stable.mark says nothing\n";
  const StablePlace& mark = *journal.mark;
  const std::string stable =
      mark.sequence.value == 0 ? "no order is stable yet" : "stable to order " + text(mark.sequence.value);
  return "mark     " + stable + ", term " + text(mark.term.value) + ", nothing was cut from order " +
         text(mark.first.value) + " on\n";
}

std::string verdict_line(const JournalInspection& journal, std::optional<std::uint64_t> user) {
  if (!journal.verdict.refusal.empty()) return "verdict  a start refuses: " + refusal_of(journal) + '\n';
  const std::string when = user ? "once process " + text(*user) + " has stopped, " : "";
  std::string line = "verdict  " + when + "a start goes on with order " + text(journal.verdict.next.value) +
                     ", in term " + text(journal.verdict.term.value);
  if (journal.verdict.replicas != 0) line += ", of a group of " + text(journal.verdict.replicas) + " replicas";
  if (journal.faults() > 0) line += "; it serves around what is damaged: a replica that needs that imports a state";
  return line + '\n';
}

}  // namespace

std::string refusal_of(const JournalInspection& journal) {
  return "the journal in " + journal.path + " cannot be used: " + journal.verdict.refusal;
}

std::string journal_table(const JournalInspection& journal, std::optional<std::uint64_t> user, bool colour) {
  std::string lines = "journal  " + journal.path;
  if (journal.identity)
    lines += ", group " + to_hex(journal.identity->group.value) + ", made " + journal.identity->made;
  lines += '\n' + mark_line(journal);
  if (user) lines += "in use   by process " + text(*user) + ": the newest segment changes meanwhile\n";
  if (!journal.segments.empty()) {
    std::vector<Row> rows = {
        {"segment", "term", "has orders", "orders", "views", "agreed", "records", "bytes written", "state"}};
    for (const InspectedSegment& segment : journal.segments) rows.push_back(row_of(segment));
    bool is_head = true;
    lines += '\n' + table(rows, [&](std::size_t column, const std::string& cell, const std::string& padded) {
               const bool is_painted = colour && column == state_column && !is_head;
               if (column == state_column) is_head = false;
               return is_painted ? paint(cell, padded) : padded;
             });
  }
  return lines + '\n' + verdict_line(journal, user);
}

}  // namespace tally::cli
