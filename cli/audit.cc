// SPDX-License-Identifier: Apache-2.0
#include "cli/audit.h"

#include <cinttypes>

#include "cli/report.h"
#include "comparator/audit_chain.h"

namespace tally::cli {
namespace {

ExitCode report_fault(const std::string& file, const AuditFault& fault, bool json) {
  if (fault.line == 0) return fail(ExitCode::failed, file + ": " + fault.why);
  if (json)
    std::printf("{\"file\":%s,\"verified\":false,\"line\":%" PRIu64 ",\"why\":%s}\n", json_string(file).c_str(),
                fault.line, json_string(fault.why).c_str());
  return fail(ExitCode::unverified, file + ':' + std::to_string(fault.line) + ": " + fault.why);
}

}  // namespace

ExitCode run_audit_verify(const AuditOptions& options) {
  std::string file = options.file;
  if (file.empty()) {
    const auto config = effective_config(options.group);
    if (!config) return fail(config.error());
    file = config->data + "/audit/audit.jsonl";
  }
  const auto log = verify_audit_file(file);
  if (!log) return report_fault(file, log.error(), options.json);
  const std::string head = to_text(log->head);
  if (options.json) {
    std::printf("{\"file\":%s,\"verified\":true,\"records\":%" PRIu64 ",\"head\":%s,\"torn_bytes\":%" PRIu64 "}\n",
                json_string(file).c_str(), log->head.number, json_string(head).c_str(), log->torn_bytes);
    return ExitCode::done;
  }
  std::printf("%" PRIu64 " records, chain intact\nhead %s\n", log->head.number, head.empty() ? "-" : head.c_str());
  if (log->torn_bytes > 0)
    std::printf("the last line is not complete (%" PRIu64 " bytes): being written, or torn by a crash\n",
                log->torn_bytes);
  return ExitCode::done;
}

}  // namespace tally::cli
