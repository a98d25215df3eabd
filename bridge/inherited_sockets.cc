// SPDX-License-Identifier: Apache-2.0
#include "bridge/inherited_sockets.h"

#include <algorithm>

namespace tally::bridge {
namespace {

std::string joined(DoorNames doors) {
  std::string text;
  for (const std::string_view door : doors) text += (text.empty() ? "" : " or ") + std::string(door);
  return text;
}

}  // namespace

tl::expected<InheritedSockets, std::string> InheritedSockets::assign(const std::vector<std::string>& names, int first,
                                                                     DoorNames doors) {
  InheritedSockets sockets;
  int descriptor = first;
  for (const std::string& name : names) {
    const bool is_known = std::ranges::find(doors, name) != doors.end();
    if (!is_known && names.size() > 1)
      return tl::unexpected("an inherited socket is named " + name + ", and must be named " + joined(doors));
    const std::string door = is_known ? name : std::string(*doors.begin());
    if (!sockets.descriptors_.emplace(door, descriptor++).second)
      return tl::unexpected("two inherited sockets are named " + door);
  }
  return sockets;
}

std::optional<int> InheritedSockets::take(std::string_view door) {
  const auto found = descriptors_.find(door);
  if (found == descriptors_.end()) return std::nullopt;
  const int descriptor = found->second;
  descriptors_.erase(found);
  return descriptor;
}

}  // namespace tally::bridge
