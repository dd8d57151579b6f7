#include "hypervisor/core/sync_registers.h"

#include <algorithm>
#include <cstring>

#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

constexpr uint8_t kBranchPredictionBlocking = 0x20;  // fpf
constexpr uint8_t kBpbcBit = 0x80;                   // leftmost bit of SyncRegs::bpbc
constexpr int kBpbFacility = 82;
constexpr uint64_t kControlProgramNameShift = 56;  // of diag318

// Mostly they are what they were; then nothing is stored that the next atomic operation would wait
// for. By the C library, which takes the widest registers that the host has: in line the compiler
// would use a string instruction, which takes longer to begin than all of this.
[[gnu::noipa]] void UpdateVectors(void* to, const void* from, size_t bytes) {
  if (std::memcmp(to, from, bytes) != 0) std::memcpy(to, from, bytes);
}

void LoadDirtyRegisters(Vcpu& vcpu, uint64_t dirty) {
  uapi::SieBlock& block = vcpu.block();
  const uapi::SyncRegs& regs = vcpu.run().s.regs;
  if (dirty & uapi::kSyncPrefix) {
    block.set_prefix(static_cast<uint32_t>(regs.prefix));
    vcpu.prefix_pin.reset();
    vcpu.flush_translations = true;
  }
  if (dirty & uapi::kSyncCrs) {
    std::copy_n(regs.crs, 16, block.gcr);
    vcpu.flush_translations = true;
  }
  if (dirty & uapi::kSyncArch0) {
    block.todpr = static_cast<uint32_t>(regs.todpr);
    block.cputm = regs.cputm;
    block.ckc = regs.ckc;
    block.pp = regs.pp;
    block.gbea = regs.gbea;
  }
  if (dirty & uapi::kSyncPfault) {
    vcpu.pfault_token = regs.pft;
    vcpu.pfault_select = regs.pfs;
    vcpu.pfault_compare = regs.pfc;
  }
  if (dirty & uapi::kSyncBpbc && HasFacility(vcpu.vm().model.fac_list, kBpbFacility)) {
    block.fpf &= static_cast<uint8_t>(~kBranchPredictionBlocking);
    if (regs.bpbc & kBpbcBit) block.fpf |= kBranchPredictionBlocking;
  }
  if (dirty & uapi::kSyncDiag318) {
    vcpu.diag318 = regs.diag318;
    block.cpnc = static_cast<uint8_t>(regs.diag318 >> kControlProgramNameShift);
  }
}

}  // namespace

void LoadRegisters(Vcpu& vcpu) {
  uapi::Run& run = vcpu.run();
  const uapi::SyncRegs& regs = run.s.regs;
  uapi::SieBlock& block = vcpu.block();
  CpuState& cpu = vcpu.cpu;
  if (const uint64_t dirty = run.kvm_dirty_regs) {
    run.kvm_dirty_regs = 0;
    LoadDirtyRegisters(vcpu, dirty);
  }
  std::memcpy(cpu.gpr.data(), regs.gprs, sizeof(regs.gprs));
  std::memcpy(cpu.ar.data(), regs.acrs, sizeof(regs.acrs));
  std::memcpy(cpu.cr.data(), block.gcr, sizeof(block.gcr));
  if (vcpu.has_vectors()) {
    UpdateVectors(cpu.vr.data(), regs.vrs, sizeof(regs.vrs));
  } else {
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) cpu.vr[i].high = regs.fprs[i];
  }
  cpu.fpc = regs.fpc;
  cpu.psw = {run.psw_mask, run.psw_addr};
  cpu.prefix = block.prefix() & 0x7fffe000;
  cpu.tod_programmable = block.todpr;
  cpu.breaking_event_address = block.gbea;
  cpu.clock_comparator = block.ckc;
  cpu.program_parameter = block.pp;
  block.gpsw_mask = run.psw_mask;
  block.gpsw_addr = run.psw_addr;
  block.gg14 = regs.gprs[14];
  block.gg15 = regs.gprs[15];
}

void StoreRegisters(Vcpu& vcpu) {
  uapi::Run& run = vcpu.run();
  uapi::SyncRegs& regs = run.s.regs;
  uapi::SieBlock& block = vcpu.block();
  const CpuState& cpu = vcpu.cpu;
  std::memcpy(regs.gprs, cpu.gpr.data(), sizeof(regs.gprs));
  std::memcpy(regs.acrs, cpu.ar.data(), sizeof(regs.acrs));
  std::memcpy(block.gcr, cpu.cr.data(), sizeof(block.gcr));
  std::memcpy(regs.crs, cpu.cr.data(), sizeof(regs.crs));
  if (vcpu.has_vectors()) {
    UpdateVectors(regs.vrs, cpu.vr.data(), sizeof(regs.vrs));
  } else {
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) regs.fprs[i] = cpu.vr[i].high;
  }
  regs.fpc = cpu.fpc;
  run.psw_mask = block.gpsw_mask = cpu.psw.mask;
  run.psw_addr = block.gpsw_addr = cpu.psw.address;
  block.gg14 = cpu.gpr[14];
  block.gg15 = cpu.gpr[15];
  block.todpr = cpu.tod_programmable;
  block.gbea = cpu.breaking_event_address;
  block.ckc = cpu.clock_comparator;
  block.pp = cpu.program_parameter;

  regs.prefix = block.prefix();
  regs.todpr = cpu.tod_programmable;
  regs.cputm = block.cputm;
  regs.ckc = cpu.clock_comparator;
  regs.pp = cpu.program_parameter;
  regs.gbea = cpu.breaking_event_address;
  regs.pft = vcpu.pfault_token;
  regs.pfs = vcpu.pfault_select;
  regs.pfc = vcpu.pfault_compare;
  regs.bpbc = static_cast<uint8_t>((regs.bpbc & ~kBpbcBit) |
                                   (block.fpf & kBranchPredictionBlocking ? kBpbcBit : 0));
  regs.diag318 = vcpu.diag318;
}

}  // namespace hypervisor
