// SPDX-License-Identifier: Apache-2.0
#include "comparator/audit_chain.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <fstream>

#include "files/trouble.h"
#include "protocol/check.h"
#include "protocol/hex.h"
#include "protocol/sha256.h"

namespace tally {
namespace {

constexpr std::size_t hash_digits = 64;
constexpr std::string_view hash_opening = R"(,"hash":")";
constexpr std::string_view hash_closing = R"("})";
constexpr std::size_t seal_bytes = hash_opening.size() + hash_digits + hash_closing.size();

std::string sha256(std::initializer_list<std::string_view> parts) {
  Sha256 hash;
  for (const std::string_view part : parts) hash.update(part);
  const Sha256Digest digest = hash.finish();
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::optional<GroupId> group_from(const boost::json::value* value) {
  if (value == nullptr || !value->is_string()) return std::nullopt;
  const std::string_view text = value->get_string();
  GroupId group;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), group.value, 16);
  if (text.size() != 16 || error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return group;
}

// Is handed one line after the other, and says why a line does not follow the one before it, or
// nothing.
class Verifier {
 public:
  Verifier() { file_.head.hash = no_previous_hash(); }

  std::optional<std::string> add(std::string_view line) {
    if (line.size() <= seal_bytes) return "not an audit record";
    const std::string_view content = line.substr(0, line.size() - seal_bytes);
    const std::string_view seal_text = line.substr(content.size());
    const std::string_view hash = seal_text.substr(hash_opening.size(), hash_digits);
    if (!seal_text.starts_with(hash_opening) || !seal_text.ends_with(hash_closing)) return "not an audit record";
    if (sha256({content, "}"}) != hash) return "its hash is not that of its content";
    if (std::optional<std::string> why = place(line)) return why;
    file_.head = {file_.head.number + 1, std::string(hash)};
    file_.good_bytes += line.size() + 1;
    file_.tail.add({file_.head.number, file_.head.hash, std::string(line)});
    return std::nullopt;
  }

  AuditFile& file() { return file_; }

 private:
  std::optional<std::string> place(std::string_view line) {
    boost::json::error_code error;
    const boost::json::value value = boost::json::parse(boost::json::string_view(line.data(), line.size()), error);
    if (error || !value.is_object()) return "not a JSON object";
    const boost::json::object& object = value.get_object();
    const boost::json::value* number = object.if_contains("number");
    const std::uint64_t expected = file_.head.number + 1;
    boost::json::error_code no_number;
    if (number == nullptr || number->to_number<std::uint64_t>(no_number) != expected || no_number)
      return "its number is not " + std::to_string(expected);
    const boost::json::value* previous = object.if_contains("previous");
    if (previous == nullptr || !previous->is_string() || std::string_view(previous->get_string()) != file_.head.hash)
      return "it does not follow the record before it";
    const std::optional<GroupId> group = group_from(object.if_contains("group"));
    if (!group || (file_.group != GroupId() && *group != file_.group)) return "it is of another group";
    file_.group = *group;
    note(object, line);
    return std::nullopt;
  }

  void note(const boost::json::object& record, std::string_view line) {
    const boost::json::value* kind = record.if_contains("kind");
    const boost::json::value* given_up = record.if_contains("given_up");
    if (kind != nullptr && *kind == "cut") file_.cut = line;
    if (kind == nullptr || *kind != "loss") return;
    file_.cut.clear();
    if (given_up != nullptr && given_up->is_string()) file_.given_up.emplace_back(given_up->get_string());
  }

  AuditFile file_;
};

// Says why a verified log is not the one that has this record, or nothing.
std::optional<AuditFault> missing(const AuditHead& known, const AuditFile& file, const std::string& hash) {
  if (std::ranges::count(file.given_up, to_text(known)) > 0) return std::nullopt;
  if (known.number > file.head.number)
    return AuditFault{file.head.number + 1,
                      "the tail was cut: record " + std::to_string(known.number) + " is known, and is not here"};
  if (known.hash == hash) return std::nullopt;
  return AuditFault{known.number, "not the record that is known by this number"};
}

}  // namespace

std::string no_previous_hash() { return std::string(hash_digits, '0'); }

SealedLine seal(std::string_view content) {
  CHECK(content.size() > 2 && content.back() == '}');
  SealedLine sealed{std::string(content.substr(0, content.size() - 1)), sha256({content})};
  sealed.line.append(hash_opening).append(sealed.hash).append(hash_closing);
  return sealed;
}

tl::expected<AuditFile, AuditFault> verify_audit(std::istream& text, const std::optional<AuditHead>& known) {
  Verifier verifier;
  std::uint64_t number = 0;
  std::string hash_of_known;
  for (std::string line; std::getline(text, line);) {
    if (text.eof()) {
      verifier.file().torn_bytes = line.size();
      break;
    }
    ++number;
    if (std::optional<std::string> why = verifier.add(line)) return tl::unexpected(AuditFault{number, std::move(*why)});
    if (known && known->number == number) hash_of_known = verifier.file().head.hash;
  }
  if (text.bad()) return tl::unexpected(AuditFault{0, "cannot be read"});
  AuditFile& file = verifier.file();
  if (known && known->number > 0)
    if (std::optional<AuditFault> fault = missing(*known, file, hash_of_known))
      return tl::unexpected(std::move(*fault));
  if (file.head.number == 0) file.head.hash.clear();
  return std::move(file);
}

tl::expected<AuditFile, AuditFault> verify_audit_file(const std::filesystem::path& path,
                                                      const std::optional<AuditHead>& known) {
  errno = 0;
  std::ifstream text(path, std::ios::binary);
  if (!text) return tl::unexpected(AuditFault{0, describe_trouble(errno)});
  auto verified = verify_audit(text, known);
  if (!verified && verified.error().line == 0) verified.error().why = describe_trouble(errno);
  return verified;
}

}  // namespace tally
