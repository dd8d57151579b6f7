// Where a driver wants to be told which of its queues have something: classic indicators with an
// interruption of the subchannel, or adapter indicators with an adapter interruption.
#ifndef UCONTROL_VIRTIO_INDICATORS_H_
#define UCONTROL_VIRTIO_INDICATORS_H_

#include <cstdint>
#include <optional>

#include "hypervisor/arch/address.h"
#include "ucontrol/absolute_storage.h"

namespace ucontrol::virtio {

// Not synchronised.
class Indicators {
 public:
  // What has to follow when an indicator was set.
  enum class Interruption { kNone, kSubchannel, kAdapter };

  struct Adapter {
    hypervisor::GuestAbsolute summary;  // a byte
    hypervisor::GuestAbsolute bits;
    uint64_t first_bit = 0;  // the bit of queue 0, counted from the left
    uint8_t isc = 0;
  };

  // Absolute address 0 takes an indicator away. False: the other kind is in use.
  bool SetClassic(hypervisor::GuestAbsolute address);
  bool SetAdapter(const Adapter& adapter);
  void SetConfiguration(hypervisor::GuestAbsolute address) { configuration_ = address; }
  void Clear() { *this = Indicators(); }

  Interruption IndicateQueue(AbsoluteStorage& storage, uint32_t queue) const;
  Interruption IndicateConfiguration(AbsoluteStorage& storage) const;
  uint8_t isc() const { return adapter_ ? adapter_->isc : 0; }

 private:
  hypervisor::GuestAbsolute classic_;
  hypervisor::GuestAbsolute configuration_;
  std::optional<Adapter> adapter_;
};

}  // namespace ucontrol::virtio

#endif  // UCONTROL_VIRTIO_INDICATORS_H_
