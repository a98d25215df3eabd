// SPDX-License-Identifier: Apache-2.0
#include "distributor/stable_mark.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "protocol/bytes.h"

namespace tally {
namespace {

std::uint64_t checksum_of(const StablePlace& place) {
  std::string bytes;
  append_number(bytes, place.sequence.value);
  append_digest(bytes, place.chain);
  return tally::checksum_of(bytes);
}

}  // namespace

tl::expected<StableMark, std::string> StableMark::open(const std::string& path) {
  const auto failed = [&path] { return tl::unexpected(path + ": " + std::strerror(errno)); };
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return failed();
  constexpr std::size_t bytes = slots * sizeof(Slot);
  if (ftruncate(file, bytes) != 0) {
    const auto error = failed();
    ::close(file);
    return error;
  }
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  if (memory == MAP_FAILED) return failed();
  return StableMark(static_cast<Slot*>(memory));
}

StableMark::StableMark(StableMark&& other) noexcept : memory_(std::exchange(other.memory_, nullptr)) {}

StableMark::~StableMark() {
  if (memory_) munmap(memory_, slots * sizeof(Slot));
}

bool StableMark::is_valid(const Slot& slot) {
  return slot.place.sequence.value != 0 && slot.checksum == checksum_of(slot.place);
}

std::optional<StablePlace> StableMark::get() const {
  std::optional<StablePlace> newest;
  for (std::size_t place = 0; place < slots; ++place)
    if (is_valid(memory_[place])) newest = std::max(newest.value_or(StablePlace{}), memory_[place].place);
  return newest;
}

// Over the older slot, so that a process that dies meanwhile leaves the newer one whole.
void StableMark::set(const StablePlace& place) {
  Slot& older = *std::min_element(memory_, memory_ + slots, [](const Slot& one, const Slot& other) {
    return (is_valid(one) ? one.place : StablePlace{}) < (is_valid(other) ? other.place : StablePlace{});
  });
  older = {place, checksum_of(place)};
}

}  // namespace tally
