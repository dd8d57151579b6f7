#include "ucontrol/injection.h"

#include <cstring>

#include "absl/strings/str_format.h"
#include "hypervisor/arch/control_registers.h"
#include "ucontrol/machine.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace uapi = hypervisor::uapi;
using hypervisor::ExternalCode;
using hypervisor::GuestAbsolute;

namespace {

// Real location 0x84 tells what a 0x2603 interruption is about.
constexpr uint16_t kVirtioSubcode = 0x0d00;
constexpr uint16_t kPfaultDoneSubcode = 0x0680;

constexpr uint32_t kStopFlagStoreStatus = 1;        // KVM_S390_STOP_FLAG_STORE_STATUS
constexpr uint32_t kServiceParameter = 0xfffffffb;  // SCCB address, event bits 0x3

absl::Status WrongType(uint64_t type, const char* rule) {
  return absl::InvalidArgumentError(absl::StrFormat("interruption type 0x%x: %s", type, rule));
}

MachineCheck ToMachineCheck(const uapi::Irq& irq) {
  MachineCheck check;
  check.cr14 = irq.mchk.cr14;
  check.code = irq.mchk.mcic;
  check.failing_storage_address = irq.mchk.failing_storage_address;
  check.external_damage_code = irq.mchk.ext_damage_code;
  std::memcpy(check.fixed_logout.data(), irq.mchk.fixed_logout, check.fixed_logout.size());
  return check;
}

absl::Status QueueIsFull() {
  return absl::ResourceExhaustedError("as many interruptions wait as the machine queues");
}

absl::Status InjectStop(Vcpu& vcpu, const uapi::Irq& irq) {
  if (irq.stop.flags & ~kStopFlagStoreStatus)
    return absl::InvalidArgumentError(
        absl::StrFormat("stop flags 0x%x: only 0x1, store status, is defined", irq.stop.flags));
  if (!vcpu.RequestStop(irq.stop.flags & kStopFlagStoreStatus))
    return absl::FailedPreconditionError("a stop is pending already");
  return absl::OkStatus();
}

absl::Status InjectSetPrefix(Vcpu& vcpu, const uapi::Irq& irq) {
  const uint32_t prefix = irq.prefix.address & 0x7fffe000;
  return vcpu.Call([&vcpu, prefix]() -> absl::Status {
    if (vcpu.state() != Vcpu::State::kStopped)
      return absl::FailedPreconditionError("set prefix: the CPU isn't stopped");
    if (!vcpu.Resolve(GuestAbsolute(prefix)))
      return absl::InvalidArgumentError(absl::StrFormat("set prefix 0x%x: no storage", prefix));
    vcpu.cpu().set_prefix(prefix);
    vcpu.PurgeTranslations();
    return absl::OkStatus();
  });
}

absl::Status CheckSender(Vcpu& vcpu, uint16_t sender) {
  if (vcpu.machine().FindVcpu(sender)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("sender 0x%x: there is no such CPU", sender));
}

absl::Status InjectExternalCall(Vcpu& vcpu, const uapi::Irq& irq) {
  if (absl::Status status = CheckSender(vcpu, irq.extcall.code); !status.ok()) return status;
  if (!vcpu.pending().AddExternalCall(irq.extcall.code))
    return absl::FailedPreconditionError("an external call is pending already");
  vcpu.AnnounceExternal();
  return absl::OkStatus();
}

absl::Status InjectEmergencySignal(Vcpu& vcpu, const uapi::Irq& irq) {
  if (absl::Status status = CheckSender(vcpu, irq.emerg.code); !status.ok()) return status;
  vcpu.pending().AddEmergencySignal(irq.emerg.code);
  vcpu.AnnounceExternal();
  return absl::OkStatus();
}

}  // namespace

absl::Status InjectFloating(Machine& machine, const uapi::Irq& irq) {
  FloatingInterruptions& floating = machine.floating();
  if (irq.type <= uapi::kIntIoMax) {
    if (!floating.AddIo(
            {irq.io.subchannel_id, irq.io.subchannel_nr, irq.io.io_int_parm, irq.io.io_int_word})) {
      return QueueIsFull();
    }
    machine.AnnounceFloating();
    return absl::OkStatus();
  }
  switch (irq.type) {
    case uapi::kIntService:
      floating.AddServiceSignal(irq.ext.ext_params & kServiceParameter);
      break;
    case uapi::kIntVirtio:
      if (!floating.AddExternal(
              {ExternalCode::kVirtio, kVirtioSubcode, irq.ext.ext_params, irq.ext.ext_params2})) {
        return QueueIsFull();
      }
      break;
    case uapi::kIntPfaultDone:
      if (!floating.AddExternal(
              {ExternalCode::kVirtio, kPfaultDoneSubcode, 0, irq.ext.ext_params2})) {
        return QueueIsFull();
      }
      break;
    case uapi::kMchk: {
      MachineCheck check = ToMachineCheck(irq);
      check.cr14 &= hypervisor::cr14::kChannelReport;
      if (!check.cr14) {
        return absl::InvalidArgumentError(
            absl::StrFormat("machine check with CR14 0x%x: only a channel report (0x%x) floats",
                            irq.mchk.cr14, hypervisor::cr14::kChannelReport));
      }
      floating.AddMachineCheck(check);
      break;
    }
    case uapi::kProgramInt:
      return WrongType(irq.type, "a program interruption is for one CPU, it can't float");
    case uapi::kSigpStop:
    case uapi::kSigpSetPrefix:
    case uapi::kRestart:
    case uapi::kIntEmergency:
    case uapi::kIntExternalCall:
      return WrongType(irq.type, "what SIGNAL PROCESSOR causes is for one CPU, it can't float");
    case uapi::kIntClockComp:
    case uapi::kIntCpuTimer:
    case uapi::kIntPfaultInit:
      return WrongType(irq.type, "it is for one CPU and can't float");
    default:
      return WrongType(irq.type, "there is none of this type");
  }
  machine.AnnounceFloating();
  return absl::OkStatus();
}

absl::Status InjectLocal(Vcpu& vcpu, const uapi::Irq& irq) {
  if (irq.type <= uapi::kIntIoMax)
    return WrongType(irq.type, "an I/O interruption floats, inject it into the machine");
  switch (irq.type) {
    case uapi::kProgramInt:
      if (!irq.pgm.code) return absl::InvalidArgumentError("program interruption: code 0x0");
      vcpu.pending().AddProgram(irq);
      vcpu.Kick();
      return absl::OkStatus();
    case uapi::kSigpStop:
      return InjectStop(vcpu, irq);
    case uapi::kSigpSetPrefix:
      return InjectSetPrefix(vcpu, irq);
    case uapi::kRestart:
      vcpu.Restart();
      return absl::OkStatus();
    case uapi::kIntClockComp:
    case uapi::kIntCpuTimer:
      // The timers themselves say whether they are pending; this makes the CPU look.
      vcpu.Kick();
      return absl::OkStatus();
    case uapi::kIntEmergency:
      return InjectEmergencySignal(vcpu, irq);
    case uapi::kIntExternalCall:
      return InjectExternalCall(vcpu, irq);
    case uapi::kIntPfaultInit:
      vcpu.pending().AddPfaultInit(irq.ext.ext_params, irq.ext.ext_params2);
      vcpu.AnnounceExternal();
      return absl::OkStatus();
    case uapi::kMchk:
      vcpu.pending().AddMachineCheck(ToMachineCheck(irq));
      vcpu.AnnounceMachineCheck();
      return absl::OkStatus();
    case uapi::kIntService:
    case uapi::kIntVirtio:
    case uapi::kIntPfaultDone:
      return WrongType(irq.type, "it floats, inject it into the machine");
    default:
      return WrongType(irq.type, "there is none of this type");
  }
}

}  // namespace ucontrol
