#include "ucontrol/diagnose/functions.h"

#include <cerrno>
#include <cstdint>
#include <thread>

#include "hypervisor/uapi/kvm.h"
#include "ucontrol/channel_subsystem/channel_subsystem.h"
#include "ucontrol/machine.h"
#include "ucontrol/machine_description.h"
#include "ucontrol/service_call/configuration.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;

enum class VirtioSubcode : uint64_t {
  kNotifyLegacy = 0,  // of the transport before virtio-ccw; also its early console
  kResetLegacy = 1,
  kSetStatusLegacy = 2,
  kNotifyCcw = 3,
};

constexpr int64_t kInvalidArgument = -EINVAL;

int64_t NotifyQueue(Vcpu& vcpu) {
  auto* subsystem = vcpu.machine().FindPart<ChannelSubsystem>();
  if (subsystem == nullptr) return kInvalidArgument;
  const Cpu& cpu = vcpu.cpu();
  return subsystem->Notify(cpu.gpr(2), cpu.gpr(3), cpu.gpr(4));
}

}  // namespace

Disposition VoluntaryTimeSliceEnd(Vcpu&) {
  std::this_thread::yield();
  return Disposition::Resume();
}

// The host's scheduler knows better than the guest which thread to run; the address of the CPU that
// is to be favoured isn't tested.
Disposition DirectedYield(Vcpu&) {
  std::this_thread::yield();
  return Disposition::Resume();
}

Disposition NameControlProgram(Vcpu& vcpu) {
  const auto* description = vcpu.machine().FindPart<MachineDescription>();
  if (description == nullptr || !OffersDiagnose318(*description)) {
    return Disposition::Interrupt(PgmCode::kSpecification);
  }
  hypervisor::uapi::Run& run = vcpu.cpu().run();
  run.s.regs.diag318 = vcpu.cpu().gpr(R1OfRs(vcpu.ipa()));
  run.kvm_dirty_regs |= hypervisor::uapi::kSyncDiag318;
  return Disposition::Resume();
}

Disposition CallVirtio(Vcpu& vcpu) {
  Cpu& cpu = vcpu.cpu();
  switch (static_cast<VirtioSubcode>(cpu.gpr(1))) {
    case VirtioSubcode::kNotifyLegacy: {
      // There is no device of that transport; an address in storage is a line of its early console.
      const bool in_storage = vcpu.machine().Find(hypervisor::GuestAbsolute(cpu.gpr(2)), 1);
      cpu.set_gpr(2, in_storage ? 0 : static_cast<uint64_t>(kInvalidArgument));
      return Disposition::Resume();
    }
    case VirtioSubcode::kResetLegacy:
    case VirtioSubcode::kSetStatusLegacy:
      cpu.set_gpr(2, static_cast<uint64_t>(kInvalidArgument));
      return Disposition::Resume();
    case VirtioSubcode::kNotifyCcw:
      cpu.set_gpr(2, static_cast<uint64_t>(NotifyQueue(vcpu)));
      return Disposition::Resume();
  }
  return Disposition::Interrupt(PgmCode::kSpecification);
}

Disposition Break(Vcpu&) {
  return Disposition::Breakpoint();
}

}  // namespace ucontrol
