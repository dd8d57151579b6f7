// Channel-command words (PoP: Basic I/O Functions, "Channel-Command Word").
#ifndef UCONTROL_CHANNEL_SUBSYSTEM_CCW_H_
#define UCONTROL_CHANNEL_SUBSYSTEM_CCW_H_

#include <array>
#include <cstdint>

#include "ucontrol/big_endian.h"

namespace ucontrol {

struct Ccw {
  static constexpr uint64_t kSize = 8;

  static constexpr uint8_t kNoOperation = 0x03;
  static constexpr uint8_t kBasicSense = 0x04;
  static constexpr uint8_t kTransferInChannel = 0x08;
  static constexpr uint8_t kSenseId = 0xe4;

  static constexpr uint8_t kChainData = 0x80;
  static constexpr uint8_t kChainCommand = 0x40;
  static constexpr uint8_t kSuppressLength = 0x20;
  static constexpr uint8_t kSkip = 0x10;
  static constexpr uint8_t kProgramControlled = 0x08;
  static constexpr uint8_t kIndirectAddress = 0x04;
  static constexpr uint8_t kSuspend = 0x02;
  static constexpr uint8_t kModifiedIndirectAddress = 0x01;

  uint8_t command = 0;
  uint8_t flags = 0;
  uint16_t count = 0;
  uint32_t address = 0;

  bool Has(uint8_t flag) const { return (flags & flag) != 0; }

  static Ccw LoadFormat0(const std::array<uint8_t, kSize>& bytes) {
    Ccw ccw;
    ccw.command = bytes[0];
    ccw.address = LoadBigEndian<uint32_t>(bytes.data()) & 0xffffff;
    ccw.flags = bytes[4];
    ccw.count = LoadBigEndian<uint16_t>(bytes.data() + 6);
    return ccw;
  }

  static Ccw LoadFormat1(const std::array<uint8_t, kSize>& bytes) {
    Ccw ccw;
    ccw.command = bytes[0];
    ccw.flags = bytes[1];
    ccw.count = LoadBigEndian<uint16_t>(bytes.data() + 2);
    ccw.address = LoadBigEndian<uint32_t>(bytes.data() + 4);
    return ccw;
  }
};

}  // namespace ucontrol

#endif  // UCONTROL_CHANNEL_SUBSYSTEM_CCW_H_
