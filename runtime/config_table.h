// SPDX-License-Identifier: Apache-2.0
// The table of the configuration's keys: what each means, which values it takes, and where in
// Config it is kept. Whoever adds a key adds a row here and a member there. Pure.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/config.h"

namespace tally {

// What is wrong with a value, as the rest of a sentence that begins with the key; nothing if all is
// well.
using Complaint = std::optional<std::string>;

using TextList = std::vector<std::string>;

struct ConfigRow {
  ConfigKey shown;
  std::variant<std::string Config::*, std::int64_t Config::*, bool Config::*, TextList Config::*> member;
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  // The only texts that are allowed; empty: any.
  std::vector<std::string_view> words = {};
  Complaint (*check_entry)(std::string_view) = nullptr;  // of each entry of a list
};

const std::vector<ConfigRow>& config_rows();
const ConfigRow* find_row(std::string_view key);  // nullptr: there is no such key

// Each stores a value in its member, or says why it cannot be the row's.
Complaint assign(Config& config, const ConfigRow& row, std::int64_t number);
Complaint assign(Config& config, const ConfigRow& row, bool flag);
Complaint assign(Config& config, const ConfigRow& row, const std::string& text);
Complaint assign(Config& config, const ConfigRow& row, TextList entries);
// The value as it stands in a flag or in the environment, where everything is text and a list is
// its entries with commas between them.
Complaint assign_text(Config& config, const ConfigRow& row, const std::string& text);
// What to say of a value that is of another type than the row's.
Complaint wrong_type(const ConfigRow& row, std::string_view given);

}  // namespace tally
