#include "ucontrol/virtio/console_device.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace ucontrol::virtio {
namespace {

constexpr int kEmergencyWrite = 2;

constexpr size_t kReceiveQueue = 0;
constexpr size_t kTransmitQueue = 1;

// Columns and rows (unused), number of ports (unused), emergency write.
constexpr uint32_t kEmergencyWriteOffset = 8;
constexpr uint32_t kConfigurationSize = 12;

uint32_t Print(Console& console, const Buffers& characters) {
  std::array<char, 4096> part;
  for (uint64_t offset = 0; offset < characters.size(); offset += part.size()) {
    const uint64_t length = characters.CopyTo(part.data(), offset, part.size());
    console.Write(std::string_view(part.data(), length));
  }
  return 0;
}

}  // namespace

ConsoleDevice::ConsoleDevice(Console& console) : ServedDevice("virtio-console"), console_(console) {
  console_.OnInput([this] { Wake(); });
}

ConsoleDevice::~ConsoleDevice() {
  console_.OnInput(nullptr);
  Retire();
}

uint64_t ConsoleDevice::features() const {
  return Feature(kEmergencyWrite);
}

std::vector<uint8_t> ConsoleDevice::Configuration(ByteOrder) const {
  return std::vector<uint8_t>(kConfigurationSize);
}

void ConsoleDevice::WriteConfiguration(uint32_t offset, std::span<const uint8_t> bytes,
                                       ByteOrder order) {
  if (offset > kEmergencyWriteOffset || offset + bytes.size() < kConfigurationSize) return;
  const auto character =
      static_cast<char>(Load<uint32_t>(order, &bytes[kEmergencyWriteOffset - offset]));
  console_.Write(std::string_view(&character, 1));
}

bool ConsoleDevice::Serve(Driver& driver, size_t queue) {
  if (queue == kReceiveQueue) {
    Receive(driver);
  } else if (queue == kTransmitQueue) {
    ServeChains(driver, queue, [&](const Chain& chain) { return Print(console_, chain.readable); });
  }
  return true;
}

void ConsoleDevice::Receive(Driver& driver) {
  Virtqueue& ring = driver.queue(kReceiveQueue);
  Chain chain;
  // A buffer stays the driver's until there is input for it, so that notifications stay expected.
  do {
    while (!stopping() && console_.has_input() && ring.Take(chain)) {
      constexpr uint64_t kMaximumPart = 4096;
      const std::string input =
          console_.TakeInput(std::min<uint64_t>(chain.writable.size(), kMaximumPart));
      ring.Return(chain,
                  static_cast<uint32_t>(chain.writable.CopyFrom(input.data(), 0, input.size())));
    }
    driver.Interrupt(kReceiveQueue);
  } while (ring.ExpectNotifications() && console_.has_input() && !stopping());
}

}  // namespace ucontrol::virtio
