// DIAGNOSE 0x010: the guest gives pages back, whose contents become zeros.
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hypervisor/arch/address.h"
#include "hypervisor/arch/prefix_area.h"
#include "ucontrol/diagnose/functions.h"
#include "ucontrol/machine.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::GuestAbsolute;
using hypervisor::kPageMask;
using hypervisor::kPageSize;
using hypervisor::kSegmentSize;
using hypervisor::PgmCode;

// Pages of one segment, which is contiguous in our memory; what isn't storage is passed over.
void Discard(Machine& machine, uint64_t start, uint64_t end) {
  uint8_t* const bytes = machine.Find(GuestAbsolute(start), end - start);
  if (bytes == nullptr) return;
  // Host memory of a larger page size, or not backed by a file, can't be given back so.
  if (madvise(bytes, end - start, MADV_REMOVE) != 0) std::memset(bytes, 0, end - start);
}

void DiscardAll(Machine& machine, uint64_t start, uint64_t end) {
  end = std::min(end, machine.storage_size());
  while (start < end) {
    const uint64_t segment_end = std::min(end, (start / kSegmentSize + 1) * kSegmentSize);
    Discard(machine, start, segment_end);
    start = segment_end;
  }
}

}  // namespace

Disposition ReleasePages(Vcpu& vcpu) {
  const Cpu& cpu = vcpu.cpu();
  const uint64_t start = cpu.gpr(R1OfRs(vcpu.ipa()));
  const uint64_t end = cpu.gpr(R3OfRs(vcpu.ipa())) + kPageSize;
  if ((start & kPageMask) != 0 || (end & kPageMask) != 0 || start >= end ||
      start < hypervisor::prefix_area::kSize) {
    return Disposition::Interrupt(PgmCode::kSpecification);
  }
  // These are real addresses: the prefix area is where absolute 0 is, and stays what it is.
  const uint64_t prefix = cpu.prefix();
  const uint64_t prefix_end = prefix + hypervisor::prefix_area::kSize;
  Machine& machine = vcpu.machine();
  DiscardAll(machine, start, std::min(end, std::max(start, prefix)));
  DiscardAll(machine, std::max(start, std::min(end, prefix_end)), end);
  return Disposition::Resume();
}

}  // namespace ucontrol
