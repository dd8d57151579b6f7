#include "ucontrol/diagnose/release_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
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

// A hole in a file frees it; memory that has none (EINVAL) begins anew. What the host can't give
// back, such as larger pages of a file, is zeroed.
void Discard(uint8_t* bytes, uint64_t length) {
  if (madvise(bytes, length, MADV_REMOVE) == 0) return;
  if (errno == EINVAL && madvise(bytes, length, MADV_DONTNEED) == 0) return;
  std::memset(bytes, 0, length);
}

void DiscardBetween(Machine& machine, uint64_t start, uint64_t end) {
  if (start < end) DiscardStorage(machine, GuestAbsolute(start), end - start);
}

}  // namespace

// A segment is contiguous in our memory, or absent.
void DiscardStorage(Machine& machine, GuestAbsolute start, uint64_t length) {
  const uint64_t end = std::min(start.raw() + length, machine.storage_size());
  for (uint64_t at = start.raw(); at < end;) {
    const uint64_t segment_end = std::min(end, (at / kSegmentSize + 1) * kSegmentSize);
    if (uint8_t* bytes = machine.Find(GuestAbsolute(at), segment_end - at)) {
      Discard(bytes, segment_end - at);
    }
    at = segment_end;
  }
}

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
  DiscardBetween(machine, start, std::min(end, std::max(start, prefix)));
  DiscardBetween(machine, std::max(start, std::min(end, prefix_end)), end);
  return Disposition::Resume();
}

}  // namespace ucontrol
