#include "ucontrol/interception.h"

#include "hypervisor/arch/interruption.h"
#include "hypervisor/uapi/sie_block.h"
#include "ucontrol/machine.h"
#include "ucontrol/operands.h"
#include "ucontrol/program_interruption.h"
#include "ucontrol/segment_fault.h"
#include "ucontrol/signal_processor.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace uapi = hypervisor::uapi;
using hypervisor::ExternalCode;
using hypervisor::PgmCode;

namespace {

constexpr uint8_t kSigp = 0xae;

// What follows when an instruction's handler is done: a PER event may have come with it.
Disposition Finish(Vcpu& vcpu, const Disposition& disposition) {
  if (disposition.kind() == Disposition::Kind::kResume) return EndWithPerEvent(vcpu);
  return disposition;
}

Disposition HandleInstruction(Vcpu& vcpu) {
  const InstructionTable table = vcpu.machine().configuration().instructions;
  const InstructionHandler handler = table ? table(vcpu.ipa(), vcpu.ipb()) : nullptr;
  if (!handler) return Disposition::Interrupt(PgmCode::kOperation);
  return Finish(vcpu, handler(vcpu));
}

// The engine left an external interruption to us because it doesn't deliver any, or because its
// new PSW would take it again.
Disposition HandleExternal(Vcpu& vcpu) {
  if (static_cast<ExternalCode>(vcpu.block().eic) == ExternalCode::kExternalCall)
    vcpu.pending().AddExternalCall(vcpu.block().extcpuaddr);
  vcpu.LookAtTimers();
  return Disposition::Resume();
}

// Presents one page of MOVE PAGE, whose host fault the engine doesn't handle with DAT off.
bool Present(Vcpu& vcpu, int r, GuestStorage::Access access) {
  OperandAddress operand = RegisterOperand(vcpu.cpu(), r);
  operand.address = operand.address.page();
  const auto translation = vcpu.storage().Translate(operand, access);
  if (!translation) return false;
  const hypervisor::GuestAbsolute absolute = vcpu.storage().Prefix(translation->real);
  if (!vcpu.storage().FindPage(absolute)) return false;
  vcpu.FaultIn(absolute);
  return vcpu.kvm().Fault(hypervisor::VcpuAddress(absolute.raw())).ok();
}

Disposition HandlePartialExecution(Vcpu& vcpu) {
  if (vcpu.ipa() >> 8 == kSigp) return Finish(vcpu, SignalProcessor(vcpu));
  if (!Present(vcpu, R2OfRre(vcpu.ipb()), GuestStorage::Access::kFetch) ||
      !Present(vcpu, R1OfRre(vcpu.ipb()), GuestStorage::Access::kStore)) {
    return vcpu.storage().Fault();
  }
  return Disposition::Retry();
}

// The guest uses storage keys for the first time: from now on the engine interprets them.
Disposition HandleKeylessSubset(Vcpu& vcpu) {
  vcpu.kvm().ClearFlags(uapi::kCpuKss);
  vcpu.block().ictl &= ~(uapi::kIctlIske | uapi::kIctlSske | uapi::kIctlRrbe);
  return Disposition::Resume();
}

Disposition HandleInterception(Vcpu& vcpu) {
  switch (static_cast<uapi::Interception>(vcpu.block().icptcode)) {
    case uapi::Interception::kNone:
    case uapi::Interception::kExternalRequest:
    case uapi::Interception::kIoRequest:
    case uapi::Interception::kWait:
    case uapi::Interception::kStop:
      return Disposition::Resume();  // the next step looks at PSW, interruptions and requests
    case uapi::Interception::kInstruction:
    case uapi::Interception::kInstructionAndProgram:
    case uapi::Interception::kOperationException:
    case uapi::Interception::kIoInstruction:
      return HandleInstruction(vcpu);
    case uapi::Interception::kProgram:
      return ForwardProgramInterruption(vcpu);
    case uapi::Interception::kExternalInterruption:
      return HandleExternal(vcpu);
    case uapi::Interception::kPartialExecution:
      return HandlePartialExecution(vcpu);
    case uapi::Interception::kKeylessSubset:
      return HandleKeylessSubset(vcpu);
    case uapi::Interception::kValidity:
      return Disposition::Crash(CrashCause::kValidity, "validity interception");
  }
  return Disposition::Client();
}

}  // namespace

Disposition HandleExit(Vcpu& vcpu, const kvm::Exit& exit) {
  switch (exit.reason) {
    case kvm::Exit::Reason::kIntercepted:
      return HandleInterception(vcpu);
    case kvm::Exit::Reason::kFaulted:
      return HandleSegmentFault(vcpu, exit.address);
    case kvm::Exit::Reason::kKicked:
      return Disposition::Resume();
    case kvm::Exit::Reason::kFailed:
      return Disposition::Crash(CrashCause::kBackingLost,
                                "KVM_RUN failed: no memory behind a mapped segment");
  }
  return Disposition::Client();
}

}  // namespace ucontrol
