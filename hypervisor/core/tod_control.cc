// KVM_S390_VM_TOD: the guest's TOD clock.
#include <cerrno>

#include "hypervisor/arch/host_clock.h"
#include "hypervisor/core/user_copy.h"
#include "hypervisor/core/vm.h"
#include "hypervisor/core/vm_attributes.h"

namespace hypervisor {
namespace {

// On all CPUs, as an epoch: those that run see it at their next look at their clock.
void SetTod(Vm& vm, uint64_t tod) {
  vm.epoch = tod - HostTod();
  for (const auto& slot : vm.vcpus) {
    const Vcpu* vcpu = slot.load(std::memory_order_acquire);
    if (vcpu) std::atomic_ref(vcpu->block().epoch).store(vm.epoch, std::memory_order_relaxed);
  }
}

int64_t Has(Vm&, const uapi::DeviceAttr& attr) {
  return attr.attr == uapi::kTodLow || attr.attr == uapi::kTodHigh ? 0 : -ENXIO;
}

template <typename Value>
int64_t Give(uint64_t user, const Value& value) {
  return CopyToUser(user, &value, sizeof(value)) ? 0 : -EFAULT;
}

int64_t Read(Vm& vm, const uapi::DeviceAttr& attr) {
  if (attr.flags) return -EINVAL;
  const uint64_t tod = HostTod() + vm.epoch;
  switch (attr.attr) {
    case uapi::kTodLow:
      return Give(attr.addr, tod);
    case uapi::kTodHigh:
      return Give(attr.addr, uint8_t{0});
    case uapi::kTodExt:
      return Give(attr.addr, uapi::TodClock{.epoch_idx = 0, .pad = {}, .tod = tod});
    default:
      return -ENXIO;
  }
}

int64_t SetLow(Vm& vm, uint64_t user) {
  uint64_t tod = 0;
  if (!CopyFromUser(&tod, user, sizeof(tod))) return -EFAULT;
  SetTod(vm, tod);
  return 0;
}

int64_t SetHigh(uint64_t user) {
  uint8_t high = 0;
  if (!CopyFromUser(&high, user, sizeof(high))) return -EFAULT;
  return high ? -EINVAL : 0;
}

int64_t SetExtended(Vm& vm, uint64_t user) {
  uapi::TodClock clock;
  if (!CopyFromUser(&clock, user, sizeof(clock))) return -EFAULT;
  if (clock.epoch_idx && !vm.model.Has(Facility::kMultipleEpoch)) return -EINVAL;
  SetTod(vm, clock.tod);
  return 0;
}

int64_t Set(Vm& vm, const uapi::DeviceAttr& attr) {
  if (attr.flags) return -EINVAL;
  switch (attr.attr) {
    case uapi::kTodLow:
      return SetLow(vm, attr.addr);
    case uapi::kTodHigh:
      return SetHigh(attr.addr);
    case uapi::kTodExt:
      return SetExtended(vm, attr.addr);
    default:
      return -ENXIO;
  }
}

}  // namespace

constexpr AttributeGroup kTodControl = {&Has, &Read, &Set};

}  // namespace hypervisor
