// What waits for one CPU, and for any, as a client would have injected it.
#include <algorithm>

#include "ucontrol/floating_interruptions.h"
#include "ucontrol/pending_interruptions.h"

namespace ucontrol {

namespace uapi = hypervisor::uapi;
using hypervisor::ExternalCode;

namespace {

constexpr uint16_t kPfaultDoneSubcode = 0x0680;

uapi::Irq OfType(uint32_t type) {
  uapi::Irq irq = {};
  irq.type = type;
  return irq;
}

uapi::Irq ToIrq(const MachineCheck& check) {
  uapi::Irq irq = OfType(uapi::kMchk);
  irq.mchk.cr14 = check.cr14;
  irq.mchk.mcic = check.code;
  irq.mchk.failing_storage_address = check.failing_storage_address;
  irq.mchk.ext_damage_code = check.external_damage_code;
  std::copy(check.fixed_logout.begin(), check.fixed_logout.end(), irq.mchk.fixed_logout);
  return irq;
}

// KVM_S390_INT_IO(ai, cssid, ssid, schid).
uapi::Irq ToIrq(const IoInterruption& io) {
  const uint32_t subchannel_set = io.subchannel_id >> 1 & 3;
  const bool is_adapter = (io.word & 0x80000000) != 0;
  uapi::Irq irq =
      OfType(io.subchannel_number | subchannel_set << 16 | (is_adapter ? uint32_t{1} << 26 : 0));
  irq.io.subchannel_id = io.subchannel_id;
  irq.io.subchannel_nr = io.subchannel_number;
  irq.io.io_int_parm = io.parameter;
  irq.io.io_int_word = io.word;
  return irq;
}

}  // namespace

std::vector<uapi::Irq> PendingInterruptions::List() const {
  std::vector<uapi::Irq> list;
  const std::lock_guard lock(mutex_);
  if (Has(kMachineCheck)) list.push_back(ToIrq(machine_check_));
  if (Has(kProgram)) list.push_back(program_);
  if (Has(kEmergencySignal)) {
    for (int sender = 0; sender < kMaximumCpus; ++sender) {
      if (!emergency_signals_[sender]) continue;
      list.push_back(OfType(uapi::kIntEmergency));
      list.back().emerg.code = static_cast<uint16_t>(sender);
    }
  }
  if (Has(kExternalCall)) {
    list.push_back(OfType(uapi::kIntExternalCall));
    list.back().extcall.code = external_call_;
  }
  if (Has(kPfaultInit)) {
    list.push_back(OfType(uapi::kIntPfaultInit));
    list.back().ext.ext_params = pfault_init_.parameter;
    list.back().ext.ext_params2 = pfault_init_.parameter64;
  }
  if (Has(kRestart)) list.push_back(OfType(uapi::kRestart));
  if (Has(kStop)) {
    list.push_back(OfType(uapi::kSigpStop));
    list.back().stop.flags = stop_.store_status;
  }
  return list;
}

std::vector<uapi::Irq> FloatingInterruptions::List() const {
  std::vector<uapi::Irq> list;
  const std::lock_guard lock(mutex_);
  if (machine_check_) list.push_back(ToIrq(*machine_check_));
  if (service_signal_) {
    list.push_back(OfType(uapi::kIntService));
    list.back().ext.ext_params = *service_signal_;
  }
  for (const ExternalInterruption& external : external_) {
    const bool is_pfault = external.cpu_address == kPfaultDoneSubcode;
    list.push_back(OfType(is_pfault ? uapi::kIntPfaultDone : uapi::kIntVirtio));
    list.back().ext.ext_params = external.parameter;
    list.back().ext.ext_params2 = external.parameter64;
  }
  for (const auto& queue : io_)
    for (const IoInterruption& io : queue) list.push_back(ToIrq(io));
  return list;
}

}  // namespace ucontrol
