// The TOD clock, the clock comparator and the CPU timer (PoP: Control, "Timing").
#include <algorithm>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"
#include "hypervisor/sie/subfunctions.h"

namespace hypervisor::assist {
namespace {

// Function codes of PERFORM TIMING FACILITY FUNCTION.
constexpr int kQueryAvailableFunctions = 0;
constexpr int kQueryTodOffset = 1;
constexpr int kQuerySteeringInformation = 2;
constexpr int kQueryPhysicalClock = 3;
constexpr int kFirstControlFunction = 0x40;

void StoreDoubleword(GuestCpu& cpu, const Insn& insn, uint64_t value) {
  const uint64_t address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (Aligned(cpu, address, 8)) cpu.Store<uint64_t>(address, insn.b2, value);
}

}  // namespace

void StoreClock(GuestCpu& cpu, const Insn& insn) {
  if (cpu.InterceptedBy(uapi::kIctlStck)) return;
  cpu.Store<uint64_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2), insn.b2, cpu.GuestTod());
  if (!cpu.Stopped()) cpu.set_cc(0);
}

void StoreClockExtended(GuestCpu& cpu, const Insn& insn) {
  if (cpu.InterceptedBy(uapi::kIctlStck)) return;
  // Epoch index, the clock shifted right by 8, 40 bits below it, the TOD programmable register.
  const uint64_t tod = cpu.GuestTod();
  uint8_t text[16];
  StoreStorage<uint64_t>(text, tod >> 8);
  // Two values are never equal: the bits below the clock's resolution are not all zero.
  StoreStorage<uint64_t>(text + 8, tod << 56 | 0x10000 | (cpu.state().tod_programmable & 0xffff));
  if (cpu.StoreBytes(cpu.EffectiveAddress(0, insn.b2, insn.d2), text, 16, Space::ByPsw(insn.b2))) {
    cpu.set_cc(0);
  }
}

void SetClockComparator(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlSckc)) return;
  const uint64_t address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (!Aligned(cpu, address, 8)) return;
  const auto value = cpu.Load<uint64_t>(address, insn.b2);
  if (cpu.Stopped()) return;
  cpu.state().clock_comparator = value;
  cpu.TimersChanged();
  cpu.RequestPoll();
}

void StoreClockComparator(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlSckc)) return;
  StoreDoubleword(cpu, insn, cpu.state().clock_comparator);
}

void SetCpuTimer(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlSpt)) return;
  const uint64_t address = cpu.EffectiveAddress(0, insn.b2, insn.d2);
  if (!Aligned(cpu, address, 8)) return;
  const auto value = cpu.Load<uint64_t>(address, insn.b2);
  if (!cpu.Stopped()) cpu.SetCpuTimer(static_cast<int64_t>(value));
}

void StoreCpuTimer(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlSpt)) return;
  StoreDoubleword(cpu, insn, static_cast<uint64_t>(cpu.CpuTimer()));
}

void ExtractCpuTime(GuestCpu& cpu, const Insn& insn) {
  if (cpu.InterceptedBy(uapi::kIctlSpt)) return;
  const auto first = cpu.Load<uint64_t>(cpu.EffectiveAddress(0, insn.b1, insn.d1), insn.b1);
  const auto second = cpu.Load<uint64_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2), insn.b2);
  const auto third = cpu.Load<uint64_t>(cpu.Wrap(cpu.gpr(insn.r3)), insn.r3);
  if (cpu.Stopped()) return;
  cpu.set_gpr(0, first - static_cast<uint64_t>(cpu.CpuTimer()));
  cpu.set_gpr(1, second);
  cpu.set_gpr(insn.r3, third);
}

void PerformTimingFacilityFunction(GuestCpu& cpu, const Insn&) {
  const auto control = static_cast<uint32_t>(cpu.gpr(0));
  if (control & 0x80) return cpu.Interrupt(PgmCode::kSpecification);
  const int function = control & 0x7f;
  if (function >= kFirstControlFunction) {
    // The control functions steer the clock, which is the host's to do.
    if (cpu.Privileged()) cpu.Intercept(uapi::Interception::kInstruction);
    return;
  }
  uint8_t block[56] = {};
  uint32_t length = 0;
  switch (function) {
    case kQueryAvailableFunctions:
      length = subfunctions::kPtff.size();
      std::copy_n(subfunctions::kPtff.begin(), length, block);
      break;
    case kQueryTodOffset:
      length = 32;
      StoreStorage<uint64_t>(block, cpu.GuestTod() - cpu.block().epoch);
      StoreStorage<uint64_t>(block + 8, cpu.block().epoch);
      StoreStorage<uint64_t>(block + 16, cpu.block().epoch);
      break;
    case kQuerySteeringInformation:
      length = 56;
      StoreStorage<uint64_t>(block, cpu.GuestTod() - cpu.block().epoch);
      break;
    case kQueryPhysicalClock:
      length = 8;
      StoreStorage<uint64_t>(block, cpu.GuestTod() - cpu.block().epoch);
      break;
    default:
      return cpu.set_cc(3);
  }
  if (cpu.StoreBytes(cpu.Wrap(cpu.gpr(1)), block, length, Space::ByPsw(1))) cpu.set_cc(0);
}

}  // namespace hypervisor::assist
