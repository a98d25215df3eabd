// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/configuration.h"

#include "cli/report.h"
#include "runtime/config.h"
#include "runtime/toml.h"

namespace tally::cli {
namespace {

// A TOML value as JSON: numbers and truth values read the same, texts, also in a list, are quoted differently.
std::string as_json(const std::string& toml_value) {
  const toml::table table = toml::parse("value = " + toml_value);
  if (const auto text = table["value"].value<std::string>()) return json_string(*text);
  const toml::array* list = table["value"].as_array();
  if (!list) return toml_value;
  std::string out;
  for (const toml::node& entry : *list) out += (out.empty() ? "" : ",") + json_string(entry.value_or(std::string()));
  return '[' + out + ']';
}

std::string members(const ConfigError& error) {
  return "\"line\":" + std::to_string(error.line) + ",\"column\":" + std::to_string(error.column) +
         ",\"message\":" + json_string(error.message);
}

std::string as_json(const ConfigErrors& errors) {
  std::string text;
  for (const ConfigError& error : errors.all) text += (text.empty() ? "{" : ",{") + members(error) + '}';
  return text;
}

// A secret does not belong on a screen.
std::string shown_value(const Config& config, std::string_view key) {
  if (key == "admin_token" && !config.admin_token.empty()) return "\"(hidden)\"";
  return config_value(config, key);
}

}  // namespace

ExitCode run_config_check(const ConfigCheckOptions& options) {
  const std::string& file = options.file;
  const auto config = load_config(file, {});
  if (config) {
    if (options.json)
      std::printf("{\"file\":%s,\"valid\":true}\n", json_string(file).c_str());
    else
      std::printf("%s is valid\n", file.c_str());
    return ExitCode::done;
  }
  if (options.json)
    std::printf("{\"file\":%s,\"valid\":false,%s,\"errors\":[%s]}\n", json_string(file).c_str(),
                members(config.error().all.front()).c_str(), as_json(config.error()).c_str());
  return fail(ExitCode::usage, config.error().text());
}

ExitCode run_config_show(const ConfigShowOptions& options) {
  const auto config = effective_config(options.group);
  if (!config) return fail(config.error());
  const char* separator = "{";
  for (const ConfigKey& key : config_keys()) {
    const std::string name(key.name);
    const std::string value = shown_value(*config, key.name);
    const std::string& source = config->sources.at(name);
    if (options.json) {
      std::printf("%s%s:{\"value\":%s,\"source\":%s}", separator, json_string(name).c_str(), as_json(value).c_str(),
                  json_string(source).c_str());
      separator = ",";
    } else {
      std::printf("%s = %s  # %s\n", name.c_str(), value.c_str(), source.c_str());
    }
  }
  if (options.json) std::printf("}\n");
  return ExitCode::done;
}

}  // namespace tally::cli
