// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"
#include "cli/disk/aside.h"
#include "cli/disk/audit.h"
#include "cli/disk/journal.h"
#include "cli/disk/loss.h"
#include "cli/disk/new_group.h"

namespace tally::cli {
namespace {

void add_loss(CLI::App& family, Chosen& chosen, const char* name, const char* meaning, const char* example,
              ExitCode (*run)(const LossOptions&)) {
  const auto command = add_command<LossOptions>(family, chosen, name, meaning, example, run);
  add_group(command.app, command.options->group);
  command.app.add_flag("--yes", command.options->yes, "do it without a question");
}

}  // namespace

void add_init(CLI::App& root, Chosen& chosen) {
  const auto init = add_command<InitOptions>(
      root, chosen, "init",
      "make the journal and the audit log of a new group, where its daemons are not started by `tally up`",
      "tally init --data /var/lib/tally", run_init);
  add_group(init.app, init.options->group);
  init.app.add_flag("--audit-only", init.options->audit_only,
                    "the audit log alone: on the comparator's machine, if that is another one");
}

void add_audit(CLI::App& root, Chosen& chosen) {
  CLI::App& audit = add_family(root, "audit", "the audit log", "tally audit verify");
  const auto verify = add_command<AuditOptions>(audit, chosen, "verify", "verify the hash chain of an audit log",
                                                "tally audit verify tally-data/audit/audit.jsonl", run_audit_verify);
  add_text(verify.app, "FILE", verify.options->file,
           "the log; the group's own if not given, which is also compared with what the journal knows of it", "");
  add_text(verify.app, "--head", verify.options->head, "a head that you wrote down, which it must have", "NUMBER:HASH");
  add_group(verify.app, verify.options->group);
  add_json(verify.app, verify.options->json);
  add_loss(audit, chosen, "accept-loss", "begin a new audit log in place of one that is gone",
           "tally audit accept-loss --data /var/lib/tally", run_audit_accept_loss);
}

void add_aside(CLI::App& root, Chosen& chosen) {
  CLI::App& aside = add_family(root, "aside", "what was put aside because it was damaged or given up",
                               "tally aside list --data /var/lib/tally");
  const auto list = add_command<AsideOptions>(aside, chosen, "list", "print it, one a line, with its size",
                                              "tally aside list --data /var/lib/tally", run_aside_list);
  add_group(list.app, list.options->group);
  add_json(list.app, list.options->json);
  const auto forget = add_command<AsideRemoveOptions>(aside, chosen, "remove", "remove one of it for good",
                                                      "tally aside remove replica-2/a.damaged-1", run_aside_remove);
  add_text(forget.app, "NAME", forget.options->name, "as `tally aside list` prints it", "")->required();
  add_group(forget.app, forget.options->group);
}

void add_journal(CLI::App& root, Chosen& chosen) {
  CLI::App& journal = add_family(root, "journal", "the journal's files, and what to do when some are lost",
                                 "tally journal check /var/lib/tally/journal");
  const auto check = add_command<JournalCheckOptions>(
      journal, chosen, "check",
      "read and verify every record, and say what a start would do: exit 5 if all is not well",
      "tally journal check /var/lib/tally/journal", run_journal_check);
  add_text(check.app, "DIR", check.options->path, "the journal's directory, or the group's data directory", "")
      ->required();
  add_json(check.app, check.options->json);

  const auto dump = add_command<JournalDumpOptions>(
      journal, chosen, "dump", "print its orders, one a line, and between them views and what was agreed",
      "tally journal dump /var/lib/tally/journal --from 4711 --limit 10", run_journal_dump);
  add_text(dump.app, "DIR", dump.options->path, "the journal's directory, or the group's data directory", "")
      ->required();
  add_number(dump.app, "--from", {1, most}, "the first order, the oldest one that is there if not given",
             [options = dump.options](std::int64_t from) { options->from = from; });
  add_number(dump.app, "--limit", {1, most}, "how many orders at most, all if not given",
             [options = dump.options](std::int64_t limit) { options->limit = limit; });

  add_loss(journal, chosen, "rebuild",
           "a new journal in place of a lost one, after the newest checkpoint that f+1 replicas vouch for",
           "tally journal rebuild --data /var/lib/tally", run_journal_rebuild);
  add_loss(journal, chosen, "accept-loss",
           "go on with the journal that is there, though it is an older copy or damaged, as far as it can be read",
           "tally journal accept-loss --data /var/lib/tally", run_journal_accept_loss);
}

}  // namespace tally::cli
