// SPDX-License-Identifier: Apache-2.0
// A journal in the making, beside the one that it is to replace. What is wrong with the files is
// thrown, as std::runtime_error or std::system_error.
#pragma once

#include <optional>
#include <string>

#include "comparator/audit.h"
#include "journal/journal.h"
#include "protocol/ids.h"

namespace tally::cli {

// It is removed with this object, unless it was put in place.
class FreshJournal {
 public:
  explicit FreshJournal(std::string place);
  ~FreshJournal();
  FreshJournal(const FreshJournal&) = delete;
  FreshJournal& operator=(const FreshJournal&) = delete;

  const std::string& path() const { return path_; }
  // What was there is put aside.
  void put_in_place();

 private:
  std::string place_;
  std::string path_;
};

// The name under which what is at `path` is put aside.
std::string aside_of(const std::string& path);

// Why nothing can be put in the place of this directory; nothing: it can.
std::optional<std::string> why_not_replaced(const std::string& path);

// Begins a term that nobody has seen, with an order in it that nobody can take for what was lost.
void begin_anew(Journal& journal, Term seen, const AuditHead& on_record);

}  // namespace tally::cli
