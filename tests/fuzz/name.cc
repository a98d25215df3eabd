// SPDX-License-Identifier: Apache-2.0
// Names of counters. A valid name must be found again in every way to encode it in a URL, and any
// name that a URL brings must be valid.
#include <boost/url.hpp>
#include <string>

#include "bridge/http/routes.h"
#include "protocol/limits.h"
#include "protocol/operations.h"
#include "target.h"

using namespace tally;
using bridge::http::Method;

namespace {

// Percent-encodes every byte but letters and digits, or every byte if `all` is set.
std::string spelt_out(std::string_view name, bool all) {
  std::string encoded;
  for (const char byte : name) {
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
    if (plain && !all) {
      encoded += byte;
      continue;
    }
    encoded += '%';
    encoded += "0123456789ABCDEF"[static_cast<unsigned char>(byte) >> 4];
    encoded += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
  }
  return encoded;
}

void check_encoded(std::string_view name, const std::string& encoded) {
  for (const std::string& path : {"/v1/counters/" + encoded, "/hit/" + encoded, "http://a.b/hit/" + encoded}) {
    const auto route = bridge::http::find_route(Method::get, path);
    CHECK(route.has_value() == is_valid_name(name));
    CHECK(!route || route->name == name);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view name = fuzz::bytes_of(data, size);
  const bool valid = is_valid_name(name);
  if (valid) fuzz::accepted();
  CHECK(!valid || (!name.empty() && name.size() <= limits::name_bytes));
  if (name.empty() || name.size() > limits::name_bytes) return 0;
  check_encoded(name, spelt_out(name, false));
  check_encoded(name, spelt_out(name, true));
  check_encoded(name, boost::urls::encode(name, boost::urls::unreserved_chars));

  const auto list = bridge::http::find_route(Method::get, "/v1/counters?prefix=" + spelt_out(name, false));
  CHECK(list.has_value() == valid);
  CHECK(!list || list->name == name);
  return 0;
}
