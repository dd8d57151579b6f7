#include "hypervisor/core/registers.h"

#include <algorithm>
#include <cerrno>

namespace hypervisor {

int64_t ReadRegs(Vcpu& vcpu, uapi::Regs& regs) {
  std::copy_n(vcpu.run().s.regs.gprs, 16, regs.gprs);
  return 0;
}

int64_t SetRegs(Vcpu& vcpu, const uapi::Regs& regs) {
  std::copy_n(regs.gprs, 16, vcpu.run().s.regs.gprs);
  return 0;
}

int64_t ReadSregs(Vcpu& vcpu, uapi::Sregs& sregs) {
  std::copy_n(vcpu.run().s.regs.acrs, 16, sregs.acrs);
  std::copy_n(vcpu.block().gcr, 16, sregs.crs);
  return 0;
}

int64_t SetSregs(Vcpu& vcpu, const uapi::Sregs& sregs) {
  std::copy_n(sregs.acrs, 16, vcpu.run().s.regs.acrs);
  std::copy_n(sregs.crs, 16, vcpu.block().gcr);
  vcpu.flush_translations = true;
  return 0;
}

int64_t ReadFpu(Vcpu& vcpu, uapi::Fpu& fpu) {
  fpu.fpc = vcpu.run().s.regs.fpc;
  for (int i = 0; i < 16; ++i) fpu.fprs[i] = vcpu.FloatingPoint(i);
  return 0;
}

int64_t SetFpu(Vcpu& vcpu, const uapi::Fpu& fpu) {
  vcpu.run().s.regs.fpc = fpu.fpc;
  for (int i = 0; i < 16; ++i) vcpu.FloatingPoint(i) = fpu.fprs[i];
  return 0;
}

int64_t SetInitialPsw(Vcpu& vcpu, const uapi::PswArgument& psw) {
  if (!vcpu.IsStopped()) return -EBUSY;
  vcpu.run().psw_mask = psw.mask;
  vcpu.run().psw_addr = psw.addr;
  return 0;
}

}  // namespace hypervisor
