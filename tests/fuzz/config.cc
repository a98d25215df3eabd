// SPDX-License-Identifier: Apache-2.0
// The configuration file, and any text as the value of a flag.
#include "runtime/config.h"

#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "target.h"

using namespace tally;

namespace {

// A file in memory.
class File {
 public:
  explicit File(std::string_view text) : descriptor_(memfd_create("config", MFD_CLOEXEC)) {
    CHECK(write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

auto load(std::string_view text) {
  const File file(text);
  return load_config(file.path(), {});
}

// What was accepted must be read back equal from the file that to_toml() makes of it.
void check(const Config& config) {
  fuzz::accepted();
  CHECK(config.replicas >= 1 && config.replicas <= 7 && config.replicas % 2 == 1);
  const auto again = load(to_toml(config));
  CHECK(again.has_value());
  for (const ConfigKey& key : config_keys()) CHECK(config_value(config, key.name) == config_value(*again, key.name));
}

// The environment is cleared, because the configuration is read from it too.
const bool no_environment = clearenv() == 0;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  CHECK(no_environment);
  const std::string_view text = fuzz::bytes_of(data, size);
  if (const auto config = load(text))
    check(*config);
  else
    CHECK(!config.error().all.empty() && !config.error().text().empty());
  if (const auto config = load_config({}, {{"data", std::string(text)}})) check(*config);
  return 0;
}
