// SPDX-License-Identifier: Apache-2.0
#include "runtime/toml_text.h"

#include <istream>

namespace tally {
namespace {

constexpr std::size_t most_bytes = std::size_t{128} * 1024;

}  // namespace

tl::expected<std::string, std::string> read_toml(std::istream& stream) {
  std::string text(most_bytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > most_bytes) return tl::unexpected("it is longer than " + std::to_string(most_bytes) + " bytes");
  return text;
}

}  // namespace tally
