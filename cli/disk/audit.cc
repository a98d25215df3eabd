// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/audit.h"

#include <algorithm>
#include <cinttypes>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "cli/report.h"
#include "comparator/audit_chain.h"
#include "journal/opening.h"
#include "runtime/json_text.h"

namespace tally::cli {
namespace {

namespace fs = std::filesystem;

// What is to be verified, and what it must contain.
struct Question {
  std::string file;
  std::optional<AuditHead> expected;
  std::string source;   // of `expected`; empty: nothing is known
  std::string unknown;  // why the journal does not say; empty: it does, or was not asked
};

tl::expected<Question, Failure> question_of(const AuditOptions& options) {
  Question question;
  question.file = options.file;
  if (!options.head.empty()) {
    question.expected = audit_head_from(options.head);
    question.source = "--head";
    if (!question.expected) return tl::unexpected(Failure{ExitCode::usage, "--head must be NUMBER:HASH"});
  }
  if (!options.file.empty()) return question;
  const auto config = effective_config(options.group);
  if (!config) return tl::unexpected(config.error());
  question.file = config->audit_directory() + "/audit.jsonl";
  if (question.expected) return question;
  const auto head = journaled_audit_head(config->journal_directory());
  if (!head) {
    question.unknown = head.error();
  } else if (*head && (*head)->number > 0) {
    question.expected = *head;
    question.source = "the journal";
  } else {
    question.unknown = "the journal names no record of it yet";
  }
  return question;
}

// The parts of it that the comparator has found broken and put aside.
std::vector<std::string> broken_parts(const std::string& file) {
  std::vector<std::string> parts;
  std::error_code none;
  const fs::path path = file;
  const fs::path directory = path.has_parent_path() ? path.parent_path() : ".";
  for (const auto& entry : fs::directory_iterator(directory, none))
    if (entry.path().filename().string().starts_with(path.filename().string() + ".broken-"))
      parts.push_back(entry.path().string());
  std::ranges::sort(parts);
  return parts;
}

// What the JSON says whatever was found; the object is not ended.
void begin(JsonText& json, const Question& question, const std::vector<std::string>& parts) {
  json.begin_object().member("file", question.file).name("expected");
  question.expected ? json.value(to_text(*question.expected)) : json.value(nullptr);
  json.name("broken_parts").begin_array();
  for (const std::string& part : parts) json.value(part);
  json.end_array();
}

void print_json(const Question& question, const std::vector<std::string>& parts, const AuditFile& log) {
  std::string text;
  JsonText json(text);
  begin(json, question, parts);
  json.member("verified", parts.empty() && log.cut.empty())
      .member("records", log.head.number)
      .member("head", to_text(log.head))
      .member("torn_bytes", log.torn_bytes)
      .end_object();
  std::printf("%s\n", text.c_str());
}

ExitCode report_fault(const Question& question, const AuditFault& fault, const std::vector<std::string>& parts,
                      bool is_json) {
  if (fault.line == 0) return fail(ExitCode::failed, question.file + ": " + fault.why);
  if (is_json) {
    std::string text;
    JsonText json(text);
    begin(json, question, parts);
    json.member("verified", false).member("line", fault.line).member("why", fault.why).end_object();
    std::printf("%s\n", text.c_str());
  }
  return fail(ExitCode::unverified, question.file + ':' + std::to_string(fault.line) + ": " + fault.why);
}

void print(const Question& question, const AuditFile& log) {
  const std::string head = to_text(log.head);
  std::printf("%" PRIu64 " records, chain intact\nhead %s\n", log.head.number, head.empty() ? "-" : head.c_str());
  if (question.expected)
    std::printf("it has record %" PRIu64 ", the newest that %s knows of\n", question.expected->number,
                question.source.c_str());
  else
    std::printf(
        "nothing is known of what may have followed%s%s: compare with --data DIR, or with a --head that you "
        "wrote down\n",
        question.unknown.empty() ? "" : ", since ", question.unknown.c_str());
  if (log.torn_bytes > 0)
    std::printf("the last line is not complete (%" PRIu64 " bytes): being written, or torn by a crash\n",
                log.torn_bytes);
}

}  // namespace

tl::expected<std::optional<AuditHead>, std::string> journaled_audit_head(const std::string& path) {
  try {
    const auto directory = open_posix_directory(path);
    const auto identity = read_identity(*directory);
    if (!identity) return tl::unexpected(identity.error());
    const auto mark = read_mark(*directory, identity->group, Access::read);
    if (!mark) return tl::unexpected(mark.error());
    const auto found = find_journal(*directory, (*mark)->get());
    if (!found) return tl::unexpected(found.error());
    return audit_head_from(found->recovered.view.audit_head);
  } catch (const std::system_error& error) {
    return tl::unexpected<std::string>(error.what());
  }
}

ExitCode run_audit_verify(const AuditOptions& options) {
  auto question = question_of(options);
  if (!question) return fail(question.error());
  const auto log = verify_audit_file(question->file, question->expected);
  const bool is_given_up =
      log && question->expected && std::ranges::count(log->given_up, to_text(*question->expected)) > 0;
  if (is_given_up) question->expected.reset();
  const std::vector<std::string> parts = broken_parts(question->file);
  if (!log) return report_fault(*question, log.error(), parts, options.json);
  if (options.json)
    print_json(*question, parts, *log);
  else
    print(*question, *log);
  if (!log->cut.empty())
    return fail(ExitCode::unverified,
                "its end was missing before: " + log->cut + "; `tally audit accept-loss` says that you know");
  if (parts.empty()) return ExitCode::done;
  return fail(ExitCode::unverified, std::to_string(parts.size()) + " earlier part" + (parts.size() > 1 ? "s" : "") +
                                        " of it, " + parts.front() + " first, was found broken and kept");
}

}  // namespace tally::cli
