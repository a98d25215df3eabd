// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/aside.h"

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "cli/report.h"
#include "runtime/json_text.h"

namespace tally::cli {
namespace {

namespace fs = std::filesystem;

struct Aside {
  std::string name;  // below the data directory
  std::uint64_t bytes = 0;
};

std::uint64_t bytes_of(const fs::path& path) {
  std::error_code none;
  if (!fs::is_directory(path, none)) return fs::file_size(path, none);
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path, none))
    if (entry.is_regular_file(none)) bytes += entry.file_size(none);
  return bytes;
}

// Whether it is a name that daemons and commands give to what they put aside, and to nothing else.
// A command that was killed in the middle leaves a `.new-` behind.
bool is_aside(const std::string& name) {
  return std::ranges::any_of(
      std::vector<std::string>{".damaged-", ".broken-", ".lost-", ".new-"}, [&](const std::string& word) {
        const std::size_t place = name.rfind(word);
        if (place == std::string::npos || place == 0) return false;
        const std::string number = name.substr(place + word.size());
        return !number.empty() && std::ranges::all_of(number, [](char digit) { return digit >= '0' && digit <= '9'; });
      });
}

void add(const fs::path& directory, const std::string& prefix, std::vector<Aside>& found) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(directory, none)) {
    const std::string name = entry.path().filename();
    if (is_aside(name)) found.push_back({prefix + name, bytes_of(entry.path())});
  }
}

std::vector<Aside> find(const Config& config) {
  std::vector<Aside> found;
  add(config.data, "", found);
  add(config.audit_directory(), "audit/", found);
  for (const ReplicaId replica : config.replica_ids()) {
    const std::string directory = config.replica_directory(replica);
    add(directory, fs::path(directory).filename().string() + '/', found);
  }
  std::ranges::sort(found, {}, &Aside::name);
  return found;
}

}  // namespace

ExitCode run_aside_list(const AsideOptions& options) {
  const auto config = effective_config(options.group);
  if (!config) return fail(config.error());
  const std::vector<Aside> found = find(*config);
  if (!options.json) {
    for (const Aside& one : found) std::printf("%s\t%" PRIu64 " bytes\n", one.name.c_str(), one.bytes);
    return ExitCode::done;
  }
  std::string text;
  JsonText json(text);
  json.begin_object().member("data", config->data).name("aside").begin_array();
  for (const Aside& one : found) json.begin_object().member("name", one.name).member("bytes", one.bytes).end_object();
  json.end_array().end_object();
  std::printf("%s\n", text.c_str());
  return ExitCode::done;
}

ExitCode run_aside_remove(const AsideRemoveOptions& options) {
  const auto config = effective_config(options.group);
  if (!config) return fail(config.error());
  const std::vector<Aside> found = find(*config);
  if (std::ranges::find(found, options.name, &Aside::name) == found.end())
    return fail(ExitCode::usage, "there is no " + options.name + " in `tally aside list`");
  std::error_code failure;
  fs::remove_all(config->data + '/' + options.name, failure);
  if (failure) return fail(ExitCode::failed, options.name + ": " + failure.message());
  return ExitCode::done;
}

}  // namespace tally::cli
