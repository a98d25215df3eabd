// SPDX-License-Identifier: Apache-2.0
// Runs every fuzz target on the files of its corpus, without libFuzzer. So it is an ordinary test,
// under any compiler.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "target.h"

#define TALLY_FUZZ_TARGET(name) extern "C" int tally_fuzz_##name(const std::uint8_t* data, std::size_t size);
TALLY_FUZZ_TARGETS
#undef TALLY_FUZZ_TARGET

namespace {

struct Target {
  const char* name;
  decltype(LLVMFuzzerTestOneInput)* run;
};

#define TALLY_FUZZ_TARGET(name) Target{#name, tally_fuzz_##name},
constexpr Target targets[] = {TALLY_FUZZ_TARGETS};
#undef TALLY_FUZZ_TARGET

bool replay(const Target& target, const std::filesystem::path& corpus) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(corpus / target.name)) files.push_back(entry.path());
  std::ranges::sort(files);
  tally::fuzz::accepted_inputs = 0;
  for (const auto& file : files) {
    std::printf("%s/%s\n", target.name, file.filename().c_str());
    // If the next input crashes the program, the last line names it.
    std::fflush(stdout);
    std::ifstream stream(file, std::ios::binary);
    const std::vector<char> read{std::istreambuf_iterator<char>(stream), {}};
    // A buffer of exactly this size lets AddressSanitizer see what is read beyond it.
    const std::vector<std::uint8_t> bytes(read.begin(), read.end());
    target.run(bytes.data(), bytes.size());
  }
  std::printf("%s: %zu inputs, %zu of them accepted\n", target.name, files.size(), tally::fuzz::accepted_inputs);
  return tally::fuzz::accepted_inputs > 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "Usage: %s CORPUS\n", argv[0]);
    return 2;
  }
  bool good = true;
  for (const Target& target : targets) good &= replay(target, argv[1]);
  return good ? 0 : 1;
}
