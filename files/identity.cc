// SPDX-License-Identifier: Apache-2.0
#include "files/identity.h"

#include <charconv>

#include "protocol/digest.h"
#include "protocol/hex.h"

namespace tally {
namespace {

constexpr int hex = 16;
constexpr std::size_t most_identity_bytes = 4096;

// The part of the text between `before` and `behind`.
std::string_view between(std::string_view text, std::string_view before, std::string_view behind) {
  const std::size_t found = text.find(before);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = text.substr(found + before.size());
  return rest.substr(0, rest.find(behind));
}

template <class Number>
bool read_number(std::string_view digits, Number& number, int base) {
  return std::from_chars(digits.data(), digits.data() + digits.size(), number, base).ec == std::errc();
}

}  // namespace

std::string encode_identity(const Identity& identity) {
  const std::string text = "tally " + identity.kind + ", format " + std::to_string(identity.format) + "\nrole " +
                           identity.role + "\ngroup " + to_hex(identity.group.value) + "\nmade " + identity.made + '\n';
  return text + "checksum " + to_hex(checksum_of(text)) + '\n';
}

// Accepts exactly the texts that encode_identity() makes: what was read is encoded again and
// compared.
std::optional<Identity> decode_identity(std::string_view text) {
  Identity identity;
  identity.kind = between(text, "tally ", ",");
  identity.role = between(text, "\nrole ", "\n");
  identity.made = between(text, "\nmade ", "\n");
  if (!read_number(between(text, ", format ", "\n"), identity.format, 10)) return std::nullopt;
  if (!read_number(between(text, "\ngroup ", "\n"), identity.group.value, hex)) return std::nullopt;
  return encode_identity(identity) == text ? std::optional(identity) : std::nullopt;
}

std::optional<Identity> find_identity(const Directory& directory) {
  return decode_identity(directory.open_to_read(identity_file)->read(0, most_identity_bytes));
}

void write_identity(Directory& directory, const Identity& identity) {
  {
    const auto file = directory.create(unfinished_identity_file);
    file->write(0, encode_identity(identity));
    file->sync();
  }
  // What was made in the directory before its identity must be on disk before the identity is.
  directory.sync();
  directory.rename(unfinished_identity_file, identity_file);
  directory.sync();
}

}  // namespace tally
