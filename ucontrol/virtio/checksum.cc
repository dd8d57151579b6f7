#include "ucontrol/virtio/checksum.h"

#include <cstring>

#include "ucontrol/big_endian.h"

namespace ucontrol::virtio {

uint16_t OnesComplementSum(std::span<const uint8_t> bytes) {
  // The sum of words folds to the sum of their halfwords, in either byte order.
  uint64_t sum = 0;
  size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    uint32_t word;
    std::memcpy(&word, &bytes[i], sizeof(word));
    sum += word;
  }
  uint8_t rest[4] = {};
  if (i < bytes.size()) std::memcpy(rest, &bytes[i], bytes.size() - i);
  uint32_t word;
  std::memcpy(&word, rest, sizeof(word));
  sum += word;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return FromBigEndian(static_cast<uint16_t>(sum));
}

bool CompleteChecksum(std::span<uint8_t> frame, size_t start, size_t offset) {
  if (start + offset + 2 > frame.size()) return false;
  const uint16_t checksum = static_cast<uint16_t>(~OnesComplementSum(frame.subspan(start)));
  // Zero would say that there is no checksum.
  StoreBigEndian<uint16_t>(&frame[start + offset], checksum ? checksum : uint16_t{0xffff});
  return true;
}

}  // namespace ucontrol::virtio
