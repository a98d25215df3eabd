// SPDX-License-Identifier: Apache-2.0
// The events that were sent to viewers last, by their names, so that one whose connection broke
// goes on where it was (Server-Sent Events, "Last-Event-ID").
//
// An event's name is "<life>-<number>": a bridge that was started anew does not take the names of
// its life before for its own. Texts are whole events, ready to be sent, and are shared by all
// viewers.
//
// Pure; one thread. Bounds: live_limits::kept_events and kept_event_bytes.
#pragma once

#include <charconv>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bridge/http/live/limits.h"
#include "protocol/hex.h"

namespace tally::bridge::http {

using EventText = std::shared_ptr<const std::string>;

class EventHistory {
 public:
  explicit EventHistory(std::uint64_t life) : life_(to_hex(life)) {}

  // A change that comes after all others. `data` is one line.
  EventText add(std::string_view data) {
    ++newest_;
    EventText text = event("change", data);
    bytes_ += text->size();
    kept_.push_back(text);
    while (kept_.size() > live_limits::kept_events || bytes_ > live_limits::kept_event_bytes) {
      bytes_ -= kept_.front()->size();
      kept_.pop_front();
    }
    return text;
  }

  // The whole picture after the newest change, under that change's name.
  EventText snapshot(std::string_view data) const { return event("snapshot", data); }

  // What came after the event of this name; nothing if that is not known any more.
  std::optional<std::vector<EventText>> after(std::string_view name) const {
    if (!name.starts_with(life_) || !name.substr(life_.size()).starts_with('-')) return std::nullopt;
    const std::string_view digits = name.substr(life_.size() + 1);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size() || number > newest_) return std::nullopt;
    const std::uint64_t missed = newest_ - number;
    if (missed > kept_.size()) return std::nullopt;
    return std::vector<EventText>(kept_.end() - static_cast<std::ptrdiff_t>(missed), kept_.end());
  }

 private:
  EventText event(std::string_view kind, std::string_view data) const {
    std::string text = "event: ";
    text.append(kind).append("\nid: ").append(life_).append("-").append(std::to_string(newest_));
    text.append("\ndata: ").append(data).append("\n\n");
    return std::make_shared<const std::string>(std::move(text));
  }

  std::string life_;
  std::uint64_t newest_ = 0;  // the number of the newest change
  std::deque<EventText> kept_;
  std::size_t bytes_ = 0;
};

}  // namespace tally::bridge::http
