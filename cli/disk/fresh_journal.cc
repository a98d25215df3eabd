// SPDX-License-Identifier: Apache-2.0
#include "cli/disk/fresh_journal.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <sys/stat.h>
#include <utility>

#include "files/aside.h"
#include "files/directory.h"
#include "protocol/limits.h"
#include "protocol/messages.h"
#include "runtime/clock.h"
#include "wire/codec.h"

namespace tally::cli {
namespace {

namespace fs = std::filesystem;

std::string named(Sequence sequence) { return std::to_string(sequence.value); }

std::string free_name(const std::string& path, const char* word) {
  auto name = free_aside_name(path, word);
  if (!name) throw std::runtime_error(name.error());
  return *name;
}

}  // namespace

FreshJournal::FreshJournal(std::string place) : place_(std::move(place)), path_(free_name(place_, "new")) {}

FreshJournal::~FreshJournal() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

void FreshJournal::put_in_place() {
  if (fs::exists(place_) && !fs::is_empty(place_)) {
    const std::string aside = aside_of(place_);
    fs::rename(place_, aside);
    std::printf("what was there is in %s\n", aside.c_str());
  }
  fs::rename(std::exchange(path_, ""), place_);
  open_posix_directory(fs::path(place_).parent_path())->sync();
}

std::string aside_of(const std::string& path) { return free_name(path, "lost"); }

std::optional<std::string> why_not_replaced(const std::string& path) {
  if (fs::is_symlink(path)) return path + " is a link: put the directory itself there, or move the link away";
  struct stat own {};
  struct stat around {};
  const bool is_there = stat(path.c_str(), &own) == 0;
  if (!is_there || stat(fs::path(path).parent_path().c_str(), &around) != 0 || own.st_dev == around.st_dev) return {};
  return path + " is a mounted file system: unmount it, so that it stays as it is, and try again";
}

void begin_anew(Journal& journal, Term seen, const AuditHead& on_record) {
  const RecoveredJournal begun = journal.begin_term(Term(seen.value + limits::term_gap));
  JournaledView view = begun.view;
  view.audit_head = to_text(on_record);
  journal.append(view);
  Order order;
  order.previous = begun.last.chain;
  order.served = begun.served;
  order.calendar = std::max(begun.calendar, calendar_now());
  order.semantics = limits::semantics_version;
  if (begun.last.sequence.value == 0) order.key_secret = {random_number(), random_number()};
  order.id = {begun.term, begun.last.sequence.next(), {}};
  order.id.chain = chain_of(order);
  const OrderIdentity id = order.id;
  const ServedTime served = order.served;
  const CalendarTime calendar = order.calendar;
  const wire::EncodedMessage encoded = wire::encode(std::move(order));
  journal.append(id, served, calendar, {encoded.header.data(), encoded.header.size()}, encoded.body);
  journal.sync();
  journal.mark_stable(id);
  std::printf("the group goes on with order %s of term %llu; start it\n", named(id.sequence.next()).c_str(),
              static_cast<unsigned long long>(id.term.value));
}

}  // namespace tally::cli
