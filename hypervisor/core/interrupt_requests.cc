#include "hypervisor/core/interrupt_requests.h"

#include <cerrno>
#include <vector>

#include "hypervisor/core/store_status.h"
#include "hypervisor/core/user_copy.h"
#include "hypervisor/core/vm.h"

namespace hypervisor {
namespace {

constexpr uint32_t kMaxStateBytes = sizeof(uapi::Irq) * (LocalInterruptions::kCpus + 32);

// The length of the instruction that the last interception belongs to (0: of none).
uint8_t InterceptedLength(const uapi::SieBlock& block) {
  switch (static_cast<uapi::Interception>(block.icptcode)) {
    case uapi::Interception::kInstruction:
    case uapi::Interception::kInstructionAndProgram:
    case uapi::Interception::kOperationException:
    case uapi::Interception::kPartialExecution:
    case uapi::Interception::kIoInstruction: {
      if (block.icptstatus & uapi::kIcptExecute) {
        const auto length = static_cast<uint8_t>(block.icptstatus >> 4 & 6);
        return length ? length : 4;
      }
      const int top = block.ipa >> 14;
      return top == 0 ? 2 : top == 3 ? 6 : 4;
    }
    case uapi::Interception::kProgram:
      return block.pgmilc & 6;
    default:
      return 0;
  }
}

bool HasHighHalf(uint32_t parm) {
  return (parm & 0xffff0000) != 0;
}

// The short form of an interruption as the long one; false: EINVAL.
bool Widen(const uapi::Interrupt& from, uapi::Irq& irq) {
  irq = {};
  irq.type = from.type;
  switch (from.type) {
    case uapi::kProgramInt:
      if (HasHighHalf(from.parm)) return false;
      irq.pgm.code = static_cast<uint16_t>(from.parm);
      return true;
    case uapi::kSigpSetPrefix:
      irq.prefix.address = from.parm;
      return true;
    case uapi::kSigpStop:
      irq.stop.flags = from.parm;
      return true;
    case uapi::kIntExternalCall:
      if (HasHighHalf(from.parm)) return false;
      irq.extcall.code = static_cast<uint16_t>(from.parm);
      return true;
    case uapi::kIntEmergency:
      if (HasHighHalf(from.parm)) return false;
      irq.emerg.code = static_cast<uint16_t>(from.parm);
      return true;
    case uapi::kMchk:
      irq.mchk.mcic = from.parm64;
      return true;
    case uapi::kIntPfaultInit:
      irq.ext.ext_params = from.parm;
      irq.ext.ext_params2 = from.parm64;
      return true;
    case uapi::kRestart:
    case uapi::kIntClockComp:
    case uapi::kIntCpuTimer:
      return true;
    default:
      return false;
  }
}

}  // namespace

int64_t InjectIrq(Vcpu& vcpu, const uapi::Irq& irq) {
  const LocalInterruptions::Context context{
      .stopped = vcpu.IsStopped(),
      .source_exists = vcpu.vm().FindVcpu(irq.emerg.code) != nullptr,
      .ilc = InterceptedLength(vcpu.block())};
  switch (vcpu.interruptions.Add(irq, context)) {
    case LocalInterruptions::Outcome::kPending:
    case LocalInterruptions::Outcome::kNothing:
      return 0;
    case LocalInterruptions::Outcome::kPendingExternal:
      vcpu.SetFlags(uapi::kCpuExtInt);
      return 0;
    case LocalInterruptions::Outcome::kPendingStop:
      vcpu.SetFlags(uapi::kCpuStopInt);
      return 0;
    case LocalInterruptions::Outcome::kStoreStatus:
      return StoreStatus(vcpu, uapi::kStoreStatusNoAddr);
    case LocalInterruptions::Outcome::kBusy:
      return -EBUSY;
    case LocalInterruptions::Outcome::kInvalid:
      return -EINVAL;
  }
  return -EINVAL;
}

int64_t Interrupt(Vcpu& vcpu, uint64_t argument) {
  if (vcpu.vm().ucontrol) return -EINVAL;
  uapi::Interrupt interrupt;
  if (!CopyFromUser(&interrupt, argument, sizeof(interrupt))) return -EFAULT;
  uapi::Irq irq;
  if (!Widen(interrupt, irq)) return -EINVAL;
  return InjectIrq(vcpu, irq);
}

int64_t ReadIrqState(Vcpu& vcpu, const uapi::IrqState& state) {
  if (state.len == 0) return -EINVAL;
  const std::vector<uapi::Irq> pending = vcpu.interruptions.List();
  const size_t bytes = pending.size() * sizeof(uapi::Irq);
  if (bytes > state.len) return -ENOBUFS;
  if (!CopyToUser(state.buf, pending.data(), bytes)) return -EFAULT;
  return static_cast<int64_t>(bytes);
}

int64_t SetIrqState(Vcpu& vcpu, const uapi::IrqState& state) {
  if (state.len == 0 || state.len > kMaxStateBytes || state.len % sizeof(uapi::Irq) != 0)
    return -EINVAL;
  std::vector<uapi::Irq> irqs(state.len / sizeof(uapi::Irq));
  if (!CopyFromUser(irqs.data(), state.buf, state.len)) return -EFAULT;
  if (!vcpu.interruptions.empty()) return -EBUSY;
  for (const uapi::Irq& irq : irqs) {
    if (const int64_t result = InjectIrq(vcpu, irq); result != 0) return result;
  }
  return 0;
}

}  // namespace hypervisor
