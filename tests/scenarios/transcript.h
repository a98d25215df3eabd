// SPDX-License-Identifier: Apache-2.0
// A transcript as a text file: prose, commands, and what follows each command.
//
//   # a comment
//   > a command
//       a line of its output
//
// After etcd-io/raft's testdata.
#pragma once

#include <string>
#include <vector>

namespace tally::scenarios {

struct Step {
  std::vector<std::string> before;  // comments and empty lines
  std::string command;
  std::size_t line = 0;             // where it stands in the file
  std::vector<std::string> output;  // without the indentation
};

struct Transcript {
  std::vector<Step> steps;
  std::vector<std::string> after;  // the last step
};

// Throws std::runtime_error.
Transcript read_transcript(const std::string& path);
void write_transcript(const std::string& path, const Transcript& transcript);

// For people: what was expected and is not there (-), what is there instead (+), and what is equal.
std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& actual);

}  // namespace tally::scenarios
