// Absolute storage and a sink of interruptions for tests of what stands below the machine.
#ifndef TESTS_UCONTROL_STORAGE_OF_BYTES_H_
#define TESTS_UCONTROL_STORAGE_OF_BYTES_H_

#include <cstdint>
#include <cstring>
#include <vector>

#include "ucontrol/absolute_storage.h"
#include "ucontrol/interruption_sink.h"

namespace ucontrol {

class StorageOfBytes : public AbsoluteStorage {
 public:
  explicit StorageOfBytes(uint64_t size) : bytes_(size) {}

  uint8_t* Find(hypervisor::GuestAbsolute address, uint64_t length) override {
    if (address.raw() > bytes_.size() || length > bytes_.size() - address.raw()) return nullptr;
    return bytes_.data() + address.raw();
  }
  bool Read(hypervisor::GuestAbsolute address, void* bytes, uint64_t length) override {
    const uint8_t* from = Find(address, length);
    if (from && length) std::memcpy(bytes, from, length);
    return from != nullptr;
  }
  bool Write(hypervisor::GuestAbsolute address, const void* bytes, uint64_t length) override {
    uint8_t* to = Find(address, length);
    if (to && length) std::memcpy(to, bytes, length);
    return to != nullptr;
  }

  std::vector<uint8_t>& bytes() { return bytes_; }
  uint8_t* at(uint64_t address) { return &bytes_[address]; }

 private:
  std::vector<uint8_t> bytes_;
};

class RecordedInterruptions : public InterruptionSink {
 public:
  void InjectIo(const IoInterruption& interruption) override { io.push_back(interruption); }
  bool WithdrawIo(uint16_t, uint16_t) override { return false; }
  void InjectServiceSignal(uint32_t parameter) override { service_signals.push_back(parameter); }

  std::vector<IoInterruption> io;
  std::vector<uint32_t> service_signals;
};

}  // namespace ucontrol

#endif  // TESTS_UCONTROL_STORAGE_OF_BYTES_H_
