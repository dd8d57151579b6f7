// Plays the guest of a channel subsystem: has storage, builds channel programs, takes
// interruptions.
#ifndef TESTS_UCONTROL_CHANNEL_SUBSYSTEM_CHANNEL_GUEST_H_
#define TESTS_UCONTROL_CHANNEL_SUBSYSTEM_CHANNEL_GUEST_H_

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "tests/ucontrol/storage_of_bytes.h"
#include "ucontrol/big_endian.h"
#include "ucontrol/channel_subsystem/channel_subsystem.h"

namespace ucontrol {

// Any thread.
class QueuedInterruptions : public InterruptionSink {
 public:
  void InjectIo(const IoInterruption& interruption) override {
    const std::lock_guard lock(mutex_);
    io_.push_back(interruption);
    arrived_.notify_all();
  }

  bool WithdrawIo(uint16_t subchannel_id, uint16_t subchannel_number) override {
    const std::lock_guard lock(mutex_);
    return std::erase_if(io_, [&](const IoInterruption& io) {
             return io.subchannel_id == subchannel_id && io.subchannel_number == subchannel_number;
           }) != 0;
  }

  void InjectServiceSignal(uint32_t) override {}

  std::optional<IoInterruption> Take(std::chrono::milliseconds patience = {}) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, patience, [&] { return !io_.empty(); });
    if (io_.empty()) return std::nullopt;
    const IoInterruption first = io_.front();
    io_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<IoInterruption> io_;
};

class ChannelGuest {
 public:
  static constexpr uint64_t kStorageSize = 16 * 1024 * 1024;
  static constexpr uint32_t kProgram = 0x1000;  // where Start puts its channel program
  static constexpr uint32_t kOrbParameter = 0x12345678;

  StorageOfBytes& storage() { return storage_; }
  QueuedInterruptions& interruptions() { return interruptions_; }
  ChannelSubsystem& subsystem() { return subsystem_; }

  static uint64_t Id(uint16_t number) { return 0x00010000 | number; }

  // Enables the subchannel for ISC 3, as Linux does: STSCH, change, MSCH.
  uint8_t Enable(uint16_t number, uint16_t flags = Pmcw::kEnabled | 3 << 11,
                 uint32_t characteristics = 0) {
    Schib::Bytes bytes;
    subsystem_.StoreSubchannel(Id(number), bytes);
    Schib schib = Schib::Load(bytes);
    schib.pmcw.flags = static_cast<uint16_t>((schib.pmcw.flags & Pmcw::kDeviceNumberValid) | flags);
    schib.pmcw.characteristics = characteristics;
    return subsystem_.ModifySubchannel(Id(number), schib.Store()).condition_code;
  }

  void Put(uint64_t address, const void* bytes, uint64_t length) {
    storage_.Write(hypervisor::GuestAbsolute(address), bytes, length);
  }

  void PutCcw1(uint32_t at, uint8_t command, uint8_t flags, uint16_t count, uint32_t address) {
    uint8_t* to = storage_.at(at);
    to[0] = command;
    to[1] = flags;
    StoreBigEndian<uint16_t>(to + 2, count);
    StoreBigEndian<uint32_t>(to + 4, address);
  }

  void PutCcw0(uint32_t at, uint8_t command, uint8_t flags, uint16_t count, uint32_t address) {
    uint8_t* to = storage_.at(at);
    StoreBigEndian<uint32_t>(to, uint32_t{command} << 24 | address);
    to[4] = flags;
    to[5] = 0;
    StoreBigEndian<uint16_t>(to + 6, count);
  }

  static Orb::Bytes MakeOrb(uint16_t control = Orb::kFormat1, uint32_t program = kProgram) {
    Orb::Bytes orb{};
    StoreBigEndian<uint32_t>(&orb[0], kOrbParameter);
    StoreBigEndian<uint16_t>(&orb[4], control);
    orb[6] = 0x80;
    StoreBigEndian<uint32_t>(&orb[8], program);
    return orb;
  }

  IoOutcome Start(uint16_t number, const Orb::Bytes& orb = MakeOrb()) {
    return subsystem_.StartSubchannel(Id(number), orb);
  }

  // TEST SUBCHANNEL; the IRB's SCSW as it was stored.
  Scsw Test(uint16_t number) {
    Irb::Bytes irb{};
    last_test_ = subsystem_.TestSubchannel(Id(number), irb);
    last_irb_ = irb;
    Schib::Bytes schib{};
    std::copy_n(irb.begin(), 12, schib.begin() + 28);
    return Schib::Load(schib).scsw;
  }
  IoOutcome last_test() const { return last_test_; }
  const Irb::Bytes& last_irb() const { return last_irb_; }

  // One command with its own area; its ending as TEST SUBCHANNEL tells it.
  Scsw Command(uint16_t number, uint8_t command, uint16_t count, uint32_t address,
               uint8_t flags = 0) {
    PutCcw1(kProgram, command, flags, count, address);
    Start(number);
    return Test(number);
  }

 private:
  StorageOfBytes storage_{kStorageSize};
  QueuedInterruptions interruptions_;
  ChannelSubsystem subsystem_{storage_, interruptions_};
  IoOutcome last_test_;
  Irb::Bytes last_irb_{};
};

}  // namespace ucontrol

#endif  // TESTS_UCONTROL_CHANNEL_SUBSYSTEM_CHANNEL_GUEST_H_
