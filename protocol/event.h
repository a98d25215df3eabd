// SPDX-License-Identifier: Apache-2.0
// Something that happened and that people want to read about: a name and key=value fields. Cores
// return events; shells log them, the simulator prints them. Never one per operation.
#pragma once

#include <compare>
#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/digest.h"
#include "protocol/hex.h"
#include "protocol/ids.h"

namespace tally {

enum class Severity { debug, info, warning, error };

struct EventField {
  std::string key;
  std::string value;
  bool is_number = false;  // where that can be told, as in JSON
  auto operator<=>(const EventField&) const = default;
};

struct Event {
  Severity severity = Severity::info;
  std::string name;  // snake_case, past tense where something happened: replica_evicted
  std::vector<EventField> fields;

  explicit Event(std::string_view event_name, Severity level = Severity::info) : severity(level), name(event_name) {}

  Event& with(std::string_view key, std::string_view text) {
    fields.push_back({std::string(key), std::string(text)});
    return *this;
  }
  template <std::integral Number>
  Event& with(std::string_view key, Number number) {
    fields.push_back({std::string(key), std::to_string(number), true});
    return *this;
  }
  Event& with(std::string_view key, GroupId group) {
    fields.push_back({std::string(key), to_hex(group.value)});
    return *this;
  }
  template <class Tag>
  Event& with(std::string_view key, Id<Tag> id) {
    fields.push_back({std::string(key), std::to_string(id.value), true});
    return *this;
  }
  Event& with(std::string_view key, const Digest& digest) {
    fields.push_back({std::string(key), to_hex(digest)});
    return *this;
  }
};

}  // namespace tally
