// SPDX-License-Identifier: Apache-2.0
#include "runtime/config.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "runtime/config_check.h"
#include "runtime/config_table.h"
#include "runtime/endpoints.h"
#include "runtime/toml.h"
#include "runtime/toml_text.h"

namespace tally {
namespace {

Complaint assign_node(Config& config, const ConfigRow& row, const toml::node& node) {
  if (const auto* text = node.as_string()) return assign(config, row, text->get());
  if (const auto* number = node.as_integer()) return assign(config, row, number->get());
  if (const auto* flag = node.as_boolean()) return assign(config, row, flag->get());
  if (const auto* array = node.as_array()) {
    TextList entries;
    for (const toml::node& entry : *array) {
      if (!entry.is_string()) return wrong_type(row, "a list of something else");
      entries.push_back(entry.as_string()->get());
    }
    return assign(config, row, std::move(entries));
  }
  return wrong_type(row, "of another type");
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
  const auto text = read_toml(stream);
  if (!text) return fail(0, 0, text.error());
  toml::table table;
  try {
    table = toml::parse(*text, file);
  } catch (const toml::parse_error& error) {
    return fail(error.source().begin.line, error.source().begin.column, std::string(error.description()));
  } catch (const std::runtime_error& error) {
    return fail(0, 0, error.what());
  }
  for (const auto& [name, node] : table) {
    const ConfigRow* row = find_row(name.str());
    const toml::source_position& place = row ? node.source().begin : name.source().begin;
    const std::string key(name.str());
    loading.places[key] = {file, place.line, place.column, ""};
    const Complaint complaint = row ? assign_node(loading.config, *row, node) : "is not a known key";
    if (complaint) loading.complain(key, *complaint);
    loading.config.sources[key] = "file";
  }
}

std::string environment_name(std::string_view key) {
  std::string name = "TALLY_";
  for (const char letter : key) name += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return name;
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
    for (const ConfigRow& row : config_rows()) list.push_back(row.shown);
    return list;
  }();
  return shown;
}

std::string config_value(const Config& config, std::string_view name) {
  const ConfigRow* row = find_row(name);
  if (!row) return {};
  std::ostringstream out;
  if (const auto* text = std::get_if<std::string Config::*>(&row->member)) out << toml::value(config.**text);
  if (const auto* number = std::get_if<std::int64_t Config::*>(&row->member)) out << config.**number;
  if (const auto* flag = std::get_if<bool Config::*>(&row->member)) out << (config.**flag ? "true" : "false");
  if (const auto* list = std::get_if<TextList Config::*>(&row->member)) {
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
  for (const ConfigRow& row : config_rows()) config.sources[std::string(row.shown.name)] = "default";
  if (!file.empty()) read_file(loading, file);
  for (const ConfigRow& row : config_rows()) {
    const std::string name(row.shown.name);
    const std::string variable = environment_name(name);
    const char* text = std::getenv(variable.c_str());
    if (!text) continue;
    loading.places[name] = {"", 0, 0, variable};
    if (auto complaint = assign_text(config, row, text)) loading.complain(name, *complaint);
    config.sources[name] = "environment";
  }
  for (const auto& [name, text] : flags) {
    const ConfigRow* row = find_row(name);
    loading.places[name] = {};
    const Complaint complaint = row ? assign_text(config, *row, text) : "is not a known key";
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
