#include "hypervisor/core/vcpu.h"

#include <mutex>
#include <utility>

#include "hypervisor/core/cpu_state_control.h"
#include "hypervisor/core/enable_cap.h"
#include "hypervisor/core/guest_debug.h"
#include "hypervisor/core/interrupt_requests.h"
#include "hypervisor/core/mem_op.h"
#include "hypervisor/core/one_reg.h"
#include "hypervisor/core/registers.h"
#include "hypervisor/core/request.h"
#include "hypervisor/core/resets.h"
#include "hypervisor/core/run.h"
#include "hypervisor/core/signal_mask.h"
#include "hypervisor/core/stats_file.h"
#include "hypervisor/core/store_status.h"
#include "hypervisor/core/ucas.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {

Vcpu::Vcpu(Vm& vm, uint16_t id, std::unique_ptr<VcpuPages> pages)
    : vm_(vm),
      id_(id),
      pages_(std::move(pages)),
      has_vectors_(vm.system.machine.facilities.Has(Facility::kVector)) {
  cpu.cpu_address = id;
}

Vcpu::~Vcpu() = default;

void Vcpu::SetFlags(uint32_t flags) {
  std::atomic_ref(block().cpuflags).fetch_or(flags);
}

void Vcpu::ClearFlags(uint32_t flags) {
  std::atomic_ref(block().cpuflags).fetch_and(~flags);
}

void Vcpu::Kick() {
  if (sie) sie->Kick();
}

uint64_t& Vcpu::FloatingPoint(int number) const {
  uapi::SyncRegs& regs = run().s.regs;
  return has_vectors_ ? regs.vrs[number][0] : regs.fprs[number];
}

namespace {

constexpr auto kRequests = ByCode(std::to_array<Request<Vcpu>>({
    {uapi::kInitialReset, &InitialReset},
    {uapi::kNormalReset, &NormalReset},
    {uapi::kClearReset, &ClearReset},
    {uapi::kVcpuFault, &VcpuFault},
    {uapi::kUcasMap, &In<Vcpu, uapi::UcasMapping, UcasMap>},
    {uapi::kUcasUnmap, &In<Vcpu, uapi::UcasMapping, UcasUnmap>},
    {uapi::kSetMpState, &In<Vcpu, uapi::MpState, SetMpState>},
    {uapi::kGetOneReg, &In<Vcpu, uapi::OneReg, ReadOneReg>},
    {uapi::kSetOneReg, &In<Vcpu, uapi::OneReg, WriteOneReg>},
    {uapi::kSetInitialPsw, &In<Vcpu, uapi::PswArgument, SetInitialPsw>},
    {uapi::kSetRegs, &In<Vcpu, uapi::Regs, SetRegs>},
    {uapi::kSetSregs, &In<Vcpu, uapi::Sregs, SetSregs>},
    {uapi::kSetFpu, &In<Vcpu, uapi::Fpu, SetFpu>},
    {uapi::kGetMpState, &MpState},
    {uapi::kGetRegs, &Out<Vcpu, uapi::Regs, ReadRegs>},
    {uapi::kGetFpu, &Out<Vcpu, uapi::Fpu, ReadFpu>},
    {uapi::kGetSregs, &Out<Vcpu, uapi::Sregs, ReadSregs>},
    {uapi::kStoreStatus, &StoreStatus},
    {uapi::kSetSignalMask, &SetSignalMask},
    {uapi::kSetGuestDebug, &In<Vcpu, uapi::GuestDebug, SetGuestDebug>},
    {uapi::kEnableCap, &In<Vcpu, uapi::EnableCap, EnableVcpuCap>},
    {uapi::kMemOp, &In<Vcpu, uapi::MemOp, VcpuMemOp>},
    {uapi::kGetIrqState, &In<Vcpu, uapi::IrqState, ReadIrqState>},
    {uapi::kSetIrqState, &In<Vcpu, uapi::IrqState, SetIrqState>},
    {uapi::kGetStatsFd, &OpenVcpuStats},
    {uapi::kPreFaultMemory, &In<Vcpu, uapi::PreFaultMemory, PreFaultMemory>},
    {uapi::kPvCpuCommand, &Refuse<EINVAL, Vcpu>},  // needs an ultravisor
    {uapi::kTranslate, &Refuse<EINVAL, Vcpu>},
}));

// What may come while another thread holds the vCPU.
constexpr auto kAsynchronous = ByCode(std::to_array<Request<Vcpu>>({
    {uapi::kInterrupt, &Interrupt},
    {uapi::kIrq, &In<Vcpu, uapi::Irq, InjectIrq>},
}));

constexpr uint32_t RequestType(uint32_t request) {
  return request >> 8 & 0xff;
}
constexpr uint32_t kKvmType = 0xae;  // KVMIO

}  // namespace

bool NeedsVcpu(uint32_t request) {
  return request == uapi::kRun || FindRequest(kRequests, request) != nullptr;
}

int64_t AnswerVcpu(Vcpu& vcpu, uint32_t request, uint64_t argument) {
  if (request == uapi::kRun) {
    const std::lock_guard lock(vcpu.mutex);
    return RunVcpu(vcpu, argument);
  }
  if (RequestType(request) != kKvmType) return -EINVAL;
  if (const auto* row = FindRequest(kAsynchronous, request)) return row->answer(vcpu, argument);
  const auto* row = FindRequest(kRequests, request);
  if (!row) return -ENOTTY;
  const std::lock_guard lock(vcpu.mutex);
  return row->answer(vcpu, argument);
}

}  // namespace hypervisor
