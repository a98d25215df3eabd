// SPDX-License-Identifier: Apache-2.0
#include "runtime/config_table.h"

#include <algorithm>

#include "protocol/operations.h"
#include "runtime/network.h"
#include "runtime/resp_user.h"
#include "runtime/whole_number.h"

namespace tally {
namespace {

constexpr std::int64_t one_day_ms = 86'400'000;
constexpr std::int64_t shortest_watchdog_ms = 100;  // a daemon that is merely busy would look hung

constexpr std::size_t most_list_entries = 64;

Complaint check_host(std::string_view text) {
  if (is_host(text)) return std::nullopt;
  return "must be names of hosts, without scheme and port";
}

Complaint check_origin(std::string_view text) {
  const std::size_t end = text.find("://");
  const std::string_view scheme = text.substr(0, end);
  const bool is_known = scheme == "http" || scheme == "https";
  if (is_known && end != std::string_view::npos && is_host_and_port(text.substr(end + 3))) return std::nullopt;
  return "must be origins like https://www.example.org, without a path";
}

Complaint check_block(std::string_view text) {
  if (parse_block(text)) return std::nullopt;
  return "must be addresses or blocks of them, like 10.0.0.0/8 or 2001:db8::1";
}

// Whatever is wrong, nothing of the entry is repeated: any part of it may be the password.
Complaint check_resp_user(std::string_view text) {
  if (!is_plain_text(text)) return "must be UTF-8 without control or format characters";
  const auto user = parse_resp_user(text);
  if (!user) return "must be users like NAME:PASSWORD:RIGHTS, with rights of read, add, write and admin, joined by +";
  if (user->name == default_resp_user) return "must not have the user default, whose password is resp_password";
  return std::nullopt;
}

std::string type_of(const ConfigRow& row) {
  constexpr std::string_view words[] = {"a text", "a whole number", "true or false", "a list of texts"};
  return std::string(words[row.member.index()]);
}

// "a,b" → its entries; an empty text has none.
TextList split(std::string_view text) {
  TextList entries;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    entries.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return entries;
}

}  // namespace

const std::vector<ConfigRow>& config_rows() {
  static const std::vector<ConfigRow> all = {
      {{"data", "directory for journal, checkpoints, audit log, logs and sockets"}, &Config::data},
      {{"replicas", "how many replicas: 1, 3, 5 or 7; 2f+1 of them mask f faulty ones"}, &Config::replicas, 1, 7},
      {{"bridges", "how many bridges, each with ports of its own"}, &Config::bridges, 1, 16},
      {{"http_address", "address that bridges listen on"}, &Config::http_address},
      {{"http_port", "port of the first bridge, the others use the next ones; 0: any free port"},
       &Config::http_port,
       0,
       65535},
      {{"http_hosts", "names that HTTP clients may ask for, besides localhost and addresses"},
       &Config::http_hosts,
       0,
       0,
       {},
       check_host},
      {{"http_origins", "origins whose pages may change counters, besides the bridge's own"},
       &Config::http_origins,
       0,
       0,
       {},
       check_origin},
      {{"http_idle_ms", "a connection that asks nothing for so long is closed"}, &Config::http_idle_ms, 1, one_day_ms},
      {{"trusted_proxies", "addresses and blocks whose X-Forwarded-For or Forwarded is believed"},
       &Config::trusted_proxies,
       0,
       0,
       {},
       check_block},
      {{"resp_port", "port of the first bridge's Redis door, the others use the next ones; 0: any free port"},
       &Config::resp_port,
       0,
       65535},
      {{.name = "resp_password",
        .meaning = "password of Redis clients that name no user; empty: they need none",
        .is_secret = true},
       &Config::resp_password},
      {{.name = "resp_users",
        .meaning = "other users of the Redis door, NAME:PASSWORD:RIGHTS; rights: read, add, write, admin, joined by +",
        .is_secret = true},
       &Config::resp_users,
       0,
       0,
       {},
       check_resp_user},
      {{"resp_flush", "FLUSHDB and FLUSHALL are for all who may write, not only for those with the right admin"},
       &Config::resp_flush},
      {{"durability", "fsync: an answer leaves when its order is on disk; os: when the kernel has it"},
       &Config::durability,
       0,
       0,
       {"fsync", "os"}},
      {{"fault_injection", "accept `tally fault`; for demonstrations and tests"}, &Config::fault_injection},
      {{.name = "admin_token",
        .meaning = "bearer token for changes by operators; empty: a random one in DATA/run/admin.token",
        .is_secret = true},
       &Config::admin_token},
      {{"log_format", "text or json"}, &Config::log_format, 0, 0, {"text", "json"}},
      {{"log_level", "debug, info, warning or error"}, &Config::log_level, 0, 0, {"debug", "info", "warning", "error"}},
      {{"ack_timeout_ms", "a vote is missed when it comes later than this after the decision"},
       &Config::ack_timeout_ms,
       1,
       one_day_ms},
      {{"ack_misses", "so many misses in a row are silence"}, &Config::ack_misses, 1, 1'000'000},
      {{"probation_votes", "so many matching votes in a row readmit a replica"},
       &Config::probation_votes,
       1,
       1'000'000},
      {{"cooldown_ms", "first pause after an eviction; doubles with each one"}, &Config::cooldown_ms, 0, one_day_ms},
      {{"cooldown_max_ms", "longest pause after an eviction"}, &Config::cooldown_max_ms, 0, one_day_ms},
      {{"quarantine_dissents", "so many dissents within quarantine_window_ms, and only an operator readmits"},
       &Config::quarantine_dissents,
       1,
       1'000'000},
      {{"quarantine_window_ms", "see quarantine_dissents"}, &Config::quarantine_window_ms, 1, 100 * one_day_ms},
      {{"store", "engine that keeps the checkpoints of a replica"}, &Config::store, 0, 0, {"rocksdb"}},
      {{"checkpoint_orders", "a replica writes a checkpoint every so many orders"},
       &Config::checkpoint_orders,
       1,
       1'000'000'000},
      {{"import_orders", "a replica that is further behind imports the state of another one"},
       &Config::import_orders,
       1,
       1'000'000'000'000},
      {{"journal_mib", "size of the journal, in MiB, from which on a replica that is behind pins nothing in it"},
       &Config::journal_mib,
       1,
       1'000'000'000},
      {{"request_timeout_ms", "how long a bridge and the `tally` command wait for an answer"},
       &Config::request_timeout_ms,
       1,
       one_day_ms},
      {{"watchdog_ms",
        "`tally up` kills a daemon that hangs for so long, a replica after twenty times that; 0: it does not"},
       &Config::watchdog_ms,
       0,
       one_day_ms},
      {{"distributor_client_endpoint", "ZeroMQ endpoint for requests"}, &Config::distributor_client_endpoint},
      {{"distributor_bridge_endpoint", "ZeroMQ endpoint for requests of bridges and of the `tally` command"},
       &Config::distributor_bridge_endpoint},
      {{"distributor_replica_endpoint", "prefix of the endpoints for orders; the replica's number is appended"},
       &Config::distributor_replica_endpoint},
      {{"distributor_comparator_endpoint", "endpoint for ballots"}, &Config::distributor_comparator_endpoint},
      {{"comparator_client_endpoint", "ZeroMQ endpoint for decisions"}, &Config::comparator_client_endpoint},
      {{"comparator_bridge_endpoint", "ZeroMQ endpoint for decisions to bridges and to the `tally` command"},
       &Config::comparator_bridge_endpoint},
      {{"comparator_replica_endpoint", "prefix of the endpoints for votes; the replica's number is appended"},
       &Config::comparator_replica_endpoint},
      {{"replica_transfer_endpoint", "prefix of the endpoints where replicas give their state; the number is appended"},
       &Config::replica_transfer_endpoint},
  };
  return all;
}

const ConfigRow* find_row(std::string_view key) {
  const auto found = std::ranges::find(config_rows(), key, [](const ConfigRow& row) { return row.shown.name; });
  return found == config_rows().end() ? nullptr : &*found;
}

Complaint wrong_type(const ConfigRow& row, std::string_view given) {
  return "is " + std::string(given) + ", and must be " + type_of(row);
}

Complaint assign(Config& config, const ConfigRow& row, std::int64_t number) {
  const auto* member = std::get_if<std::int64_t Config::*>(&row.member);
  if (!member) return wrong_type(row, "a number");
  if (number < row.least || number > row.most)
    return "must be from " + std::to_string(row.least) + " to " + std::to_string(row.most);
  if (row.shown.name == "replicas" && number % 2 == 0) return "must be odd: 1, 3, 5 or 7";
  if (row.shown.name == "watchdog_ms" && number > 0 && number < shortest_watchdog_ms)
    return "must be 0, or at least " + std::to_string(shortest_watchdog_ms);
  config.** member = number;
  return std::nullopt;
}

Complaint assign(Config& config, const ConfigRow& row, bool flag) {
  const auto* member = std::get_if<bool Config::*>(&row.member);
  if (!member) return wrong_type(row, flag ? "true" : "false");
  config.** member = flag;
  return std::nullopt;
}

Complaint assign(Config& config, const ConfigRow& row, const std::string& text) {
  const auto* member = std::get_if<std::string Config::*>(&row.member);
  if (!member) return wrong_type(row, "a text");
  if (!is_plain_text(text)) return "must be UTF-8 without control or format characters";
  if (!row.words.empty() && std::ranges::find(row.words, text) == row.words.end()) {
    std::string allowed;
    for (const std::string_view word : row.words) allowed += (allowed.empty() ? "" : " or ") + std::string(word);
    return "must be " + allowed;
  }
  config.** member = text;
  return std::nullopt;
}

Complaint assign(Config& config, const ConfigRow& row, TextList entries) {
  const auto* member = std::get_if<TextList Config::*>(&row.member);
  if (!member) return wrong_type(row, "a list");
  if (entries.size() > most_list_entries) return "must have at most " + std::to_string(most_list_entries) + " entries";
  for (const std::string& entry : entries)
    if (auto complaint = row.check_entry(entry)) return complaint;
  config.** member = std::move(entries);
  return std::nullopt;
}

Complaint assign_text(Config& config, const ConfigRow& row, const std::string& text) {
  if (std::holds_alternative<TextList Config::*>(row.member)) return assign(config, row, split(text));
  if (std::holds_alternative<std::string Config::*>(row.member)) return assign(config, row, text);
  if (std::holds_alternative<bool Config::*>(row.member)) {
    if (text == "true" || text == "1") return assign(config, row, true);
    if (text == "false" || text == "0") return assign(config, row, false);
    return "must be true or false";
  }
  const auto number = whole_number<std::int64_t>(text);
  return number ? assign(config, row, *number) : "must be a whole number";
}

}  // namespace tally
