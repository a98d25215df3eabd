// SPDX-License-Identifier: Apache-2.0
// DATA/run, held by one `tally up`: what this group needs while it runs, and removes when it ends.
//
// A lock on DATA keeps a second `tally up` out, whatever becomes of DATA/run. The locks on the
// directories also keep away those cleaners that ask for them (tmpfiles.d(5)). Whatever an earlier
// run has left behind is removed at the start. What a cleaner removes all the same is made again by
// look_after().
#pragma once

#include <map>
#include <memory>
#include <optional>
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

  // A name of this directory that leaves room for socket names: a Unix socket's path has at most
  // 107 bytes. For a long DATA this is a link in a fresh private directory under /tmp.
  tl::expected<std::string, Failure> path_for_sockets();

  // Keeps a file in it that only this user reads. Returns what went wrong.
  std::optional<std::string> keep(const std::string& name, std::string text);
  // Makes again whatever is missing of the directory, its files and the link. Returns what went
  // wrong.
  std::optional<std::string> look_after();

 private:
  RunDirectory(std::string path, Descriptor lock);
  std::optional<std::string> make_link();
  void remove_files() const;

  std::string path_;
  std::string short_directory_;  // empty: there is none
  std::map<std::string, std::string> files_;
  Descriptor lock_;      // of DATA
  Descriptor own_lock_;  // of DATA/run
  Descriptor short_lock_;
};

}  // namespace tally::cli
