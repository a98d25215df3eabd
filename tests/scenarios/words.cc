// SPDX-License-Identifier: Apache-2.0
#include "scenarios/words.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>

namespace tally::scenarios {

std::vector<std::string> split(const std::string& command) {
  std::istringstream stream(command);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  if (words.empty()) throw std::invalid_argument("an empty command");
  return words;
}

std::string join(const std::vector<std::string>& words, std::size_t first) {
  std::string text;
  for (std::size_t place = first; place < words.size(); ++place) text += (text.empty() ? "" : " ") + words[place];
  return text;
}

std::uint64_t number(const std::string& word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) throw std::invalid_argument("not a number: " + word);
  return value;
}

Duration duration(const std::string& word) {
  const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
  const auto count = static_cast<std::int64_t>(number(word.substr(0, digits)));
  const std::string unit = word.substr(digits);
  if (unit == "ms") return milliseconds(count);
  if (unit == "s") return seconds(count);
  if (unit == "h") return hours(count);
  throw std::invalid_argument("not a duration: " + word);
}

std::pair<std::string, std::string> setting(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) return {word, {}};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

OperationKind operation_kind(const std::string& word) {
  if (word == "add") return OperationKind::add;
  if (word == "get") return OperationKind::get;
  if (word == "set") return OperationKind::set;
  if (word == "remove") return OperationKind::remove;
  throw std::invalid_argument("not an operation: " + word);
}

std::string node_name(const std::vector<std::string>& words, std::size_t place) {
  if (place >= words.size()) throw std::invalid_argument("of whom?");
  const bool two = words[place] == "replica" && place + 1 < words.size();
  std::string name = two ? "replica" + words[place + 1] : words[place];
  if (name.ends_with(':')) name.pop_back();
  return name;
}

std::pair<std::string, std::string> way(const std::vector<std::string>& words) {
  const auto to = std::ranges::find(words, "to");
  if (to == words.end()) throw std::invalid_argument(words.front() + " FROM to TO");
  return {node_name(words, 1), node_name(words, static_cast<std::size_t>(to - words.begin()) + 1)};
}

}  // namespace tally::scenarios
