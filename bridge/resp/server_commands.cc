// SPDX-License-Identifier: Apache-2.0
// Commands that ask after the server.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bridge/resp/glob.h"
#include "bridge/resp/handlers.h"
#include "bridge/resp/replies.h"
#include "bridge/resp/words.h"

namespace tally::bridge::resp {
namespace {

using Part = Question::Part;

std::string text(std::uint64_t number) { return std::to_string(number); }

// ---- INFO

struct Section {
  std::string_view name;  // "server"; its headline has a capital
  std::string (*body)(Session& session);
};

std::string line(std::string_view key, std::string_view value) {
  return std::string(key) + ':' + std::string(value) + "\r\n";
}

std::string server_section(Session& session) {
  const Rules& rules = session.host().rules();
  const Figures figures = session.host().figures();
  return line("redis_version", "7.0.15") + line("redis_mode", "standalone") + line("tally_version", rules.version) +
         line("tally_replicas", text(rules.replicas)) + line("arch_bits", "64") +
         line("tcp_port", std::to_string(rules.port)) + line("uptime_in_seconds", text(figures.uptime_seconds)) +
         line("uptime_in_days", text(figures.uptime_seconds / 86'400));
}

std::string clients_section(Session& session) {
  return line("connected_clients", text(session.host().figures().connections)) + line("blocked_clients", "0");
}

std::string memory_section(Session& session) {
  return line("used_memory_rss", text(session.host().figures().resident_bytes)) + line("maxmemory", "0") +
         line("maxmemory_policy", "noeviction");
}

std::string persistence_section(Session& /*session*/) {
  return line("loading", "0") + line("async_loading", "0") + line("aof_enabled", "1");
}

std::string stats_section(Session& session) {
  const Figures figures = session.host().figures();
  return line("total_connections_received", text(figures.connections_accepted)) +
         line("total_commands_processed", text(figures.commands)) +
         line("rejected_connections", text(figures.connections_refused)) + line("evicted_keys", "0");
}

std::string replication_section(Session& /*session*/) { return line("role", "master") + line("connected_slaves", "0"); }

std::string cluster_section(Session& /*session*/) { return line("cluster_enabled", "0"); }

constexpr Section sections[] = {{"server", server_section},  {"clients", clients_section},
                                {"memory", memory_section},  {"persistence", persistence_section},
                                {"stats", stats_section},    {"replication", replication_section},
                                {"cluster", cluster_section}};
constexpr std::string_view keyspace = "keyspace";

std::string headline(std::string_view name) {
  std::string title(name);
  title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return "# " + title + "\r\n";
}

bool is_wanted(std::string_view section, Arguments wanted) {
  const auto matches = [&](std::string_view word) {
    return is_word(word, section) || is_word(word, "all") || is_word(word, "everything") || is_word(word, "default");
  };
  return wanted.empty() || std::ranges::any_of(wanted, matches);
}

// The two numbers are of all counters and of those that expire. Where the group did not say them,
// the section is left out, so that a client that wants to know whether the server is there gets its
// answer.
void information_reply(const Part& part, std::span<const Answer> answers, ReplyWriter& writer) {
  std::string information = part.text;
  const bool is_known = std::ranges::all_of(answers, [](const Answer& answer) { return static_cast<bool>(answer); });
  if (is_known) {
    if (!information.empty()) information += "\r\n";
    information += headline(keyspace);
    const std::int64_t counters = answers[0].result.value;
    if (counters > 0)
      information += "db0:keys=" + std::to_string(counters) + ",expires=" + std::to_string(answers[1].result.value) +
                     ",avg_ttl=0\r\n";
  }
  writer.verbatim_string(information);
}

// ---- CONFIG GET

using Setting = std::pair<std::string_view, std::string>;

std::vector<Setting> settings(Session& session) {
  return {{"appendfsync", "always"},
          {"appendonly", "yes"},
          {"databases", "1"},
          {"lua-time-limit", "5000"},
          {"maxclients", std::to_string(session.host().rules().most_connections)},
          {"maxmemory", "0"},
          {"maxmemory-policy", "noeviction"},
          {"port", std::to_string(session.host().rules().port)},
          {"replica-read-only", "yes"},
          {"save", ""},
          {"slave-read-only", "yes"},
          {"timeout", "0"}};
}

// ---- COMMAND

constexpr std::string_view too_many_names = "ERR more names than there are commands";

bool is_subcommand(const Command& command) { return command.name.find('|') != command.name.npos; }

std::vector<const Command*> subcommands_of(const Command& container) {
  std::vector<const Command*> found;
  const std::string prefix = std::string(container.name) + '|';
  for (const Command& command : all_commands())
    if (command.name.starts_with(prefix)) found.push_back(&command);
  return found;
}

// As Redis 7.0 describes a command: name, arity, flags, first, last, step, categories, tips, key
// specifications, subcommands.
void describe(const Command& command, ReplyWriter& writer) {
  writer.array(10);
  writer.bulk_string(command.name);
  writer.integer(command.arity);
  const bool writes = command.right == Right::write || command.right == Right::add || command.right == Right::admin;
  const bool reads = command.right == Right::read;
  writer.set(writes || reads ? 1 : 0);
  if (writes || reads) writer.simple_string(writes ? "write" : "readonly");
  writer.integer(command.first_name);
  writer.integer(command.last_name);
  writer.integer(command.step);
  writer.set(0);
  writer.array(0);
  writer.array(0);
  const std::vector<const Command*> subcommands = subcommands_of(command);
  writer.array(subcommands.size());
  for (const Command* subcommand : subcommands) describe(*subcommand, writer);
}

std::vector<const Command*> top_commands() {
  std::vector<const Command*> found;
  for (const Command& command : all_commands())
    if (!is_subcommand(command)) found.push_back(&command);
  return found;
}

std::vector<const Command*> commands_named(Arguments names) {
  std::vector<const Command*> found;
  for (const std::string_view name : names) {
    const std::size_t bar = name.find('|');
    const Command* command = find_command(name.substr(0, bar));
    if (command && bar != name.npos) command = find_subcommand(*command, name.substr(bar + 1));
    found.push_back(command);
  }
  return found;
}

}  // namespace

void information(Session& session, Arguments arguments) {
  const Arguments wanted = arguments.subspan(1);
  std::string information;
  for (const Section& section : sections) {
    if (!is_wanted(section.name, wanted)) continue;
    if (!information.empty()) information += "\r\n";
    information += headline(section.name) + section.body(session);
  }
  const bool may_know = session.authentication().may(Right::read);
  if (!may_know || !is_wanted(keyspace, wanted)) return session.reply().verbatim_string(information);
  session.question().add(OperationKind::count, {});
  session.question().add(OperationKind::count, {}).conditions = condition::with_expiry;
  Part& part = session.ask(information_reply);
  session.question().keep(part, std::move(information));
  part.tolerates_failure = true;
}

void configuration(Session& session, Arguments arguments) {
  std::vector<Setting> left = settings(session);
  std::vector<bool> is_wanted(left.size());
  for (const std::string_view text : arguments.subspan(2)) {
    const Glob pattern(text, Letters::any_case);
    for (std::size_t place = 0; place < left.size(); ++place)
      is_wanted[place] = is_wanted[place] || pattern.matches(left[place].first);
  }
  std::vector<Setting> found;
  for (std::size_t place = 0; place < left.size(); ++place)
    if (is_wanted[place]) found.push_back(std::move(left[place]));
  ReplyWriter writer = session.reply();
  writer.map(found.size());
  for (const auto& [key, value] : found) {
    writer.bulk_string(key);
    writer.bulk_string(value);
  }
}

void time_of_day(Session& session, Arguments /*arguments*/) {
  const std::int64_t milliseconds = session.host().calendar().unix_milliseconds;
  ReplyWriter writer = session.reply();
  writer.array(2);
  writer.bulk_integer(milliseconds / 1000);
  writer.bulk_integer(milliseconds % 1000 * 1000);
}

// An empty request is decided by f+1 replicas, in an order behind the client's last change, so each
// of those that agreed on it holds that change.
void wait(Session& session, Arguments arguments) {
  const auto replicas = integer_of(session, arguments[1]);
  if (!replicas) return;
  const auto timeout = parse_integer(arguments[2]);
  if (!timeout) return session.error("ERR timeout is not an integer or out of range");
  if (*timeout < 0) return session.error("ERR timeout is negative");
  session.question().add(OperationKind::count, {});
  session.ask([](const Part& /*part*/, std::span<const Answer> answers, ReplyWriter& writer) {
    writer.integer(answers[0].votes);
  });
}

// There are none.
void flush_functions(Session& session, Arguments arguments) {
  if (!are_flush_options(arguments.subspan(2)))
    return session.error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  session.ok();
}

void no_cluster(Session& session, Arguments /*arguments*/) {
  session.error("ERR This instance has cluster support disabled");
}

void command_table(Session& session, Arguments /*arguments*/) {
  ReplyWriter writer = session.reply();
  const std::vector<const Command*> commands = top_commands();
  writer.array(commands.size());
  for (const Command* command : commands) describe(*command, writer);
}

void command_count(Session& session, Arguments /*arguments*/) {
  session.reply().integer(static_cast<std::int64_t>(top_commands().size()));
}

void command_list(Session& session, Arguments arguments) {
  if (arguments.size() > 2) return syntax_error(session);
  ReplyWriter writer = session.reply();
  const std::vector<const Command*> commands = top_commands();
  writer.array(commands.size());
  for (const Command* command : commands) writer.bulk_string(command->name);
}

void command_information(Session& session, Arguments arguments) {
  const Arguments names = arguments.subspan(2);
  if (names.empty()) return command_table(session, arguments);
  if (names.size() > all_commands().size()) return session.error(too_many_names);
  ReplyWriter writer = session.reply();
  writer.array(names.size());
  for (const Command* command : commands_named(names)) {
    if (command)
      describe(*command, writer);
    else
      writer.null();
  }
}

void command_documents(Session& session, Arguments arguments) {
  const Arguments names = arguments.subspan(2);
  if (names.size() > all_commands().size()) return session.error(too_many_names);
  std::vector<const Command*> commands = names.empty() ? top_commands() : commands_named(names);
  std::erase(commands, nullptr);
  ReplyWriter writer = session.reply();
  writer.map(commands.size());
  for (const Command* command : commands) {
    writer.bulk_string(command->name);
    writer.map(1);
    writer.bulk_string("summary");
    writer.bulk_string(command->summary);
  }
}

void command_names_of_counters(Session& session, Arguments arguments) {
  const Arguments call = arguments.subspan(2);
  const Command* command = find_command(call[0]);
  if (command && is_container(*command) && call.size() > 1) command = find_subcommand(*command, call[1]);
  if (!command) return session.error("ERR Invalid command specified");
  const bool counts_names = command->name == "eval" || command->name == "evalsha";
  if (command->first_name == 0 && !counts_names) return session.error("ERR The command has no key arguments");
  const auto count = static_cast<std::int32_t>(call.size());
  if (command->arity >= 0 ? count != command->arity : count < -command->arity)
    return session.error("ERR Invalid number of arguments specified for command");
  std::vector<std::string_view> names;
  if (counts_names) {
    constexpr std::size_t first = 3;
    const auto keys = parse_integer(call[first - 1]);
    const bool is_possible = keys && *keys >= 0 && static_cast<std::uint64_t>(*keys) <= call.size() - first;
    if (is_possible) names.assign(call.begin() + first, call.begin() + first + *keys);
  } else {
    const std::int32_t last = command->last_name < 0 ? count + command->last_name : command->last_name;
    for (std::int32_t place = command->first_name; place <= last; place += command->step)
      names.push_back(call[static_cast<std::size_t>(place)]);
  }
  ReplyWriter writer = session.reply();
  writer.array(names.size());
  for (const std::string_view name : names) writer.bulk_string(name);
}

}  // namespace tally::bridge::resp
