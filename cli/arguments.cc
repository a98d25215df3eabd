// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>

#include "cli/bench/bench.h"
#include "cli/commands/administration.h"
#include "cli/commands/configuration.h"
#include "cli/commands/counters.h"
#include "cli/commands/restart.h"
#include "cli/commands/status.h"
#include "cli/commands/tables.h"
#include "cli/commands/wait.h"
#include "cli/disk/aside.h"
#include "cli/disk/audit.h"
#include "cli/disk/journal.h"
#include "cli/disk/loss.h"
#include "cli/disk/new_group.h"
#include "cli/report.h"
#include "cli/up/up.h"
#include "protocol/limits.h"

namespace tally::cli {
namespace {

// Where the chosen subcommand leaves what is to run.
using Chosen = Command;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

struct Range {
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  std::int64_t to = most;
};

// Whole decimal numbers, of which CLI11 itself would cut those that are too large, and read 010 as eight.
std::int64_t parse_number(const char* option, const std::string& text, Range range) {
  const auto refuse = [&](const std::string& why) { throw CLI::ValidationError(option, text + ' ' + why); };
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) refuse("does not fit into 64 bits");
  if (error != std::errc() || end != text.data() + text.size()) refuse("is not a whole number");
  if (number < range.from || number > range.to)
    refuse("is not from " + std::to_string(range.from) +
           (range.to == most ? " up" : " to " + std::to_string(range.to)));
  return number;
}

template <class Assign>
CLI::Option* add_number(CLI::App& app, const char* name, Range range, const char* meaning, Assign assign) {
  return app
      .add_option_function<std::string>(
          name, [name, range, assign](const std::string& text) { assign(parse_number(name, text, range)); }, meaning)
      ->type_name("N");
}

CLI::Option* add_text(CLI::App& app, const char* name, std::string& target, const char* meaning, const char* type) {
  return app.add_option(name, target, meaning)->type_name(type);
}

void add_json(CLI::App& app, bool& json) { app.add_flag("--json", json, "JSON on stdout, one value"); }

void add_group(CLI::App& app, GroupOptions& group) {
  add_text(app, "--connect", group.connect, "a data directory, or DISTRIBUTOR_ENDPOINT,COMPARATOR_ENDPOINT", "WHERE")
      ->group("Which group");
  add_text(app, "--data", group.data, "its data directory (TALLY_DATA; else ./tally-data)", "DIR")
      ->group("Which group");
  add_text(app, "--config", group.config, "its configuration file (TALLY_CONFIG)", "FILE")->group("Which group");
}

// A subcommand with its options, kept alive by the function that runs it.
template <class Options>
struct Subcommand {
  CLI::App& app;
  std::shared_ptr<Options> options;
};

template <class Options>
Subcommand<Options> add_command(CLI::App& parent, Chosen& chosen, const char* name, const char* meaning,
                                const char* example, ExitCode (*run)(const Options&)) {
  CLI::App* app = parent.add_subcommand(name, meaning);
  app->footer(std::string("Example:\n  ") + example);
  auto options = std::make_shared<Options>();
  app->final_callback([&chosen, options, run] { chosen = [options, run] { return run(*options); }; });
  return {*app, options};
}

CLI::App& add_family(CLI::App& parent, const char* name, const char* meaning, const char* example) {
  CLI::App* app = parent.add_subcommand(name, meaning);
  app->require_subcommand(1);
  app->footer(std::string("Example:\n  ") + example);
  return *app;
}

void add_up(CLI::App& root, Chosen& chosen) {
  auto [app, options] = add_command<UpOptions>(root, chosen, "up", "start a whole group on this machine, until Ctrl-C",
                                               "tally up --data /var/lib/tally --http 8080", run_up);
  const auto add_flag_for = [&app = app, options = options](const char* name, const char* key, const char* type,
                                                            const char* meaning) {
    app.add_option_function<std::string>(
           name, [options, key](const std::string& text) { options->flags[key] = text; }, meaning)
        ->type_name(type);
  };
  add_text(app, "--config", options->config, "configuration file (TALLY_CONFIG)", "FILE");
  add_flag_for("--data", "data", "DIR", "data directory, ./tally-data if not given");
  add_flag_for("--http", "http_port", "PORT", "of the first bridge, 8080 if not given; 0: any free one");
  add_flag_for("--replicas", "replicas", "N", "3, 5 or 7 (1 masks nothing)");
  add_flag_for("--bridges", "bridges", "N", "HTTP gateways; the ports follow the first one's");
  add_flag_for("--durability", "durability", "fsync|os", "an answer leaves when its order is on disk, or the kernel's");
  app.add_flag_callback(
      "--fault-injection", [options = options] { options->flags["fault_injection"] = "true"; },
      "accept `tally fault`; for demonstrations and tests");
  add_text(app, "--ready-file", options->ready_file, "gets the first bridge's URL once increments are answered",
           "FILE");
}

void add_restart_and_wait(CLI::App& root, Chosen& chosen) {
  const auto restart = add_command<RestartOptions>(
      root, chosen, "restart", "restart daemons of `tally up` one by one, each when the group is ok",
      "tally restart --all    or    tally restart replica-2", run_restart);
  restart.app.add_option("ROLE", restart.options->role, "distributor, comparator, replica-1, bridge, bridge-2 …");
  restart.app.add_flag("--all", restart.options->all, "replicas, comparator, distributor, bridges");
  add_number(restart.app, "--timeout", {1, 86'400}, "seconds for each step, 60 if not given",
             [options = restart.options](std::int64_t number) { options->timeout_seconds = number; });
  add_group(restart.app, restart.options->group);

  const auto wait = add_command<WaitOptions>(root, chosen, "wait", "return when the group is in a state",
                                             "tally wait --state ok --timeout 30", run_wait);
  wait.app.add_option("--state", wait.options->state, "ok (every replica has been heard of since), degraded …")
      ->required()
      ->check(CLI::IsMember({"ok", "degraded", "unavailable", "halted"}));
  add_number(wait.app, "--timeout", {1, 86'400}, "seconds, 60 if not given",
             [options = wait.options](std::int64_t number) { options->timeout_seconds = number; });
  add_group(wait.app, wait.options->group);
}

void add_init(CLI::App& root, Chosen& chosen) {
  const auto init = add_command<InitOptions>(
      root, chosen, "init",
      "make the journal and the audit log of a new group, where its daemons are not started by `tally up`",
      "tally init --data /var/lib/tally", run_init);
  add_group(init.app, init.options->group);
  init.app.add_flag("--audit-only", init.options->audit_only,
                    "the audit log alone: on the comparator's machine, if that is another one");
}

Subcommand<CounterOptions> add_counter_command(CLI::App& root, Chosen& chosen, const char* name, const char* meaning,
                                               const char* example, OperationKind kind) {
  auto command = add_command<CounterOptions>(root, chosen, name, meaning, example, run_counter);
  command.options->operation.kind = kind;
  add_text(command.app, "NAME", command.options->operation.name, "the counter", "")->required();
  add_group(command.app, command.options->group);
  add_json(command.app, command.options->json);
  return command;
}

void add_counters(CLI::App& root, Chosen& chosen) {
  const auto incr = add_counter_command(root, chosen, "incr", "count, and print the new value",
                                        "tally incr home --by 5", OperationKind::add);
  incr.options->operation.value = 1;
  add_number(incr.app, "--by", {}, "how much, 1 if not given; may be negative",
             [options = incr.options](std::int64_t by) { options->operation.value = by; });
  add_text(incr.app, "--key", incr.options->operation.idempotency_key,
           "idempotency key: repeated with the same key, it counts once", "KEY");
  add_counter_command(root, chosen, "get", "print a counter's value", "tally get home", OperationKind::get);
  const auto set = add_counter_command(root, chosen, "set", "set a counter, e.g. to import an old count",
                                       "tally set home 1000", OperationKind::set);
  add_number(set.app, "VALUE", {}, "the new value", [options = set.options](std::int64_t value) {
    options->operation.value = value;
  })->required();
  add_counter_command(root, chosen, "delete", "delete a counter, and print its last value", "tally delete home",
                      OperationKind::remove);

  const auto list = add_command<ListOptions>(root, chosen, "list", "print counters by name, one NAME<TAB>VALUE a line",
                                             "tally list --prefix page/ --limit 1000", run_list);
  add_text(list.app, "--prefix", list.options->prefix, "only names that begin so", "P");
  add_number(list.app, "--limit", {1, most}, "how many at most; all, if not given",
             [options = list.options](std::int64_t limit) { options->limit = limit; });
  add_group(list.app, list.options->group);
  add_json(list.app, list.options->json);
}

void add_status(CLI::App& root, Chosen& chosen) {
  const auto status = add_command<StatusOptions>(root, chosen, "status", "view, replicas, lag and verdicts",
                                                 "tally status --watch", run_status);
  status.app.add_flag("--watch", status.options->watch, "again each second, until Ctrl-C");
  add_group(status.app, status.options->group);
  add_json(status.app, status.options->json);
}

Subcommand<AdministrationOptions> add_administration(CLI::App& family, Chosen& chosen, const char* name,
                                                     const char* meaning, const char* example, AdminAction action) {
  auto command = add_command<AdministrationOptions>(family, chosen, name, meaning, example, run_administration);
  command.options->command.action = action;
  add_group(command.app, command.options->group);
  add_json(command.app, command.options->json);
  return command;
}

void add_replica_id(const Subcommand<AdministrationOptions>& command) {
  add_number(command.app, "ID", {1, most}, "the replica, from 1", [options = command.options](std::int64_t id) {
    options->command.replica = ReplicaId(static_cast<std::uint64_t>(id));
  })->required();
}

void add_fault(CLI::App& root, Chosen& chosen) {
  CLI::App& family = add_family(root, "fault", "break a replica on purpose; only where --fault-injection is on",
                                "tally fault inject 2 wrong-value");
  const auto inject = add_administration(family, chosen, "inject", "let a replica misbehave",
                                         "tally fault inject 2 slow --for 10 --probability 0.5", AdminAction::fault);
  add_replica_id(inject);
  inject.app
      .add_option_function<std::string>(
          "KIND",
          [options = inject.options](const std::string& word) {
            const auto kind = fault_kind_from(word);
            if (!kind) throw CLI::ValidationError(word, "is not a kind of fault; see --help");
            options->command.fault.kind = *kind;
          },
          "wrong-value, wrong-state, silent, slow, crash, hang, drop-orders, corrupt-checkpoint or disk-full")
      ->type_name("")
      ->required();
  inject.app
      .add_option_function<double>(
          "--for",
          [options = inject.options](const double& duration) {
            options->command.fault.duration = {static_cast<std::int64_t>(duration * 1e9)};
          },
          "how long, until cleared if not given")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 1e6));
  inject.app.add_option("--probability", inject.options->command.fault.probability, "of each occasion, 1 if not given")
      ->type_name("P")
      ->check(CLI::Range(0.0, 1.0));
  add_replica_id(add_administration(family, chosen, "clear", "let a replica behave again", "tally fault clear 2",
                                    AdminAction::fault));
}

void add_operators(CLI::App& root, Chosen& chosen) {
  CLI::App& replica = add_family(root, "replica", "evict or readmit a replica by hand", "tally replica evict 2");
  add_replica_id(add_administration(replica, chosen, "evict", "put a replica out of the vote", "tally replica evict 2",
                                    AdminAction::evict));
  add_replica_id(add_administration(replica, chosen, "readmit", "let a replica recover and come back by probation",
                                    "tally replica readmit 2", AdminAction::readmit));
  CLI::App& group = add_family(root, "group", "the group as a whole", "tally group resume");
  const auto resume = add_administration(group, chosen, "resume", "go on after a halt",
                                         "tally group resume --void 4711", AdminAction::resume);
  add_number(resume.app, "--void", {1, most}, "the order that is to execute as refused, because it kills every replica",
             [options = resume.options](std::int64_t sequence) {
               options->command.void_sequence = Sequence(static_cast<std::uint64_t>(sequence));
             });
}

void add_tables(CLI::App& root, Chosen& chosen) {
  CLI::App& session = add_family(root, "session", "clients' sessions", "tally session list");
  const auto list = add_command<SessionListOptions>(session, chosen, "list", "print sessions, one a line",
                                                    "tally session list --limit 1000", run_session_list);
  add_number(list.app, "--limit", {1, most}, "how many at most; all, if not given",
             [options = list.options](std::int64_t limit) { options->limit = limit; });
  add_group(list.app, list.options->group);
  add_json(list.app, list.options->json);
  const auto close = add_command<SessionCloseOptions>(
      session, chosen, "close", "close one: its client opens another, and does not learn what is not answered",
      "tally session close 0123456789abcdef0123456789abcdef", run_session_close);
  add_text(close.app, "SESSION", close.options->session, "as `tally session list` prints it", "")->required();
  add_group(close.app, close.options->group);
  add_json(close.app, close.options->json);

  CLI::App* limits = root.add_subcommand("limits", "print how full the tables are");
  limits->footer("Examples:\n  tally limits\n  tally limits set bridges.idempotency_keys 6000000");
  auto options = std::make_shared<LimitsOptions>();
  add_group(*limits, options->group);
  add_json(*limits, options->json);
  limits->final_callback([&chosen, options, limits] {
    if (limits->get_subcommands().empty()) chosen = [options] { return run_limits(*options); };
  });
  const auto set = add_command<LimitsSetOptions>(*limits, chosen, "set", "change a limit, on all replicas at once",
                                                 "tally limits set bridges.idempotency_keys 6000000", run_limits_set);
  add_text(set.app, "NAME", set.options->name, "as `tally limits` prints it", "")->required();
  add_number(set.app, "VALUE", {0, most}, "from now on", [options = set.options](std::int64_t value) {
    options->value = value;
  })->required();
  add_group(set.app, set.options->group);
  add_json(set.app, set.options->json);
}

void add_loss(CLI::App& family, Chosen& chosen, const char* name, const char* meaning, const char* example,
              ExitCode (*run)(const LossOptions&)) {
  const auto command = add_command<LossOptions>(family, chosen, name, meaning, example, run);
  add_group(command.app, command.options->group);
  command.app.add_flag("--yes", command.options->yes, "do it without a question");
}

void add_files(CLI::App& root, Chosen& chosen) {
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

  CLI::App& config = add_family(root, "config", "the configuration", "tally config show");
  const auto check = add_command<ConfigCheckOptions>(config, chosen, "check", "find errors in a configuration file",
                                                     "tally config check group.toml", run_config_check);
  add_text(check.app, "FILE", check.options->file, "the file", "")->required();
  add_json(check.app, check.options->json);
  const auto show = add_command<ConfigShowOptions>(config, chosen, "show", "print every value and where it came from",
                                                   "tally config show --config group.toml", run_config_show);
  add_group(show.app, show.options->group);
  add_json(show.app, show.options->json);
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

void add_bench(CLI::App& root, Chosen& chosen) {
  const auto [app, options] =
      add_command<BenchOptions>(root, chosen, "bench", "closed-loop load, and a check of every answer",
                                "tally bench --clients 64 --pipeline 16 --seconds 10", run_bench);
  const auto into = [options = options](std::int64_t BenchOptions::*member) {
    return [options, member](std::int64_t number) { options.get()->*member = number; };
  };
  constexpr std::int64_t most_clients = 100'000;
  constexpr std::int64_t most_counters = 10'000'000;
  add_number(app, "--clients", {1, most_clients}, "independent users that share one connection, 64 if not given",
             into(&BenchOptions::clients));
  add_number(app, "--pipeline", {1, limits::request_operations}, "increments outstanding for each, 1 if not given",
             into(&BenchOptions::pipeline));
  add_number(app, "--counters", {1, most_counters}, "counters to count on, 1000 if not given",
             into(&BenchOptions::counters));
  app.add_option("--seconds", options->seconds, "how long, 10 if not given")
      ->type_name("S")
      ->check(CLI::Range(0.01, 86'400.0));
  app.add_flag("--fill", options->fill, "count once on every counter before the measured time");
  add_text(app, "--timeline", options->timeline, "throughput and latency over time, as CSV", "FILE");
  add_number(app, "--slice", {1, 3'600'000}, "milliseconds to a line of the timeline, 50 if not given",
             into(&BenchOptions::slice_ms));
  add_group(app, options->group);
  add_json(app, options->json);
}

}  // namespace

tl::expected<Command, ExitCode> parse_arguments(int argc, char** argv) {
  CLI::App app{"Counts things, so that the count is never wrong, even while a replica crashes, hangs or lies.",
               "tally"};
  app.set_version_flag("--version", "tally " TALLY_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Each command has its own --help. Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 no majority or\n"
      "unavailable, 4 unreachable or timed out (outcome unknown), 5 a verification failed.\n"
      "Example:\n  tally up    and, in another terminal,    tally incr home");
  Chosen chosen;
  add_up(app, chosen);
  add_init(app, chosen);
  add_counters(app, chosen);
  add_status(app, chosen);
  add_restart_and_wait(app, chosen);
  add_operators(app, chosen);
  add_tables(app, chosen);
  add_fault(app, chosen);
  add_bench(app, chosen);
  add_files(app, chosen);
  add_journal(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return tl::unexpected(ExitCode{app.exit(error)});
    const bool no_such_command = app.get_subcommands().empty() && !app.remaining().empty();
    const std::string what = no_such_command ? "there is no command " + app.remaining().front() : error.what();
    return tl::unexpected(fail(ExitCode::usage, what + "; see `tally --help` and `tally COMMAND --help`"));
  }
  return chosen;
}

}  // namespace tally::cli
