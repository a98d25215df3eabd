// SPDX-License-Identifier: Apache-2.0
#include "bridge/resp/scripts.h"

#include <algorithm>
#include <array>
#include <openssl/evp.h>

#include "bridge/resp/words.h"
#include "protocol/check.h"
#include "protocol/hex.h"

namespace tally::bridge::resp {
namespace {

using enum ScriptKind;

constexpr KnownScript scripts[] = {
    {rate_limit_redis_3, "3f424a504987d231baa2e19159bb5def8ad32f87", 2},
    {rate_limit_redis_3, "b829ec02dca78a148dfc75dd3c86f488ed007c68", 2},
    {rate_limit_redis_4, "81dbecea94d2d10514719b20ed51faf711529d9d", 2},
    {rate_limit_redis_6, "895b92e1712734e1b464999be23953485475357b", 1},
    {rate_limit_redis_get, "6aeb97ed6086dcdeafdc6fda3999a0d0e38ec96a", 0},
    {rate_limiter_flexible, "a1de965f42e177aa339706bd580f049065eca79a", 2},
    {ScriptKind::limits, "628bd136a573a06b346879695681af12ccef300f", 2},
    {limits_1, "ab9a35aa62ed8fa50cf1c655a522698512c9b126", 1},
};

}  // namespace

const KnownScript* find_script_by_sha1(std::string_view sha1) {
  const auto* const found =
      std::ranges::find_if(scripts, [&](const KnownScript& script) { return is_word(sha1, script.sha1); });
  return found == std::end(scripts) ? nullptr : found;
}

// Whoever could make another text with one of these digests would only run the script that it names.
const KnownScript* find_script_by_text(std::string_view text) {
  std::array<char, 20> digest{};
  std::size_t size = 0;
  CHECK(EVP_Q_digest(nullptr, "SHA1", nullptr, text.data(), text.size(),
                     reinterpret_cast<unsigned char*>(digest.data()), &size) == 1);
  return find_script_by_sha1(to_hex({digest.data(), size}));
}

}  // namespace tally::bridge::resp
