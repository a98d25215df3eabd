// SPDX-License-Identifier: Apache-2.0
#include "cli/effective_config.h"

#include <cstdlib>
#include <map>

namespace tally::cli {

std::string config_file(const std::string& named) {
  const char* variable = std::getenv("TALLY_CONFIG");
  return !named.empty() ? named : variable ? variable : "";
}

tl::expected<Config, Failure> effective_config(const GroupOptions& options) {
  std::map<std::string, std::string> flags;
  if (!options.data.empty()) flags["data"] = options.data;
  if (!options.connect.empty() && !options.connects_to_endpoints()) flags["data"] = options.connect;
  const auto config = load_config(config_file(options.config), flags);
  if (!config) return tl::unexpected(Failure{ExitCode::usage, config.error().text()});
  return *config;
}

}  // namespace tally::cli
