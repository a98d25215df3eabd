// SPDX-License-Identifier: Apache-2.0
#include "runtime/config.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <variant>

#include "protocol/operations.h"
#include "runtime/config_check.h"
#include "runtime/network.h"
#include "runtime/toml.h"

namespace tally {
namespace {

using List = std::vector<std::string>;
using Member = std::variant<std::string Config::*, std::int64_t Config::*, bool Config::*, List Config::*>;

// Nothing, or what is wrong with the value.
using Complaint = std::optional<std::string>;

struct Key {
  ConfigKey shown;
  Member member;
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string_view> words = {};              // the only values allowed; empty: any
  Complaint (*check_entry)(std::string_view) = nullptr;  // of a list
};

constexpr std::int64_t one_day_ms = 86'400'000;
constexpr std::int64_t shortest_watchdog_ms = 100;  // a daemon that is merely busy would look hung

constexpr std::size_t most_list_entries = 64;
constexpr std::size_t most_host_bytes = 253;  // RFC 1035, section 2.3.4, as text

bool is_of(std::string_view text, std::string_view marks) {
  return std::ranges::all_of(text, [&](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           marks.find(byte) != std::string_view::npos;
  });
}

Complaint check_host(std::string_view text) {
  if (!text.empty() && text.size() <= most_host_bytes && is_of(text, "-._")) return std::nullopt;
  return "must be names of hosts, without scheme and port";
}

Complaint check_origin(std::string_view text) {
  const std::size_t end = text.find("://");
  const std::string_view scheme = text.substr(0, end);
  const std::string_view host = end == std::string_view::npos ? "" : text.substr(end + 3);
  const bool is_known = scheme == "http" || scheme == "https";
  if (is_known && !host.empty() && host.size() <= most_host_bytes && is_of(host, "-._:[]")) return std::nullopt;
  return "must be origins like https://www.example.org, without a path";
}

Complaint check_block(std::string_view text) {
  if (parse_block(text)) return std::nullopt;
  return "must be addresses or blocks of them, like 10.0.0.0/8 or 2001:db8::1";
}

const std::vector<Key>& keys() {
  static const std::vector<Key> all = {
      {{"data", "directory for journal, checkpoints, audit log, logs and sockets"}, &Config::data},
      {{"replicas", "how many replicas: 1, 3, 5 or 7; 2f+1 of them mask f faulty ones"}, &Config::replicas, 1, 7},
      {{"bridges", "how many HTTP bridges"}, &Config::bridges, 1, 16},
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
      {{"resp_port", "port for Redis clients"}, &Config::resp_port, 0, 65535},
      {{"durability", "fsync: an answer leaves when its order is on disk; os: when the kernel has it"},
       &Config::durability,
       0,
       0,
       {"fsync", "os"}},
      {{"fault_injection", "accept `tally fault`; for demonstrations and tests"}, &Config::fault_injection},
      {{"admin_token", "bearer token for changes by operators; empty: a random one in DATA/run/admin.token"},
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

const Key* find_key(std::string_view name) {
  const auto found = std::ranges::find(keys(), name, [](const Key& key) { return key.shown.name; });
  return found == keys().end() ? nullptr : &*found;
}

std::string type_of(const Key& key) {
  constexpr std::string_view words[] = {"a text", "a whole number", "true or false", "a list of texts"};
  return std::string(words[key.member.index()]);
}

Complaint wrong_type(const Key& key, std::string_view given) {
  return "is " + std::string(given) + ", and must be " + type_of(key);
}

Complaint assign(Config& config, const Key& key, std::int64_t number) {
  const auto* member = std::get_if<std::int64_t Config::*>(&key.member);
  if (!member) return wrong_type(key, "a number");
  if (number < key.least || number > key.most)
    return "must be from " + std::to_string(key.least) + " to " + std::to_string(key.most);
  if (key.shown.name == "replicas" && number % 2 == 0) return "must be odd: 1, 3, 5 or 7";
  if (key.shown.name == "watchdog_ms" && number > 0 && number < shortest_watchdog_ms)
    return "must be 0, or at least " + std::to_string(shortest_watchdog_ms);
  config.** member = number;
  return std::nullopt;
}

Complaint assign(Config& config, const Key& key, bool flag) {
  const auto* member = std::get_if<bool Config::*>(&key.member);
  if (!member) return wrong_type(key, flag ? "true" : "false");
  config.** member = flag;
  return std::nullopt;
}

Complaint assign(Config& config, const Key& key, const std::string& text) {
  const auto* member = std::get_if<std::string Config::*>(&key.member);
  if (!member) return wrong_type(key, "a text");
  if (!is_plain_text(text)) return "must be UTF-8 without control or format characters";
  if (!key.words.empty() && std::ranges::find(key.words, text) == key.words.end()) {
    std::string allowed;
    for (const std::string_view word : key.words) allowed += (allowed.empty() ? "" : " or ") + std::string(word);
    return "must be " + allowed;
  }
  config.** member = text;
  return std::nullopt;
}

Complaint assign(Config& config, const Key& key, List entries) {
  const auto* member = std::get_if<List Config::*>(&key.member);
  if (!member) return wrong_type(key, "a list");
  if (entries.size() > most_list_entries) return "must have at most " + std::to_string(most_list_entries) + " entries";
  for (const std::string& entry : entries)
    if (auto complaint = key.check_entry(entry)) return complaint;
  config.** member = std::move(entries);
  return std::nullopt;
}

// "a,b" → its entries; an empty text has none.
List split(std::string_view text) {
  List entries;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    entries.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return entries;
}

// From the environment or a flag, where everything is text.
Complaint assign_text(Config& config, const Key& key, const std::string& text) {
  if (std::holds_alternative<List Config::*>(key.member)) return assign(config, key, split(text));
  if (std::holds_alternative<std::string Config::*>(key.member)) return assign(config, key, text);
  if (std::holds_alternative<bool Config::*>(key.member)) {
    if (text == "true" || text == "1") return assign(config, key, true);
    if (text == "false" || text == "0") return assign(config, key, false);
    return "must be true or false";
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return "must be a whole number";
  return assign(config, key, number);
}

Complaint assign_node(Config& config, const Key& key, const toml::node& node) {
  if (const auto* text = node.as_string()) return assign(config, key, text->get());
  if (const auto* number = node.as_integer()) return assign(config, key, number->get());
  if (const auto* flag = node.as_boolean()) return assign(config, key, flag->get());
  if (const auto* array = node.as_array()) {
    List entries;
    for (const toml::node& entry : *array) {
      if (!entry.is_string()) return wrong_type(key, "a list of something else");
      entries.push_back(entry.as_string()->get());
    }
    return assign(config, key, std::move(entries));
  }
  return wrong_type(key, "of another type");
}

// Where a value came from, and all that is wrong so far.
struct Loading {
  Config config;
  std::map<std::string, ConfigError> places;  // of keys; without a message
  std::vector<ConfigError> errors;

  void complain(const std::string& key, const std::string& what) {
    ConfigError error = places[key];
    error.message = (error.message.empty() ? key : error.message) + ' ' + what;
    errors.push_back(std::move(error));
  }
};

void read_file(Loading& loading, const std::string& file) {
  const auto fail = [&](std::uint32_t line, std::uint32_t column, std::string why) {
    loading.errors.push_back({file, line, column, std::move(why)});
  };
  errno = 0;
  std::ifstream stream(file);
  if (!stream) return fail(0, 0, std::string("cannot be read: ") + std::strerror(errno));
  if (std::filesystem::is_directory(file)) return fail(0, 0, "is a directory");
  toml::table table;
  try {
    table = toml::parse(stream, file);
  } catch (const toml::parse_error& error) {
    return fail(error.source().begin.line, error.source().begin.column, std::string(error.description()));
  } catch (const std::runtime_error& error) {
    return fail(0, 0, error.what());
  }
  for (const auto& [name, node] : table) {
    const Key* key = find_key(name.str());
    const toml::source_position& place = key ? node.source().begin : name.source().begin;
    const std::string text(name.str());
    loading.places[text] = {file, place.line, place.column, ""};
    const Complaint complaint = key ? assign_node(loading.config, *key, node) : "is not a known key";
    if (complaint) loading.complain(text, *complaint);
    loading.config.sources[text] = "file";
  }
}

std::string environment_name(std::string_view key) {
  std::string name = "TALLY_";
  for (const char letter : key) name += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return name;
}

void fill_in_endpoints(Config& config) {
  const auto fill = [&](std::string& endpoint, std::string_view name) {
    if (endpoint.empty()) endpoint = "ipc://" + config.run_directory() + '/' + std::string(name);
  };
  fill(config.distributor_client_endpoint, "distributor.sock");
  fill(config.distributor_bridge_endpoint, "distributor-bridge.sock");
  fill(config.distributor_replica_endpoint, "orders.sock-");
  fill(config.distributor_comparator_endpoint, "ballots.sock");
  fill(config.comparator_client_endpoint, "comparator.sock");
  fill(config.comparator_bridge_endpoint, "comparator-bridge.sock");
  fill(config.comparator_replica_endpoint, "votes.sock-");
  fill(config.replica_transfer_endpoint, "state.sock-");
}

}  // namespace

std::string Config::endpoint_for_distributor(ReplicaId replica) const {
  return distributor_replica_endpoint + std::to_string(replica.value);
}

std::string Config::endpoint_for_comparator(ReplicaId replica) const {
  return comparator_replica_endpoint + std::to_string(replica.value);
}

std::string Config::endpoint_for_transfer(ReplicaId replica) const {
  return replica_transfer_endpoint + std::to_string(replica.value);
}

std::string ConfigError::text() const {
  std::string where = file;
  if (line > 0) where += ':' + std::to_string(line) + ':' + std::to_string(column);
  return where.empty() ? message : where + ": " + message;
}

std::string ConfigErrors::text() const {
  std::string text;
  for (const ConfigError& error : all) text += (text.empty() ? "" : "\n") + error.text();
  return text;
}

const std::vector<ConfigKey>& config_keys() {
  static const std::vector<ConfigKey> shown = [] {
    std::vector<ConfigKey> list;
    for (const Key& key : keys()) list.push_back(key.shown);
    return list;
  }();
  return shown;
}

std::string config_value(const Config& config, std::string_view name) {
  const Key* key = find_key(name);
  if (!key) return {};
  std::ostringstream out;
  if (const auto* text = std::get_if<std::string Config::*>(&key->member)) out << toml::value(config.**text);
  if (const auto* number = std::get_if<std::int64_t Config::*>(&key->member)) out << config.**number;
  if (const auto* flag = std::get_if<bool Config::*>(&key->member)) out << (config.**flag ? "true" : "false");
  if (const auto* list = std::get_if<List Config::*>(&key->member)) {
    out << '[';
    for (const std::string& entry : config.**list)
      out << (&entry == &(config.**list).front() ? "" : ", ") << toml::value(entry);
    out << ']';
  }
  return out.str();
}

tl::expected<Config, ConfigErrors> load_config(const std::string& file,
                                               const std::map<std::string, std::string>& flags) {
  Loading loading;
  Config& config = loading.config;
  for (const Key& key : keys()) config.sources[std::string(key.shown.name)] = "default";
  if (!file.empty()) read_file(loading, file);
  for (const Key& key : keys()) {
    const std::string name(key.shown.name);
    const std::string variable = environment_name(name);
    const char* text = std::getenv(variable.c_str());
    if (!text) continue;
    loading.places[name] = {"", 0, 0, variable};
    if (auto complaint = assign_text(config, key, text)) loading.complain(name, *complaint);
    config.sources[name] = "environment";
  }
  for (const auto& [name, text] : flags) {
    const Key* key = find_key(name);
    loading.places[name] = {};
    const Complaint complaint = key ? assign_text(config, *key, text) : "is not a known key";
    if (complaint) loading.complain(name, *complaint);
    config.sources[name] = "flag";
  }
  if (config.data.empty()) loading.complain("data", "must not be empty");
  fill_in_endpoints(config);
  if (loading.errors.empty())
    for (const KeyComplaint& complaint : check_whole(config)) loading.complain(complaint.key, complaint.what);
  std::ranges::stable_sort(loading.errors, {},
                           [](const ConfigError& error) { return std::pair(error.line, error.column); });
  if (!loading.errors.empty()) return tl::unexpected(ConfigErrors{std::move(loading.errors)});
  std::string& address = config.http_address;
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  return std::move(config);
}

std::string to_toml(const Config& config) {
  std::string text;
  for (const ConfigKey& key : config_keys())
    text += std::string(key.name) + " = " + config_value(config, key.name) + "  # " + std::string(key.meaning) + '\n';
  return text;
}

}  // namespace tally
