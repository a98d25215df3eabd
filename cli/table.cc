// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>

namespace tally::cli {

std::string table(const std::vector<Row>& rows, const Paint& paint) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      const bool last = column + 1 == row.size();
      const std::string padded = row[column] + std::string(last ? 0 : widths[column] - row[column].size() + 2, ' ');
      text += paint(column, row[column], padded);
    }
    text += '\n';
  }
  return text;
}

}  // namespace tally::cli
