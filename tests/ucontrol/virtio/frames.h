// Ethernet frames for tests, made and taken apart by hand.
#ifndef TESTS_UCONTROL_VIRTIO_FRAMES_H_
#define TESTS_UCONTROL_VIRTIO_FRAMES_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ucontrol/big_endian.h"
#include "ucontrol/virtio/checksum.h"

namespace ucontrol::virtio {

using Bytes = std::vector<uint8_t>;

inline constexpr std::array<uint8_t, 6> kGuestMac = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
inline constexpr uint32_t kGuestIp = 0x0a00020f;  // 10.0.2.15
inline constexpr uint32_t kHostIp = 0x0a000202;   // 10.0.2.2
inline constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17;

inline uint16_t Halfword(const Bytes& bytes, size_t at) {
  return LoadBigEndian<uint16_t>(&bytes[at]);
}
inline uint32_t Word(const Bytes& bytes, size_t at) {
  return LoadBigEndian<uint32_t>(&bytes[at]);
}

// A guest's frame around an IPv4 packet with this content behind its header of 20 bytes.
inline Bytes Ip(uint8_t protocol, uint32_t from, uint32_t to, const Bytes& content) {
  Bytes frame(34);
  std::fill_n(frame.begin(), 6, uint8_t{0xff});
  std::copy(kGuestMac.begin(), kGuestMac.end(), frame.begin() + 6);
  StoreBigEndian<uint16_t>(&frame[12], 0x0800);
  frame[14] = 0x45;
  StoreBigEndian<uint16_t>(&frame[16], static_cast<uint16_t>(20 + content.size()));
  frame[22] = 64;
  frame[23] = protocol;
  StoreBigEndian<uint32_t>(&frame[26], from);
  StoreBigEndian<uint32_t>(&frame[30], to);
  StoreBigEndian<uint16_t>(
      &frame[24],
      static_cast<uint16_t>(~OnesComplementSum(std::span<const uint8_t>(frame).subspan(14, 20))));
  frame.insert(frame.end(), content.begin(), content.end());
  return frame;
}

// Puts the sum of the pseudo header where a guest that leaves the checksum to its card puts it.
inline void PutPseudoHeaderSum(Bytes& frame, size_t offset) {
  Bytes pseudo(frame.begin() + 26, frame.begin() + 34);
  const auto length = static_cast<uint16_t>(frame.size() - 34);
  pseudo.insert(pseudo.end(),
                {0, frame[23], static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
  StoreBigEndian<uint16_t>(&frame[34 + offset], OnesComplementSum(pseudo));
}

inline Bytes Udp(uint32_t from, uint16_t from_port, uint32_t to, uint16_t to_port,
                 const Bytes& payload) {
  Bytes content(8);
  StoreBigEndian<uint16_t>(&content[0], from_port);
  StoreBigEndian<uint16_t>(&content[2], to_port);
  StoreBigEndian<uint16_t>(&content[4], static_cast<uint16_t>(8 + payload.size()));
  content.insert(content.end(), payload.begin(), payload.end());
  return Ip(kUdp, from, to, content);
}

struct TcpSegment {
  static constexpr uint8_t kFin = 1, kSyn = 2, kAck = 16;
  uint16_t from_port = 0, to_port = 0;
  uint32_t sequence = 0, acknowledged = 0;
  uint8_t flags = 0;
  std::string payload;
};

inline Bytes Tcp(uint32_t from, uint32_t to, const TcpSegment& segment) {
  Bytes content(20);
  StoreBigEndian<uint16_t>(&content[0], segment.from_port);
  StoreBigEndian<uint16_t>(&content[2], segment.to_port);
  StoreBigEndian<uint32_t>(&content[4], segment.sequence);
  StoreBigEndian<uint32_t>(&content[8], segment.acknowledged);
  content[12] = 0x50;
  content[13] = segment.flags;
  StoreBigEndian<uint16_t>(&content[14], 0xffff);
  content.insert(content.end(), segment.payload.begin(), segment.payload.end());
  return Ip(kTcp, from, to, content);
}

inline TcpSegment ParseTcp(const Bytes& frame) {
  const size_t header = (frame[46] >> 4) * 4u;
  return {Halfword(frame, 34),
          Halfword(frame, 36),
          Word(frame, 38),
          Word(frame, 42),
          frame[47],
          std::string(frame.begin() + static_cast<long>(34 + header),
                      frame.begin() + 14 + Halfword(frame, 16))};
}

// The message type of a DHCP message and the address it gives, asked for and given.
inline Bytes Dhcp(uint8_t type, uint32_t requested = 0) {
  Bytes message(240);
  message[0] = 1;
  message[1] = 1;
  message[2] = 6;
  StoreBigEndian<uint32_t>(&message[4], 0xdeadbeef);
  std::copy(kGuestMac.begin(), kGuestMac.end(), message.begin() + 28);
  StoreBigEndian<uint32_t>(&message[236], 0x63825363);
  message.insert(message.end(), {53, 1, type});
  if (requested) {
    message.insert(message.end(), {50, 4, uint8_t(requested >> 24), uint8_t(requested >> 16),
                                   uint8_t(requested >> 8), uint8_t(requested)});
  }
  message.push_back(255);
  return Udp(0, 68, 0xffffffff, 67, message);
}

}  // namespace ucontrol::virtio

#endif  // TESTS_UCONTROL_VIRTIO_FRAMES_H_
