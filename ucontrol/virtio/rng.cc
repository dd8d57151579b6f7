#include "ucontrol/virtio/rng.h"

#include <sys/random.h>

#include <algorithm>

namespace ucontrol::virtio {
namespace {

// A driver asks again for what it didn't get; nobody needs more at once.
constexpr size_t kMaximumBytes = 4096;

uint32_t Fill(const Buffers& buffers) {
  uint8_t bytes[kMaximumBytes];
  const ssize_t got = getrandom(bytes, std::min<uint64_t>(buffers.size(), kMaximumBytes), 0);
  return got <= 0 ? 0 : static_cast<uint32_t>(buffers.CopyFrom(bytes, 0, got));
}

}  // namespace

bool Rng::Serve(Driver& driver, size_t queue) {
  ServeChains(driver, queue, [](const Chain& chain) { return Fill(chain.writable); });
  return true;
}

}  // namespace ucontrol::virtio
