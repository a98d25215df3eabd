// SPDX-License-Identifier: Apache-2.0
// DATA/run, held by one `tally up`: what this group needs while it runs, and removes when it ends.
//
// A lock on DATA/run/lock keeps a second one out; the kernel drops it with the process, however that ends. Whatever an
// earlier run left behind is removed at the start.
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "cli/exit_code.h"
#include "runtime/descriptor.h"

namespace tally::cli {

class RunDirectory {
 public:
  // Creates DATA, DATA/run and DATA/log. `data` is absolute.
  static tl::expected<std::unique_ptr<RunDirectory>, Failure> claim(const std::string& data);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::string& path() const { return path_; }

  // A name of this directory that leaves room for socket names: a Unix socket's path has at most 107 bytes. For a long
  // DATA this is a link in a fresh private directory under /tmp.
  tl::expected<std::string, Failure> path_for_sockets();

 private:
  RunDirectory(std::string path, Descriptor lock);
  void remove_files() const;

  std::string path_;
  std::string short_directory_;  // empty: there is none
  Descriptor lock_;
};

}  // namespace tally::cli
