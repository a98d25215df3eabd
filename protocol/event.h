// SPDX-License-Identifier: Apache-2.0
// Something that happened and that people want to read about: a name and key=value fields. Cores return events; shells
// log them, the simulator prints them. Never one per operation.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/digest.h"
#include "protocol/ids.h"

namespace tally {

enum class Severity { debug, info, warning, error };

struct Event {
  Severity severity = Severity::info;
  std::string name;  // snake_case, past tense where something happened: replica_evicted
  std::vector<std::pair<std::string, std::string>> fields;

  explicit Event(std::string_view event_name, Severity level = Severity::info) : severity(level), name(event_name) {}

  Event& with(std::string_view key, std::string_view text) {
    fields.emplace_back(key, text);
    return *this;
  }
  template <std::integral Number>
  Event& with(std::string_view key, Number number) {
    fields.emplace_back(key, std::to_string(number));
    return *this;
  }
  Event& with(std::string_view key, GroupId group) {
    fields.emplace_back(key, to_hex(group.value));
    return *this;
  }
  template <class Tag>
  Event& with(std::string_view key, Id<Tag> id) {
    fields.emplace_back(key, std::to_string(id.value));
    return *this;
  }
  Event& with(std::string_view key, const Digest& digest) {
    fields.emplace_back(key, to_hex(digest));
    return *this;
  }
};

}  // namespace tally
