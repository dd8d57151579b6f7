// Any channel program, against a plain control unit and a virtio one: the subsystem stays whole.
//
// Input: which subchannel, an ORB, then storage from 0x1000 on.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "tests/ucontrol/channel_subsystem/channel_guest.h"
#include "tests/ucontrol/channel_subsystem/memory_unit.h"
#include "ucontrol/virtio/ccw_transport.h"

namespace ucontrol {
namespace {

// A device that no queue is ever served of: what is tried here is its transport.
class IdleDevice : public virtio::Device {
 public:
  virtio::DeviceType type() const override { return virtio::DeviceType::kEntropy; }
  uint64_t features() const override { return 0xff; }
  std::vector<uint16_t> queue_sizes() const override { return {16, 256}; }
  std::vector<uint8_t> Configuration(virtio::ByteOrder) const override {
    return std::vector<uint8_t>(24);
  }
  void WriteConfiguration(uint32_t, std::span<const uint8_t> bytes, virtio::ByteOrder) override {
    if (bytes.size() > 24) abort();
  }
  void Start(virtio::Driver& driver) override { driver_ = &driver; }
  void Stop() override { driver_ = nullptr; }
  void Notify(size_t queue) override {
    if (queue > 1) abort();
    if (!driver_ || !driver_->queue(queue).in_use()) return;
    virtio::Chain chain;
    virtio::Virtqueue& ring = driver_->queue(queue);
    for (int i = 0; i < 16 && ring.Take(chain); ++i) ring.Return(chain, 0);
    driver_->Interrupt(queue);
  }

 private:
  virtio::Driver* driver_ = nullptr;
};

}  // namespace
}  // namespace ucontrol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ucontrol;
  constexpr size_t kOrb = 1, kStorage = kOrb + Orb::kSize;
  if (size < kStorage) return 0;
  StorageOfBytes storage(0x20000);
  QueuedInterruptions interruptions;
  ChannelSubsystem subsystem(storage, interruptions);
  subsystem.Attach(std::make_unique<MemoryUnit>(), 1);
  virtio::CcwTransport::Attach(std::make_unique<IdleDevice>(), 2, subsystem, storage,
                               interruptions);

  const uint64_t id = 0x00010000 | (data[0] & 1);
  Orb::Bytes orb;
  std::copy_n(data + kOrb, orb.size(), orb.begin());
  const size_t content = std::min<size_t>(size - kStorage, 0x1f000);
  std::copy_n(data + kStorage, content, storage.at(0x1000));

  Schib schib;
  schib.pmcw.flags = Pmcw::kEnabled;
  if (data[0] & 2) schib.pmcw.characteristics = Pmcw::kConcurrentSense;
  subsystem.ModifySubchannel(id, schib.Store());
  const IoOutcome started = subsystem.StartSubchannel(id, orb);
  if (started == IoOutcome::Cc(0)) {
    // Something must have come of it: status, or a suspended program.
    Irb::Bytes irb;
    const bool pending = subsystem.TestSubchannel(id, irb) == IoOutcome::Cc(0);
    const bool suspended = (LoadBigEndian<uint16_t>(&irb[2]) & Scsw::kSuspended) != 0;
    if (!pending && !suspended) abort();
    if (suspended) subsystem.ResumeSubchannel(id);
    subsystem.Notify(id, data[0] >> 2 & 1, 0);
    subsystem.HaltSubchannel(id);
    subsystem.ClearSubchannel(id);
    subsystem.TestSubchannel(id, irb);
    if (subsystem.StartSubchannel(id, orb) != IoOutcome::Cc(0)) abort();
  }
  subsystem.Reset();
  return 0;
}
