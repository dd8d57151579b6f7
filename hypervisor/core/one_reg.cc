#include "hypervisor/core/one_reg.h"

#include <cerrno>

#include "hypervisor/core/user_copy.h"

namespace hypervisor {
namespace {

// Where a doubleword register lives; null if there is no such register.
uint64_t* Find(Vcpu& vcpu, uint64_t id, uint64_t& unaligned) {
  uapi::SieBlock& block = vcpu.block();
  switch (id) {
    case uapi::kRegEpochdiff:
      return &block.epoch;
    case uapi::kRegCpuTimer:
      return &block.cputm;
    case uapi::kRegClockComp:
      return &block.ckc;
    case uapi::kRegPftoken:
      return &vcpu.pfault_token;
    case uapi::kRegPfcompare:
      return &vcpu.pfault_compare;
    case uapi::kRegPfselect:
      return &vcpu.pfault_select;
    case uapi::kRegPp:
      unaligned = block.pp;
      return &unaligned;
    case uapi::kRegGbea:
      return &block.gbea;
    default:
      return nullptr;
  }
}

}  // namespace

int64_t ReadOneReg(Vcpu& vcpu, const uapi::OneReg& reg) {
  if (reg.id == uapi::kRegTodpr) {
    const uint32_t todpr = vcpu.block().todpr;
    return CopyToUser(reg.addr, &todpr, sizeof(todpr)) ? 0 : -EFAULT;
  }
  uint64_t unaligned = 0;
  const uint64_t* value = Find(vcpu, reg.id, unaligned);
  if (!value) return -EINVAL;
  return CopyToUser(reg.addr, value, sizeof(*value)) ? 0 : -EFAULT;
}

int64_t WriteOneReg(Vcpu& vcpu, const uapi::OneReg& reg) {
  if (reg.id == uapi::kRegTodpr) {
    uint32_t todpr = 0;
    if (!CopyFromUser(&todpr, reg.addr, sizeof(todpr))) return -EFAULT;
    vcpu.block().todpr = todpr;
    return 0;
  }
  uint64_t unaligned = 0;
  uint64_t* place = Find(vcpu, reg.id, unaligned);
  if (!place) return -EINVAL;
  uint64_t value = 0;
  if (!CopyFromUser(&value, reg.addr, sizeof(value))) return -EFAULT;
  *place = value;
  if (reg.id == uapi::kRegPp) vcpu.block().pp = value;
  return 0;
}

}  // namespace hypervisor
