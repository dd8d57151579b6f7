#include "hypervisor/core/resets.h"

#include <algorithm>
#include <cstring>

#include "hypervisor/arch/psw.h"
#include "hypervisor/core/cpu_state_control.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

constexpr uint64_t kInitialCr0 = 0xe0;
constexpr uint64_t kInitialCr14 = 0xc2000000;
constexpr uint64_t kInitialBreakingEvent = 1;
constexpr uint8_t kBranchPredictionBlocking = 0x20;  // fpf

}  // namespace

int64_t NormalReset(Vcpu& vcpu, uint64_t) {
  vcpu.block().gpsw_mask &= ~Psw::kRuntimeInstrumentation;
  vcpu.pfault_token = Vcpu::kNoToken;
  std::memset(vcpu.run().s.regs.riccb, 0, sizeof(vcpu.run().s.regs.riccb));
  if (!vcpu.vm().user_cpu_state) StopCpu(vcpu);
  vcpu.interruptions.Clear();
  return 0;
}

int64_t InitialReset(Vcpu& vcpu, uint64_t argument) {
  NormalReset(vcpu, argument);
  uapi::SieBlock& block = vcpu.block();
  block.gpsw_mask = 0;
  block.gpsw_addr = 0;
  block.set_prefix(0);
  vcpu.prefix_pin.reset();
  block.cputm = 0;
  block.ckc = 0;
  std::fill(std::begin(block.gcr), std::end(block.gcr), 0);
  block.gcr[0] = kInitialCr0;
  block.gcr[14] = kInitialCr14;
  vcpu.flush_translations = true;
  block.gbea = kInitialBreakingEvent;
  block.pp = 0;
  block.fpf &= static_cast<uint8_t>(~kBranchPredictionBlocking);
  block.todpr = 0;

  uapi::Run& run = vcpu.run();
  uapi::SyncRegs& regs = run.s.regs;
  std::copy(std::begin(block.gcr), std::end(block.gcr), regs.crs);
  run.psw_mask = 0;
  run.psw_addr = 0;
  regs.todpr = 0;
  regs.cputm = 0;
  regs.ckc = 0;
  regs.pp = 0;
  regs.gbea = kInitialBreakingEvent;
  regs.fpc = 0;
  return 0;
}

int64_t ClearReset(Vcpu& vcpu, uint64_t argument) {
  InitialReset(vcpu, argument);
  uapi::SyncRegs& regs = vcpu.run().s.regs;
  std::memset(regs.gprs, 0, sizeof(regs.gprs));
  std::memset(regs.acrs, 0, sizeof(regs.acrs));
  std::memset(regs.vrs, 0, sizeof(regs.vrs));
  std::memset(&regs.sdnx.gscb, 0, sizeof(regs.sdnx.gscb));
  regs.sdnx.etoken = 0;
  regs.sdnx.etoken_extension = 0;
  return 0;
}

}  // namespace hypervisor
