// SPDX-License-Identifier: Apache-2.0
// The words of a command. What makes no sense throws std::invalid_argument.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "protocol/operations.h"
#include "protocol/time.h"

namespace tally::scenarios {

std::vector<std::string> split(const std::string& command);
std::string join(const std::vector<std::string>& words, std::size_t first);

std::uint64_t number(const std::string& word);
Duration duration(const std::string& word);                            // 250ms, 10s, 2h
std::pair<std::string, std::string> setting(const std::string& word);  // key=value; without =, the value is empty
OperationKind operation_kind(const std::string& word);

// A node's name in the simulation: "replica 2" is two words and "replica2", others are one. A colon behind is dropped.
std::string node_name(const std::vector<std::string>& words, std::size_t place);
// "VERB FROM to TO"
std::pair<std::string, std::string> way(const std::vector<std::string>& words);

}  // namespace tally::scenarios
