// SPDX-License-Identifier: Apache-2.0
#include "client/table_fill.h"

#include <map>
#include <string_view>

namespace tally {

std::vector<TableFill> tables_in(const std::vector<ListedCounter>& listed) {
  constexpr std::string_view used_suffix = ".used";
  std::map<std::string, TableFill> tables;
  for (const ListedCounter& entry : listed) {
    const bool is_use = entry.name.ends_with(used_suffix);
    const std::string name = entry.name.substr(0, entry.name.size() - (is_use ? used_suffix.size() : 0));
    TableFill& table = tables[name];
    table.name = name;
    (is_use ? table.used : table.limit) = entry.value;
  }
  std::vector<TableFill> list;
  for (auto& [name, table] : tables) list.push_back(std::move(table));
  return list;
}

}  // namespace tally
