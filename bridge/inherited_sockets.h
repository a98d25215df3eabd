// SPDX-License-Identifier: Apache-2.0
// The listening sockets that the service manager has handed down, each for the door that its name
// says (sd_listen_fds_with_names(3), FileDescriptorName= in systemd.socket(5)). Pure.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace tally::bridge {

// The doors' names; the first one is whose socket it is if there is only one and its name is that
// of no door, because the unit of a single socket need not name it.
using DoorNames = std::initializer_list<std::string_view>;

class InheritedSockets {
 public:
  // `names`: of the descriptors from `first` on. The error is a sentence for the operator.
  static tl::expected<InheritedSockets, std::string> assign(const std::vector<std::string>& names, int first,
                                                            DoorNames doors);

  // The door's descriptor, which belongs to the caller from now on; nothing: it has none, and binds
  // a socket itself.
  std::optional<int> take(std::string_view door);

 private:
  std::map<std::string, int, std::less<>> descriptors_;
};

}  // namespace tally::bridge
