// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/configuration.h"

#include "cli/report.h"
#include "runtime/config.h"
#include "runtime/json_text.h"
#include "runtime/toml.h"

namespace tally::cli {
namespace {

// A TOML value as JSON.
void add(JsonText& json, const toml::node& node) {
  if (const auto* text = node.as_string()) json.value(text->get());
  if (const auto* number = node.as_integer()) json.value(number->get());
  if (const auto* flag = node.as_boolean()) json.value(flag->get());
  if (const auto* list = node.as_array()) {
    json.begin_array();
    for (const toml::node& entry : *list) add(json, entry);
    json.end_array();
  }
}

void add_members(JsonText& json, const ConfigError& error) {
  json.member("line", error.line).member("column", error.column).member("message", error.message);
}

std::string check_json(const std::string& file, const ConfigErrors& errors) {
  std::string text;
  JsonText json(text);
  json.begin_object().member("file", file).member("valid", errors.all.empty());
  if (!errors.all.empty()) {
    add_members(json, errors.all.front());
    json.name("errors").begin_array();
    for (const ConfigError& error : errors.all) {
      json.begin_object();
      add_members(json, error);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  return text;
}

// Of a secret only whether there is one.
std::string shown_value(const Config& config, const ConfigKey& key) {
  std::string value = config_value(config, key.name);
  if (!key.is_secret || value == config_value(Config(), key.name)) return value;
  return value.starts_with('[') ? "[\"(hidden)\"]" : "\"(hidden)\"";
}

}  // namespace

ExitCode run_config_check(const ConfigCheckOptions& options) {
  const std::string& file = options.file;
  const auto config = load_config(file, {});
  if (config) {
    std::printf("%s\n", options.json ? check_json(file, {}).c_str() : (file + " is valid").c_str());
    return ExitCode::done;
  }
  if (options.json) std::printf("%s\n", check_json(file, config.error()).c_str());
  return fail(ExitCode::usage, config.error().text());
}

ExitCode run_config_show(const ConfigShowOptions& options) {
  const auto config = effective_config(options.group);
  if (!config) return fail(config.error());
  std::string text;
  JsonText json(text);
  if (options.json) json.begin_object();
  for (const ConfigKey& key : config_keys()) {
    const std::string name(key.name);
    const std::string value = shown_value(*config, key);
    const std::string& source = config->sources.at(name);
    if (options.json) {
      json.name(name).begin_object().name("value");
      add(json, *toml::parse("value = " + value).get("value"));
      json.member("source", source).end_object();
    } else {
      text += name + " = " + value + "  # " + source + '\n';
    }
  }
  if (options.json) json.end_object();
  std::printf(options.json ? "%s\n" : "%s", text.c_str());
  return ExitCode::done;
}

}  // namespace tally::cli
