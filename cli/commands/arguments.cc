// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"
#include "cli/commands/administration.h"
#include "cli/commands/configuration.h"
#include "cli/commands/counters.h"
#include "cli/commands/restart.h"
#include "cli/commands/status.h"
#include "cli/commands/tables.h"
#include "cli/commands/wait.h"

namespace tally::cli {
namespace {

Subcommand<CounterOptions> add_counter_command(CLI::App& root, Chosen& chosen, const char* name, const char* meaning,
                                               const char* example, OperationKind kind) {
  auto command = add_command<CounterOptions>(root, chosen, name, meaning, example, run_counter);
  command.options->operation.kind = kind;
  add_text(command.app, "NAME", command.options->operation.name, "the counter", "")->required();
  add_group(command.app, command.options->group);
  add_json(command.app, command.options->json);
  return command;
}

Subcommand<AdministrationOptions> add_administration(CLI::App& family, Chosen& chosen, const char* name,
                                                     const char* meaning, const char* example, AdminAction action) {
  auto command = add_command<AdministrationOptions>(family, chosen, name, meaning, example, run_administration);
  command.options->command.action = action;
  add_group(command.app, command.options->group);
  add_json(command.app, command.options->json);
  return command;
}

void add_expiry(const Subcommand<CounterOptions>& command, const char* name, const char* meaning) {
  add_time_span(command.app, name, meaning, [options = command.options](std::int64_t milliseconds) {
    options->operation.expiry = {ExpiryKind::after, milliseconds};
  });
}

void add_replica_id(const Subcommand<AdministrationOptions>& command) {
  add_number(command.app, "ID", {1, most}, "the replica, from 1", [options = command.options](std::int64_t id) {
    options->command.replica = ReplicaId(static_cast<std::uint64_t>(id));
  })->required();
}

// A replica's number, or a role that there is one of.
void add_fault_target(const Subcommand<AdministrationOptions>& command, const char* meaning) {
  command.app
      .add_option_function<std::string>(
          "WHOM",
          [options = command.options](const std::string& word) {
            AdminCommand& asked = options->command;
            asked.target = word == to_string(AdminTarget::distributor)  ? AdminTarget::distributor
                           : word == to_string(AdminTarget::comparator) ? AdminTarget::comparator
                                                                        : AdminTarget::replica;
            if (asked.target == AdminTarget::replica)
              asked.replica = ReplicaId(static_cast<std::uint64_t>(parse_number("WHOM", word, {1, most})));
          },
          meaning)
      ->type_name("")
      ->required();
}

}  // namespace

void add_counters(CLI::App& root, Chosen& chosen) {
  const auto incr = add_counter_command(root, chosen, "incr", "count, and print the new value",
                                        "tally incr home --by 5", OperationKind::add);
  incr.options->operation.value = 1;
  add_number(incr.app, "--by", {}, "how much, 1 if not given; may be negative",
             [options = incr.options](std::int64_t by) { options->operation.value = by; });
  add_expiry(incr, "--window",
             "within a window of so long (500ms, 60s, 5m, 1h, 30d): it starts if there was none,\n"
             "and when it ends, the counter is gone");
  add_text(incr.app, "--key", incr.options->operation.idempotency_key,
           "idempotency key: repeated with the same key, it counts once", "KEY");
  add_counter_command(root, chosen, "get", "print a counter's value", "tally get home", OperationKind::get);
  const auto set = add_counter_command(root, chosen, "set", "set a counter, e.g. to import an old count",
                                       "tally set home 1000", OperationKind::set);
  add_number(set.app, "VALUE", {}, "the new value", [options = set.options](std::int64_t value) {
    options->operation.value = value;
  })->required();
  add_expiry(set, "--expires", "after so long the counter is gone (500ms, 60s, 5m, 1h, 30d); it lasts, if not given");
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
  status.app.add_flag("--watch", status.options->watch,
                      "a full-screen view until q; off a terminal the status again each second");
  add_group(status.app, status.options->group);
  add_json(status.app, status.options->json);
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

void add_fault(CLI::App& root, Chosen& chosen) {
  CLI::App& family = add_family(root, "fault", "break something on purpose; only where --fault-injection is on",
                                "tally fault inject 2 wrong-value");
  const auto inject = add_administration(family, chosen, "inject", "let a replica misbehave, or a role crash or hang",
                                         "tally fault inject 2 slow --for 10 --probability 0.5", AdminAction::fault);
  add_fault_target(inject, "the replica, from 1; or distributor or comparator, which can only crash and hang");
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
      ->check(finite_from(0.001, 1e6));
  inject.app.add_option("--probability", inject.options->command.fault.probability, "of each occasion, 1 if not given")
      ->type_name("P")
      ->check(finite_from(0.0, 1.0));
  add_fault_target(add_administration(family, chosen, "clear", "let a replica behave again", "tally fault clear 2",
                                      AdminAction::fault),
                   "the replica, from 1; or distributor or comparator, where it changes nothing");
}

void add_configuration(CLI::App& root, Chosen& chosen) {
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

}  // namespace tally::cli
