#include "ucontrol/store_status.h"

#include <algorithm>
#include <vector>

#include "ucontrol/big_endian.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace prefix_area = hypervisor::prefix_area;
using hypervisor::GuestAbsolute;

namespace {

constexpr uint64_t kVectorsLength = 512;
constexpr uint64_t kGuardedStorageOffset = 1024;

// A failed access leaves nothing for the guest: nobody's instruction caused it.
bool Forget(Vcpu& vcpu, bool stored) {
  if (!stored) vcpu.storage().Fault();
  return stored;
}

}  // namespace

CpuStatus FormatStatus(const Cpu& cpu) {
  CpuStatus status{};
  for (int r = 0; r < 16; ++r) {
    StoreBigEndian(&status[prefix_area::kStatusFprs + r * 8], cpu.fpr(r));
    StoreBigEndian(&status[prefix_area::kStatusGprs + r * 8], cpu.gpr(r));
    StoreBigEndian(&status[prefix_area::kStatusAccessRegisters + r * 4], cpu.ar(r));
    StoreBigEndian(&status[prefix_area::kStatusControlRegisters + r * 8], cpu.cr(r));
  }
  StoreBigEndian(&status[prefix_area::kStatusPsw], cpu.psw().mask);
  StoreBigEndian(&status[prefix_area::kStatusPsw + 8], cpu.psw().address);
  StoreBigEndian(&status[prefix_area::kStatusPrefix], cpu.prefix());
  StoreBigEndian(&status[prefix_area::kStatusFpc], cpu.fpc());
  StoreBigEndian(&status[prefix_area::kStatusTodProgrammable], cpu.tod_programmable());
  StoreBigEndian(&status[prefix_area::kStatusCpuTimer], cpu.cpu_timer());
  StoreBigEndian(&status[prefix_area::kStatusClockComparator], cpu.clock_comparator() >> 8);
  return status;
}

bool StoreStatusAt(Vcpu& vcpu, GuestAbsolute address) {
  const CpuStatus status = FormatStatus(vcpu.cpu());
  return Forget(vcpu, vcpu.storage().WriteAbsolute(address, status.data(), status.size()));
}

bool StoreStatus(Vcpu& vcpu, StatusArea area) {
  const uint64_t origin = area == StatusArea::kPrefixed ? vcpu.cpu().prefix() : 0;
  const uint8_t mode = 1;
  return Forget(vcpu, vcpu.storage().WriteAbsolute(
                          GuestAbsolute(origin + prefix_area::kArchitecturalModeId), &mode, 1)) &&
         StoreStatusAt(vcpu, GuestAbsolute(origin + prefix_area::kStoreStatus));
}

bool StoreAdditionalStatus(Vcpu& vcpu, GuestAbsolute address, uint64_t length) {
  const hypervisor::uapi::SyncRegs& regs = vcpu.cpu().run().s.regs;
  std::vector<uint8_t> bytes(length > kGuardedStorageOffset ? kGuardedStorageOffset + 32
                                                            : kVectorsLength);
  for (int r = 0; r < 32; ++r) {
    StoreBigEndian(&bytes[r * 16], regs.vrs[r][0]);
    StoreBigEndian(&bytes[r * 16 + 8], regs.vrs[r][1]);
  }
  if (length > kGuardedStorageOffset)
    for (int i = 0; i < 4; ++i)
      StoreBigEndian(&bytes[kGuardedStorageOffset + i * 8], regs.sdnx.gscb[i]);
  return Forget(vcpu, vcpu.storage().WriteAbsolute(address, bytes.data(), bytes.size()));
}

}  // namespace ucontrol
