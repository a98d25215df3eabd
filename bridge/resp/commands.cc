// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/commands.h"

#include <algorithm>
#include <array>
#include <string>

#include "bridge/resp/handlers.h"

namespace tally::bridge::resp {
namespace {

using enum Right;
using enum Manner;

// In the order of their names, so that they are found quickly, and a container's subcommands stand
// behind it.
constexpr Command rows[] = {
    {"auth", -2, none, greeting, authenticate, "says who the client is"},
    {"client", -2, none, plain, nullptr, "of this connection"},
    {"client|getname", 2, none, plain, client_get_name, "the name of this connection"},
    {"client|id", 2, none, plain, client_id, "the number of this connection"},
    {"client|info", 2, none, plain, client_line, "this connection"},
    {"client|kill", -3, none, plain, client_kill, "ends this connection"},
    {"client|list", -2, none, plain, client_list, "this connection"},
    {"client|no-evict", 3, none, plain, client_on_or_off, "changes nothing: no connection is evicted"},
    {"client|no-touch", 3, none, plain, client_on_or_off, "changes nothing: no counter is evicted"},
    {"client|reply", 3, none, plain, client_reply, "which replies the client wants"},
    {"client|setinfo", 4, none, plain, client_set_info, "the name and version of the client's library"},
    {"client|setname", 3, none, plain, client_set_name, "gives this connection a name"},
    {"cluster", -2, none, plain, no_cluster, "there is no cluster of this kind"},
    {"command", -1, none, plain, command_table, "the commands of this server"},
    {"command|count", 2, none, plain, command_count, "how many commands there are"},
    {"command|docs", -2, none, plain, command_documents, "what commands do"},
    {"command|getkeys", -4, none, plain, command_names_of_counters, "the counters that a command names"},
    {"command|info", -2, none, plain, command_information, "how commands are called"},
    {"command|list", -2, none, plain, command_list, "the names of the commands"},
    {"config", -2, none, plain, nullptr, "of the server"},
    {"config|get", -3, none, plain, configuration, "what clients ask of a server's configuration"},
    {"dbsize", 1, read, plain, count_names, "how many counters there are"},
    {"decr", 2, add, plain, decrement, "counts one down", 1, 1, 1},
    {"decrby", 3, add, plain, decrement_by, "counts down", 1, 1, 1},
    {"del", -2, write, plain, remove, "removes counters", 1, -1, 1},
    {"discard", 1, none, immediate, discard, "gives a transaction up"},
    {"echo", 2, none, plain, echo, "answers what was sent"},
    {"eval", -3, add, plain, evaluate, "runs a known script of a rate limiter"},
    {"evalsha", -3, add, plain, evaluate_known, "runs a known script of a rate limiter"},
    {"exec", 1, none, immediate, exec, "executes a transaction"},
    {"exists", -2, read, plain, exists, "how many of these counters there are", 1, -1, 1},
    {"expire", -3, write, plain, expire, "removes a counter after some seconds", 1, 1, 1},
    {"expireat", -3, write, plain, expire_at, "removes a counter at a time", 1, 1, 1},
    {"expiretime", 2, read, plain, expiry_time, "when a counter is gone", 1, 1, 1},
    {"flushall", -1, admin, alone, flush, "removes all counters"},
    {"flushdb", -1, admin, alone, flush, "removes all counters"},
    {"function", -2, none, plain, nullptr, "there are no functions"},
    {"function|flush", -2, none, plain, flush_functions, "there are no functions"},
    {"get", 2, read, plain, get, "a counter's value", 1, 1, 1},
    {"getdel", 2, write, plain, get_and_remove, "a counter's value, and removes it", 1, 1, 1},
    {"getex", -2, write, plain, get_and_expire, "a counter's value, and when it is gone from now on", 1, 1, 1},
    {"getset", 3, write, plain, get_and_set, "a counter's value, and sets it", 1, 1, 1},
    {"hello", -1, none, greeting, hello, "the version of the protocol, and who is there"},
    {"incr", 2, add, plain, increment, "counts one", 1, 1, 1},
    {"incrby", 3, add, plain, increment_by, "counts", 1, 1, 1},
    {"info", -1, none, plain, information, "the server's figures"},
    {"keys", 2, read, alone, list_names, "the names that match a pattern"},
    {"mget", -2, read, plain, get_many, "the values of several counters", 1, -1, 1},
    {"mset", -3, write, plain, set_many, "sets several counters", 1, -1, 2},
    {"msetnx", -3, write, plain, set_many_if_missing, "sets several counters if none is there", 1, -1, 2},
    {"multi", 1, none, immediate, multi, "begins a transaction"},
    {"object", -2, none, plain, nullptr, "of a counter"},
    {"object|encoding", 3, read, plain, encoding, "how a counter is kept", 2, 2, 1},
    {"persist", 2, write, plain, persist, "lets a counter last", 1, 1, 1},
    {"pexpire", -3, write, plain, expire_milliseconds, "removes a counter after some milliseconds", 1, 1, 1},
    {"pexpireat", -3, write, plain, expire_at_milliseconds, "removes a counter at a time", 1, 1, 1},
    {"pexpiretime", 2, read, plain, expiry_time_milliseconds, "when a counter is gone", 1, 1, 1},
    {"ping", -1, none, plain, ping, "answers"},
    {"psetex", 4, write, plain, set_for_milliseconds, "sets a counter for some milliseconds", 1, 1, 1},
    {"pttl", 2, read, plain, milliseconds_left, "how long a counter is there", 1, 1, 1},
    {"quit", -1, none, farewell, quit, "ends the connection"},
    {"randomkey", 1, read, alone, random_name, "any counter's name"},
    {"readonly", 1, none, plain, no_cluster, "there is no cluster of this kind"},
    {"readwrite", 1, none, plain, no_cluster, "there is no cluster of this kind"},
    {"reset", 1, none, farewell, reset, "begins the conversation anew"},
    {"scan", -2, read, plain, scan, "goes through the names step by step"},
    {"script", -2, none, plain, nullptr, "of the known scripts"},
    {"script|exists", -3, none, plain, has_scripts, "which scripts are known"},
    {"script|flush", -2, none, plain, flush_scripts, "changes nothing: known scripts stay"},
    {"script|load", 3, none, plain, load_script, "the SHA1 of a known script"},
    {"select", 2, none, plain, select, "there is one database, 0"},
    {"set", -3, write, plain, set, "sets a counter", 1, 1, 1},
    {"setex", 4, write, plain, set_for_seconds, "sets a counter for some seconds", 1, 1, 1},
    {"setnx", 3, write, plain, set_if_missing, "sets a counter if it is not there", 1, 1, 1},
    {"strlen", 2, read, plain, length, "how many digits a counter has", 1, 1, 1},
    {"tally.incrby", 5, add, plain, increment_once, "counts, safe to be sent again with the same token", 1, 1, 1},
    {"time", 1, none, plain, time_of_day, "the bridge's clock"},
    {"touch", -2, read, plain, exists, "how many of these counters there are", 1, -1, 1},
    {"ttl", 2, read, plain, time_left, "how long a counter is there", 1, 1, 1},
    {"type", 2, read, plain, type, "the type of what is under a name", 1, 1, 1},
    {"unlink", -2, write, plain, remove, "removes counters", 1, -1, 1},
    {"unwatch", 1, none, plain, unwatch, "forgets the watched counters"},
    {"wait", 3, none, plain, wait, "how many replicas hold the last change"},
    {"watch", -2, read, immediate, watch, "makes EXEC fail if counters change before it", 1, -1, 1},
};
static_assert(std::ranges::is_sorted(rows, {}, &Command::name));

constexpr std::size_t longest_name =
    std::ranges::max(rows, {}, [](const Command& row) { return row.name.size(); }).name.size();

// In small letters; longer than any name if it is too long.
class Lowered {
 public:
  explicit Lowered(std::string_view text) : size_(std::min(text.size(), bytes_.size())) {
    std::ranges::transform(text.substr(0, size_), bytes_.begin(), [](char letter) {
      return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
  }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, longest_name + 1> bytes_;
  std::size_t size_;
};

const Command* find(std::string_view name) {
  const auto* const row = std::ranges::lower_bound(rows, name, {}, &Command::name);
  return row != std::end(rows) && row->name == name ? row : nullptr;
}

}  // namespace

std::span<const Command> all_commands() { return rows; }

const Command* find_command(std::string_view name) {
  if (name.find('|') != name.npos) return nullptr;
  return find(Lowered(name).text());
}

const Command* find_subcommand(const Command& container, std::string_view name) {
  if (name.size() > longest_name) return nullptr;
  return find(std::string(container.name) + '|' + std::string(Lowered(name).text()));
}

bool is_container(const Command& command) {
  const Command* const next = &command + 1;
  return next != std::end(rows) && next->name.size() > command.name.size() && next->name.starts_with(command.name) &&
         next->name[command.name.size()] == '|';
}

}  // namespace tally::bridge::resp
