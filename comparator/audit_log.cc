// SPDX-License-Identifier: Apache-2.0
#include "comparator/audit_log.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "comparator/audit_chain.h"
#include "comparator/audit_json.h"
#include "files/aside.h"
#include "files/directory.h"
#include "files/trouble.h"

namespace tally {

tl::expected<AuditLog, std::string> AuditLog::open(const std::filesystem::path& path, GroupId group) {
  AuditLog log;
  log.path_ = path;
  log.group_ = group;
  if (auto opened = log.open_file(); !opened) return tl::unexpected(opened.error());
  if (auto adopted = log.adopt_content(); !adopted) return tl::unexpected(adopted.error());
  return log;
}

tl::expected<AuditHead, std::string> AuditLog::append(std::span<const AuditRecord> records, CalendarTime at) {
  if (sync_failed_) return tl::unexpected(path_.string() + ": an earlier sync failed");
  if (records.empty()) return head_;
  AuditHead head = head_;
  std::string lines;
  AuditTail tail;
  for (const AuditRecord& record : records) {
    if (group_ != GroupId() && record.group != group_) return tl::unexpected(path_.string() + ": is of another group");
    const std::string previous = head.number == 0 ? no_previous_hash() : head.hash;
    const std::string_view note = lines.empty() ? note_ : std::string_view();
    SealedLine sealed = seal(to_json(record, {head.number + 1, previous, at, note}));
    lines.append(sealed.line).push_back('\n');
    head = {head.number + 1, std::move(sealed.hash)};
    tail.add({head.number, head.hash, std::move(sealed.line)});
  }
  if (auto written = write(lines); !written) return tl::unexpected(written.error());
  group_ = records.front().group;
  note_.clear();
  tail_.add(std::move(tail));
  head_ = std::move(head);
  return head_;
}

tl::expected<void, std::string> AuditLog::open_file() {
  file_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!file_) return tl::unexpected(failure("cannot be opened", errno));
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) return tl::unexpected(failure("cannot be locked", errno));
  // A file that was created or renamed is on disk once its directory is synced.
  try {
    open_posix_directory(path_.has_parent_path() ? path_.parent_path().string() : ".")->sync();
  } catch (const std::system_error& error) {
    return tl::unexpected(failure("directory cannot be synced", error.code().value()));
  }
  return {};
}

tl::expected<void, std::string> AuditLog::adopt_content() {
  tl::expected<AuditFile, AuditFault> found = verify_audit_file(path_);
  if (!found && found.error().line == 0) return tl::unexpected(path_.string() + ": " + found.error().why);
  if (!found) return put_aside(found.error().line, found.error().why);
  if (group_ != GroupId() && found->group != GroupId() && found->group != group_)
    return tl::unexpected(path_.string() + ": is of another group");
  if (found->group != GroupId()) group_ = found->group;
  if (!found->given_up.empty()) given_up_ = std::move(found->given_up.back());
  head_ = std::move(found->head);
  tail_ = std::move(found->tail);
  size_ = found->good_bytes;
  return found->torn_bytes == 0 ? tl::expected<void, std::string>() : cut_torn_line(size_, found->torn_bytes);
}

tl::expected<void, std::string> AuditLog::cut_torn_line(std::uint64_t good_bytes, std::uint64_t torn_bytes) {
  if (::ftruncate(file_.get(), static_cast<off_t>(good_bytes)) != 0 || ::fdatasync(file_.get()) != 0)
    return tl::unexpected(failure("torn last line cannot be cut", errno));
  note_ = "cut a torn last line of " + std::to_string(torn_bytes) + " bytes";
  events_.push_back(Event("audit_torn_line_cut", Severity::warning)
                        .with("file", path_.string())
                        .with("bytes", torn_bytes)
                        .with("records", head_.number));
  return {};
}

tl::expected<void, std::string> AuditLog::put_aside(std::uint64_t line, const std::string& why) {
  const auto aside = free_aside_name(path_, "broken");
  if (!aside) return tl::unexpected(aside.error());
  std::error_code error;
  std::filesystem::rename(path_, *aside, error);
  if (error) return tl::unexpected(failure("broken, and cannot be put aside", error.value()));
  note_ = "the log before is broken at line " + std::to_string(line) + " (" + why + "), kept as " +
          aside->filename().string();
  events_.push_back(Event("audit_chain_broken", Severity::error)
                        .with("file", path_.string())
                        .with("line", line)
                        .with("why", why)
                        .with("kept_as", aside->string()));
  return open_file();
}

tl::expected<void, std::string> AuditLog::write(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t count = ::write(file_.get(), rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      std::string why = failure("cannot be written", errno);
      // What was written is cut off again, since a torn line in the middle would break the chain
      // for good.
      sync_failed_ = ::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0;
      return tl::unexpected(std::move(why));
    }
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fdatasync(file_.get()) != 0) {
    sync_failed_ = true;
    return tl::unexpected(failure("cannot be synced", errno));
  }
  size_ += text.size();
  return {};
}

std::string AuditLog::failure(const char* action, int error) const {
  return path_.string() + ": " + action + ": " + describe_trouble(error);
}

}  // namespace tally
