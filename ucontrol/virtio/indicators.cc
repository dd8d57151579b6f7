#include "ucontrol/virtio/indicators.h"

namespace ucontrol::virtio {
namespace {

using hypervisor::GuestAbsolute;

// Bit 63 - `bit` of the doubleword at `address`, in the PoP's count.
bool SetBitOfDoubleword(AbsoluteStorage& storage, GuestAbsolute address, uint32_t bit) {
  uint8_t* bytes = storage.Find(address, 8);
  if (!bytes) return false;
  __atomic_fetch_or(bytes + 7 - bit / 8, uint8_t(1 << bit % 8), __ATOMIC_SEQ_CST);
  return true;
}

}  // namespace

bool Indicators::SetClassic(GuestAbsolute address) {
  if (adapter_) return false;
  classic_ = address;
  return true;
}

bool Indicators::SetAdapter(const Adapter& adapter) {
  if (classic_.raw()) return false;
  adapter_.reset();
  if (adapter.bits.raw()) adapter_ = adapter;
  return true;
}

Indicators::Interruption Indicators::IndicateQueue(AbsoluteStorage& storage, uint32_t queue) const {
  if (!adapter_) {
    if (!classic_.raw() || queue >= 64) return Interruption::kNone;
    return SetBitOfDoubleword(storage, classic_, queue) ? Interruption::kSubchannel
                                                        : Interruption::kNone;
  }
  const uint64_t bit = adapter_->first_bit + queue;
  uint8_t* byte = storage.Find(adapter_->bits + bit / 8, 1);
  uint8_t* summary = storage.Find(adapter_->summary, 1);
  if (!byte || !summary) return Interruption::kNone;
  __atomic_fetch_or(byte, uint8_t(0x80 >> bit % 8), __ATOMIC_SEQ_CST);
  // Whoever finds the summary set before knows that the driver hasn't looked since.
  return __atomic_exchange_n(summary, uint8_t{1}, __ATOMIC_SEQ_CST) ? Interruption::kNone
                                                                    : Interruption::kAdapter;
}

Indicators::Interruption Indicators::IndicateConfiguration(AbsoluteStorage& storage) const {
  if (!configuration_.raw()) return Interruption::kNone;
  return SetBitOfDoubleword(storage, configuration_, 0) ? Interruption::kSubchannel
                                                        : Interruption::kNone;
}

}  // namespace ucontrol::virtio
