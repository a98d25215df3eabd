// SPDX-License-Identifier: Apache-2.0
#include "scenarios/transcript.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace tally::scenarios {
namespace {

constexpr std::string_view prompt = "> ";
constexpr std::string_view indentation = "    ";

}  // namespace

Transcript read_transcript(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  Transcript transcript;
  std::vector<std::string> between;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.front() == '#') {
      between.push_back(line);
    } else if (line.starts_with(prompt)) {
      transcript.steps.push_back({std::exchange(between, {}), line.substr(prompt.size()), number, {}});
    } else if (line.starts_with(indentation) && !transcript.steps.empty() && between.empty()) {
      transcript.steps.back().output.push_back(line.substr(indentation.size()));
    } else {
      throw std::runtime_error(path + ":" + std::to_string(number) +
                               ": neither a comment, a command, nor output that follows one");
    }
  }
  transcript.after = std::move(between);
  return transcript;
}

void write_transcript(const std::string& path, const Transcript& transcript) {
  std::ofstream file(path);
  for (const Step& step : transcript.steps) {
    for (const std::string& line : step.before) file << line << '\n';
    file << prompt << step.command << '\n';
    for (const std::string& line : step.output) file << indentation << line << '\n';
  }
  for (const std::string& line : transcript.after) file << line << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

// By the longest common subsequence; outputs are short.
std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
  const std::size_t rows = expected.size();
  const std::size_t columns = actual.size();
  std::vector<std::vector<std::size_t>> common(rows + 1, std::vector<std::size_t>(columns + 1));
  for (std::size_t row = rows; row-- > 0;)
    for (std::size_t column = columns; column-- > 0;)
      common[row][column] = expected[row] == actual[column]
                                ? common[row + 1][column + 1] + 1
                                : std::max(common[row + 1][column], common[row][column + 1]);
  std::string text;
  std::size_t row = 0;
  std::size_t column = 0;
  while (row < rows || column < columns) {
    if (row < rows && column < columns && expected[row] == actual[column]) {
      text += "      " + expected[row++] + "\n";
      ++column;
    } else if (row < rows && (column == columns || common[row + 1][column] >= common[row][column + 1])) {
      text += "    - " + expected[row++] + "\n";
    } else {
      text += "    + " + actual[column++] + "\n";
    }
  }
  return text;
}

}  // namespace tally::scenarios
