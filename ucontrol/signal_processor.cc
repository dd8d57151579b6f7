#include "ucontrol/signal_processor.h"

#include <mutex>
#include <optional>

#include "absl/functional/function_ref.h"
#include "hypervisor/arch/facility.h"
#include "hypervisor/arch/interruption.h"
#include "hypervisor/uapi/sie_block.h"
#include "ucontrol/machine.h"
#include "ucontrol/operands.h"
#include "ucontrol/store_status.h"
#include "ucontrol/vcpu.h"

namespace ucontrol {

namespace uapi = hypervisor::uapi;
using hypervisor::Facility;
using hypervisor::GuestAbsolute;
using hypervisor::PgmCode;
using hypervisor::Psw;

namespace {

enum class Order : uint8_t {
  kSense = 0x01,
  kExternalCall = 0x02,
  kEmergencySignal = 0x03,
  kStart = 0x04,
  kStop = 0x05,
  kRestart = 0x06,
  kStopAndStoreStatus = 0x09,
  kInitialCpuReset = 0x0b,
  kCpuReset = 0x0c,
  kSetPrefix = 0x0d,
  kStoreStatusAtAddress = 0x0e,
  kSetArchitecture = 0x12,
  kConditionalEmergencySignal = 0x13,
  kSenseRunningStatus = 0x15,
  kStoreAdditionalStatus = 0x17,
};

// Status bits, as GR R1 shows them.
constexpr uint32_t kNotRunning = 0x400;
constexpr uint32_t kIncorrectState = 0x200;
constexpr uint32_t kInvalidParameter = 0x100;
constexpr uint32_t kExternalCallPending = 0x80;
constexpr uint32_t kStopped = 0x40;
constexpr uint32_t kInvalidOrder = 0x02;

// The condition code, and with 1 the status.
struct Answer {
  uint8_t condition_code;
  uint32_t status = 0;
};
constexpr Answer kAccepted{0};
constexpr Answer kBusy{2};
constexpr Answer kNotOperational{3};
constexpr Answer Answered(uint32_t bits) {
  return {1, bits};
}

struct Signal {
  Vcpu& sender;
  Vcpu& target;
  uint64_t parameter;
};

// Does something to the target on its own thread and waits for it. One order of the machine at a
// time does so, and the others answer "busy" meanwhile: a CPU that waits is never waited for by one
// that it waits for.
Answer OnTarget(const Signal& signal, absl::FunctionRef<Answer()> act) {
  if (&signal.sender == &signal.target) return act();
  const std::unique_lock lock(signal.sender.machine().signal_mutex(), std::try_to_lock);
  if (!lock) return kBusy;
  Answer answer = kNotOperational;
  const absl::Status status = signal.target.Call([&] {
    answer = act();
    return absl::OkStatus();
  });
  return status.ok() ? answer : kNotOperational;
}

bool IsStopped(const Vcpu& vcpu) {
  return vcpu.state() == Vcpu::State::kStopped;
}

Answer Sense(const Signal& signal) {
  uint32_t status = 0;
  if (IsStopped(signal.target)) status |= kStopped;
  if (signal.target.pending().has_external_call()) status |= kExternalCallPending;
  return status ? Answered(status) : kAccepted;
}

Answer ExternalCall(const Signal& signal) {
  if (!signal.target.pending().AddExternalCall(signal.sender.address()))
    return Answered(kExternalCallPending);
  signal.target.AnnounceExternal();
  return kAccepted;
}

Answer EmergencySignal(const Signal& signal) {
  signal.target.pending().AddEmergencySignal(signal.sender.address());
  signal.target.AnnounceExternal();
  return kAccepted;
}

// PoP: a CPU that is stopped where it could have been interrupted, or in the other address space,
// needs no signal.
Answer ConditionalEmergencySignal(const Signal& signal) {
  bool is_needed = true;
  if (IsStopped(signal.target)) {
    const Answer looked = OnTarget(signal, [&] {
      Cpu& cpu = signal.target.cpu();
      const Psw psw = cpu.psw();
      constexpr uint64_t kBoth = Psw::kIo | Psw::kExternal;
      const auto asn = static_cast<uint16_t>(signal.parameter);
      const bool names_space =
          asn == static_cast<uint16_t>(cpu.cr(4)) || asn == static_cast<uint16_t>(cpu.cr(3));
      is_needed = (psw.mask & kBoth) != kBoth || (psw.wait() ? psw.address != 0 : names_space);
      return kAccepted;
    });
    if (looked.condition_code) return looked;
  }
  return is_needed ? EmergencySignal(signal) : Answered(kIncorrectState);
}

Answer Start(const Signal& signal) {
  if (IsStopped(signal.target)) signal.target.Start();
  return kAccepted;
}

Answer Stop(const Signal& signal) {
  signal.target.RequestStop();
  return kAccepted;
}

Answer StopAndStoreStatus(const Signal& signal) {
  if (!IsStopped(signal.target)) {
    signal.target.RequestStop(/*store_status=*/true);
    return kAccepted;
  }
  return OnTarget(signal, [&] {
    StoreStatus(signal.target, StatusArea::kAbsolute);
    return kAccepted;
  });
}

Answer Restart(const Signal& signal) {
  signal.target.Restart();
  return kAccepted;
}

Answer Reset(const Signal& signal, Vcpu::Reset reset) {
  return OnTarget(
      signal, [&] { return signal.target.ApplyReset(reset).ok() ? kAccepted : kNotOperational; });
}

Answer SetPrefix(const Signal& signal) {
  const auto prefix = static_cast<uint32_t>(signal.parameter & 0x7fffe000);
  if (!signal.sender.Resolve(GuestAbsolute(prefix))) return Answered(kInvalidParameter);
  if (!IsStopped(signal.target)) return Answered(kIncorrectState);
  return OnTarget(signal, [&] {
    if (!IsStopped(signal.target)) return Answered(kIncorrectState);
    signal.target.cpu().set_prefix(prefix);
    signal.target.PurgeTranslations();
    return kAccepted;
  });
}

Answer StoreStatusAtAddress(const Signal& signal) {
  const GuestAbsolute address(signal.parameter & 0x7ffffe00);
  if (!IsStopped(signal.target)) return Answered(kIncorrectState);
  return OnTarget(signal, [&] {
    if (!IsStopped(signal.target)) return Answered(kIncorrectState);
    return StoreStatusAt(signal.target, address) ? kAccepted : Answered(kInvalidParameter);
  });
}

Answer StoreAdditionalStatus(const Signal& signal) {
  const hypervisor::FacilityList& facilities = signal.sender.machine().facilities();
  constexpr int kGuardedStorage = 133;
  if (!facilities.Has(Facility::kVector) && !facilities.Has(kGuardedStorage))
    return Answered(kInvalidOrder);
  if (!IsStopped(signal.target)) return Answered(kIncorrectState);
  const auto logarithm = static_cast<int>(signal.parameter & 15);
  const bool is_sized = logarithm >= 10 && logarithm <= 12 && facilities.Has(kGuardedStorage);
  if (logarithm && !is_sized) return Answered(kInvalidParameter);
  const uint64_t length = uint64_t{1} << (logarithm ? logarithm : 10);
  const GuestAbsolute address(signal.parameter & ~uint64_t{15});
  if (!address.IsAligned(length)) return Answered(kInvalidParameter);
  return OnTarget(signal, [&] {
    if (!IsStopped(signal.target)) return Answered(kIncorrectState);
    return StoreAdditionalStatus(signal.target, address, length) ? kAccepted
                                                                 : Answered(kInvalidParameter);
  });
}

Answer SenseRunningStatus(const Signal& signal) {
  if (!signal.sender.machine().facilities().Has(Facility::kSenseRunning))
    return Answered(kInvalidOrder);
  const bool is_running = !IsStopped(signal.target) && !signal.target.is_waiting();
  return is_running ? kAccepted : Answered(kNotRunning);
}

Answer Perform(Order order, const Signal& signal) {
  if (order == Order::kInitialCpuReset) return Reset(signal, Vcpu::Reset::kInitial);
  if (order == Order::kCpuReset) return Reset(signal, Vcpu::Reset::kNormal);
  if (signal.target.pending().has_order()) return kBusy;
  switch (order) {
    case Order::kSense:
      return Sense(signal);
    case Order::kExternalCall:
      return ExternalCall(signal);
    case Order::kEmergencySignal:
      return EmergencySignal(signal);
    case Order::kConditionalEmergencySignal:
      return ConditionalEmergencySignal(signal);
    case Order::kStart:
      return Start(signal);
    case Order::kStop:
      return Stop(signal);
    case Order::kStopAndStoreStatus:
      return StopAndStoreStatus(signal);
    case Order::kRestart:
      return Restart(signal);
    case Order::kSetPrefix:
      return SetPrefix(signal);
    case Order::kStoreStatusAtAddress:
      return StoreStatusAtAddress(signal);
    case Order::kStoreAdditionalStatus:
      return StoreAdditionalStatus(signal);
    case Order::kSenseRunningStatus:
      return SenseRunningStatus(signal);
    default:
      return Answered(kInvalidOrder);
  }
}

}  // namespace

Disposition SignalProcessor(Vcpu& vcpu) {
  Cpu& cpu = vcpu.cpu();
  if (cpu.psw().problem_state()) return Disposition::Interrupt(PgmCode::kPrivilegedOperation);
  const int r1 = R1OfRs(vcpu.ipa());
  const auto address = static_cast<uint16_t>(cpu.gpr(R3OfRs(vcpu.ipa())));
  const auto order = static_cast<Order>(SecondOperandSum(cpu, vcpu.ipb()) & 0xff);
  const uint64_t parameter = cpu.gpr(r1 | 1);

  Answer answer = kNotOperational;
  if (order == Order::kSetArchitecture) {
    answer = Answered(kInvalidParameter);  // z/Architecture it is already, and no CPU is addressed
  } else if (Vcpu* const target = vcpu.machine().FindVcpu(address)) {
    answer = Perform(order, {vcpu, *target, parameter});
    // A CPU that reset itself has nothing left to put the condition code into.
    const bool is_reset = order == Order::kInitialCpuReset || order == Order::kCpuReset;
    if (target == &vcpu && is_reset) return Disposition::Stop();
  }
  if (answer.condition_code == 1) cpu.set_gpr_low(r1, answer.status);
  cpu.set_condition_code(answer.condition_code);
  return Disposition::Resume();
}

}  // namespace ucontrol
