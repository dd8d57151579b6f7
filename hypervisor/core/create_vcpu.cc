#include "hypervisor/core/create_vcpu.h"

#include <cerrno>
#include <memory>
#include <mutex>
#include <utility>

#include "hypervisor/uapi/capability.h"

namespace hypervisor {
namespace {

constexpr uint8_t kHostProgramKvm = 4;   // hpid
constexpr uint32_t kCryptoFormat1 = 1;   // crycbd, low bits
constexpr uint64_t kItdbOffset = 0x600;  // within the SIE page
constexpr uint64_t kRiccbOffset = 1792;  // within kvm_run
constexpr uint64_t kSdnxOffset = 2048;   // within kvm_run
constexpr uint64_t kSdnxSize256 = 8;     // log2, in sdnxo's low bits

uint32_t InitialFlags(const Vm& vm) {
  uint32_t flags = uapi::kCpuZarch | uapi::kCpuSm | uapi::kCpuStopped;
  if (vm.model.Has(Facility::kEdat2))
    flags |= uapi::kCpuGed2;
  else if (vm.model.Has(Facility::kEdat1))
    flags |= uapi::kCpuGed;
  if (vm.system.machine.keyless_subset) flags |= uapi::kCpuKss;
  return flags;
}

void SetControls(const Vm& vm, uapi::SieBlock& block) {
  const Machine& machine = vm.system.machine;
  const CpuModel& model = vm.model;

  if (!machine.keyless_subset) block.ictl = uapi::kIctlIske | uapi::kIctlSske | uapi::kIctlRrbe;
  if (model.Has(Facility::kSthyi) || vm.user_instruction_0) block.ictl |= uapi::kIctlOperexc;

  block.eca = uapi::kEcaMvpgi | uapi::kEcaProtexci;
  if (machine.conditional_external) block.eca |= uapi::kEcaCei;
  if (model.Has(Facility::kVector)) block.eca |= uapi::kEcaVx;

  if (machine.enhanced_suppression) block.ecb |= uapi::kEcbHostprotint;
  if (model.Has(Facility::kSenseRunning)) block.ecb |= uapi::kEcbSrsi;
  if (model.Has(Facility::kTopology)) block.ecb |= uapi::kEcbPtf;
  if (model.Has(Facility::kTransactionalExecution)) block.ecb |= uapi::kEcbTe;
  if (!vm.ucontrol) block.ecb |= uapi::kEcbSpeci;

  if (vm.use_cmma) block.ecb2 |= uapi::kEcb2Cmma;
  if (model.Has(Facility::kEdat1) && machine.page_frame_management && !vm.use_cmma)
    block.ecb2 |= uapi::kEcb2Pfmfi;
  if (model.Has(Facility::kInstructionExecutionProtection)) block.ecb2 |= uapi::kEcb2Iep;

  if (model.Has(Facility::kMsa3)) {
    if (vm.aes_key_wrapping) block.ecb3 |= uapi::kEcb3Aes;
    if (vm.dea_key_wrapping) block.ecb3 |= uapi::kEcb3Dea;
    block.crycbd = kCryptoFormat1;
  }

  if (model.Has(Facility::kVector)) block.ecd |= uapi::kEcdHostregmgmt;
  if (model.Has(Facility::kMultipleEpoch)) block.ecd |= uapi::kEcdMef;
}

// The kernel puts host addresses of the vCPU's own structures here, which mean nothing to user
// space but for their low format bits. Ours are tokens.
void SetDesignations(uapi::SieBlock& block, uint64_t token) {
  block.itdba = token + kItdbOffset;
  block.riccbd = token + kRiccbOffset;
  block.sdnxo = (token + kSdnxOffset) | kSdnxSize256;
  block.fac = static_cast<uint32_t>(token);
}

void SetSyncRegisters(const Vcpu& vcpu) {
  const CpuModel& model = vcpu.vm().model;
  uint64_t& valid = vcpu.run().kvm_valid_regs;
  valid = uapi::kSyncPrefix | uapi::kSyncGprs | uapi::kSyncAcrs | uapi::kSyncCrs |
          uapi::kSyncArch0 | uapi::kSyncPfault | uapi::kSyncDiag318;
  valid |= vcpu.has_vectors() ? uapi::kSyncVrs : uapi::kSyncFprs;
  if (HasFacility(model.fac_list, 64)) valid |= uapi::kSyncRiccb;
  if (HasFacility(model.fac_list, 82)) valid |= uapi::kSyncBpbc;
  if (HasFacility(model.fac_list, 133)) valid |= uapi::kSyncGscb;
  if (HasFacility(model.fac_list, 156)) valid |= uapi::kSyncEtoken;
}

}  // namespace

int64_t CreateVcpu(Vm& vm, uint64_t id) {
  const std::lock_guard lock(vm.mutex);
  if (id >= vm.vcpus.size()) return -EINVAL;
  if (vm.FindVcpu(id)) return -EEXIST;
  auto pages = VcpuPages::Allocate(
      vm.ucontrol ? VcpuPages::Shown::kRunAndSieBlock : VcpuPages::Shown::kRunOnly,
      vm.system.pages_in_files);
  if (!pages) return -ENOMEM;

  auto vcpu = std::make_unique<Vcpu>(vm, static_cast<uint16_t>(id), std::move(pages));
  uapi::SieBlock& block = vcpu->block();
  block.cpuflags = InitialFlags(vm);
  block.prefix_and_ibc = vm.model.ibc & 0xfffu;
  block.icpua = vcpu->id();
  block.hpid = kHostProgramKvm;
  block.msl = vm.system.machine.last_storage_byte;
  block.epoch = vm.epoch;
  SetControls(vm, block);
  SetDesignations(block, (id + 1) << 13);
  SetSyncRegisters(*vcpu);

  if (vm.ucontrol) {
    vm.engine_facilities = vm.model.Facilities();
    vcpu->sie = vm.system.engine(SieEnvironment{.space = vcpu->space,
                                                .keys = vm.system.keys,
                                                .broadcast = vm.broadcast,
                                                .facilities = vm.engine_facilities,
                                                .code = &vm.code});
    if (!vcpu->sie) return -ENOMEM;
  }
  const int number = vm.system.files.Open(std::make_unique<VcpuFile>(vm.shared_from_this(), *vcpu));
  if (number < 0) return number;
  vm.vcpus[id].store(vcpu.release(), std::memory_order_release);
  vm.vcpu_count.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace hypervisor
