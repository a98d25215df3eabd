// SPDX-License-Identifier: Apache-2.0
// Which configuration a command goes by. The data directory comes from --connect, --data,
// TALLY_DATA, the file of --config or TALLY_CONFIG, or is ./tally-data, in this order.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "cli/exit_code.h"
#include "runtime/config.h"

namespace tally::cli {

// Which group is meant, as the command line says it; what was not given is empty.
struct GroupOptions {
  std::string connect;  // a data directory, or DISTRIBUTOR_ENDPOINT,COMPARATOR_ENDPOINT
  std::string data;
  std::string config;

  bool connects_to_endpoints() const {
    return connect.find("://") != std::string::npos && connect.find(',') != std::string::npos;
  }
};

// The file that was named, or else that of TALLY_CONFIG; empty if there is none.
std::string config_file(const std::string& named);

tl::expected<Config, Failure> effective_config(const GroupOptions& options);

}  // namespace tally::cli
