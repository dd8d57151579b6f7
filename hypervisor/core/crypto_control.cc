// KVM_S390_VM_CRYPTO: key wrapping of the message-security assist, and adjunct processors (of which
// there are none).
#include <cerrno>

#include "hypervisor/core/vm.h"
#include "hypervisor/core/vm_attributes.h"

namespace hypervisor {
namespace {

int64_t Has(Vm&, const uapi::DeviceAttr& attr) {
  return attr.attr <= uapi::kCryptoDisableDeaKw ? 0 : -ENXIO;
}

int64_t Read(Vm&, const uapi::DeviceAttr&) {
  return -ENXIO;
}

// All CPUs there are take it over at once.
void Publish(const Vm& vm) {
  for (const auto& slot : vm.vcpus) {
    const Vcpu* vcpu = slot.load(std::memory_order_acquire);
    if (!vcpu) continue;
    const std::atomic_ref ecb3(vcpu->block().ecb3);
    ecb3.fetch_and(static_cast<uint8_t>(~(uapi::kEcb3Aes | uapi::kEcb3Dea)));
    ecb3.fetch_or(static_cast<uint8_t>((vm.aes_key_wrapping ? uapi::kEcb3Aes : 0) |
                                       (vm.dea_key_wrapping ? uapi::kEcb3Dea : 0)));
  }
}

int64_t Set(Vm& vm, const uapi::DeviceAttr& attr) {
  if (attr.attr == uapi::kCryptoEnableApie || attr.attr == uapi::kCryptoDisableApie)
    return -EOPNOTSUPP;
  if (attr.attr > uapi::kCryptoDisableDeaKw) return -ENXIO;
  if (!vm.model.Has(Facility::kMsa3)) return -EINVAL;
  switch (attr.attr) {
    case uapi::kCryptoEnableAesKw:
    case uapi::kCryptoDisableAesKw:
      vm.aes_key_wrapping = attr.attr == uapi::kCryptoEnableAesKw;
      break;
    default:
      vm.dea_key_wrapping = attr.attr == uapi::kCryptoEnableDeaKw;
      break;
  }
  Publish(vm);
  return 0;
}

}  // namespace

constexpr AttributeGroup kCryptoControl = {&Has, &Read, &Set};

}  // namespace hypervisor
