// The Internet checksum of TCP and UDP, where a guest leaves it to its card.
#ifndef UCONTROL_VIRTIO_CHECKSUM_H_
#define UCONTROL_VIRTIO_CHECKSUM_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace ucontrol::virtio {

// The ones' complement sum of big-endian halfwords; an odd last byte counts as a high one.
uint16_t OnesComplementSum(std::span<const uint8_t> bytes);

// Replaces the halfword `offset` bytes behind `start`, where the sum of the pseudo header stands,
// by the checksum of everything from `start` on. False if that is not within the frame.
bool CompleteChecksum(std::span<uint8_t> frame, size_t start, size_t offset);

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_CHECKSUM_H_
