#include "hypervisor/core/ucas.h"

#include <cerrno>

#include "hypervisor/arch/interruption.h"
#include "hypervisor/core/absolute_access.h"
#include "hypervisor/core/user_copy.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

bool IsSegmentAligned(uint64_t value) {
  return value % kSegmentSize == 0;
}

// A range that ends at 2^64 counts as wrapping, as it does in the kernel.
bool Wraps(uint64_t start, uint64_t length) {
  return start + length < start;
}

}  // namespace

int64_t UcasMap(Vcpu& vcpu, const uapi::UcasMapping& mapping) {
  if (!vcpu.vm().ucontrol) return -EINVAL;
  if (!IsSegmentAligned(mapping.user_addr | mapping.vcpu_addr | mapping.length)) return -EINVAL;
  if (mapping.length == 0) return 0;
  if (Wraps(mapping.user_addr, mapping.length)) return -EINVAL;
  if (Wraps(mapping.vcpu_addr, mapping.length)) return -EINVAL;
  vcpu.space.Map(UserAddress(mapping.user_addr), VcpuAddress(mapping.vcpu_addr), mapping.length);
  return 0;
}

int64_t UcasUnmap(Vcpu& vcpu, const uapi::UcasMapping& mapping) {
  if (!vcpu.vm().ucontrol) return -EINVAL;
  if (!IsSegmentAligned(mapping.vcpu_addr | mapping.length)) return -EINVAL;
  if (mapping.length == 0) return 0;
  if (Wraps(mapping.vcpu_addr, mapping.length)) return -EINVAL;
  vcpu.space.Unmap(VcpuAddress(mapping.vcpu_addr), mapping.length);
  return 0;
}

int64_t VcpuFault(Vcpu& vcpu, uint64_t address) {
  if (!vcpu.vm().ucontrol) {
    const auto user = FindUserAddress(vcpu.vm(), GuestAbsolute(address));
    return user && IsReadable(user->raw()) ? 0 : -EFAULT;
  }
  const auto user = vcpu.space.Resolve(VcpuAddress(address));
  if (!user) {
    ReportMissingSegment(vcpu, VcpuAddress(address));
    return -EREMOTE;
  }
  return IsReadable(user->raw()) ? 0 : -EFAULT;
}

int64_t PreFaultMemory(Vcpu& vcpu, const uapi::PreFaultMemory& range) {
  if (vcpu.vm().ucontrol || range.flags) return -EINVAL;
  if ((range.gpa | range.size) & kPageMask || range.size == 0) return -EINVAL;
  if (range.gpa + range.size < range.gpa) return -EINVAL;
  for (uint64_t done = 0; done < range.size; done += kPageSize) {
    const auto user = FindUserAddress(vcpu.vm(), GuestAbsolute(range.gpa + done));
    if (!user) return -ENOENT;
    if (!IsReadable(user->raw())) return -EFAULT;
  }
  return 0;
}

void ReportMissingSegment(Vcpu& vcpu, VcpuAddress address) {
  uapi::Run& run = vcpu.run();
  run.exit_reason = static_cast<uint32_t>(uapi::ExitReason::kUcontrol);
  run.s390_ucontrol.trans_exc_code = address.page().raw();
  run.s390_ucontrol.pgm_code = static_cast<uint32_t>(PgmCode::kSegmentTranslation);
}

}  // namespace hypervisor
