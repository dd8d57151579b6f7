// Moves between address spaces and access keys (PoP: Control Instructions).
#include <algorithm>
#include <cstring>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/authority.h"

namespace hypervisor::assist {
namespace {

// Moves up to 4096 bytes, left to right as if byte by byte; false if stopped.
bool Move(GuestCpu& cpu, uint64_t to, Space to_space, uint64_t from, Space from_space,
          uint32_t length) {
  if (length == 0) return true;
  OperandBytes source;
  OperandBytes destination;
  if (!cpu.Find(from, length, Access::kFetch, from_space, source)) return false;
  if (!cpu.Find(to, length, Access::kStore, to_space, destination)) return false;
  if (source.first_length == length && destination.first_length == length) {
    std::memmove(destination.first, source.first, length);
    return true;
  }
  uint8_t text[kPageSize];
  source.Read(text);
  destination.Write(text);
  return true;
}

// MVCP and MVCS: at most 256 bytes between the primary and the secondary space.
void MoveBetween(GuestCpu& cpu, const Insn& insn, Space::Kind to, Space::Kind from) {
  const AddressSpaceControl control = SpaceControl(cpu);
  if (!(cpu.psw_mask() & Psw::kDat) || !(cpu.state().cr[0] & cr0::kSecondarySpace) ||
      (control != AddressSpaceControl::kPrimary && control != AddressSpaceControl::kSecondary)) {
    return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  const auto key = static_cast<int8_t>(Bits<56, 59>(cpu.gpr(insn.r3)));
  if (!KeyPermitted(cpu, key)) return cpu.Interrupt(PgmCode::kPrivilegedOperation);
  const bool mode64 = (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
  const uint64_t wanted = mode64 ? cpu.gpr(insn.r1) : cpu.gpr_low(insn.r1);
  const auto length = static_cast<uint32_t>(std::min<uint64_t>(wanted, 256));
  // The key is for the secondary space's operand.
  const Space destination{to, 0, to == Space::kSecondary ? key : Space::kPswKey};
  const Space source{from, 0, from == Space::kSecondary ? key : Space::kPswKey};
  if (!Move(cpu, cpu.EffectiveAddress(0, insn.b1, insn.d1), destination,
            cpu.EffectiveAddress(0, insn.b2, insn.d2), source, length)) {
    return;
  }
  cpu.set_cc(wanted > 256 ? 3 : 0);
}

// One half of MVCOS's operand-access control.
struct OperandAccessControl {
  uint16_t word;

  bool key_given() const { return word & 2; }
  bool space_given() const { return word & 1; }
  int8_t key() const { return static_cast<int8_t>(word >> 12); }
  int space() const { return word >> 6 & 3; }
};

Space SpaceOf(const GuestCpu& cpu, OperandAccessControl control, int ar) {
  constexpr Space::Kind kKinds[] = {Space::kPrimary, Space::kAccessRegister, Space::kSecondary,
                                    Space::kHome};
  const int space = control.space_given() ? control.space() : static_cast<int>(SpaceControl(cpu));
  return Space{kKinds[space], static_cast<uint8_t>(ar),
               control.key_given() ? control.key() : Space::kPswKey};
}

}  // namespace

void MoveToPrimary(GuestCpu& cpu, const Insn& insn) {
  MoveBetween(cpu, insn, Space::kPrimary, Space::kSecondary);
}

void MoveToSecondary(GuestCpu& cpu, const Insn& insn) {
  MoveBetween(cpu, insn, Space::kSecondary, Space::kPrimary);
}

void MoveWithKey(GuestCpu& cpu, const Insn& insn) {
  const auto key = static_cast<int8_t>(Bits<56, 59>(cpu.gpr(insn.r3)));
  if (!KeyPermitted(cpu, key)) return cpu.Interrupt(PgmCode::kPrivilegedOperation);
  const bool mode64 = (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
  const uint64_t wanted = mode64 ? cpu.gpr(insn.r1) : cpu.gpr_low(insn.r1);
  const auto length = static_cast<uint32_t>(std::min<uint64_t>(wanted, 256));
  if (!Move(cpu, cpu.EffectiveAddress(0, insn.b1, insn.d1), Space::ByPsw(insn.b1),
            cpu.EffectiveAddress(0, insn.b2, insn.d2), Space{Space::kByPsw, insn.b2, key},
            length)) {
    return;
  }
  cpu.set_cc(wanted > 256 ? 3 : 0);
}

void MoveWithSourceKey(GuestCpu& cpu, const Insn& insn) {
  const auto key = static_cast<int8_t>(Bits<56, 59>(cpu.gpr(1)));
  if (!KeyPermitted(cpu, key)) return cpu.Interrupt(PgmCode::kPrivilegedOperation);
  const auto length = static_cast<uint32_t>(cpu.gpr(0) & 0xff) + 1;
  Move(cpu, cpu.EffectiveAddress(0, insn.b1, insn.d1), Space::ByPsw(insn.b1),
       cpu.EffectiveAddress(0, insn.b2, insn.d2), Space{Space::kByPsw, insn.b2, key}, length);
}

void MoveWithDestinationKey(GuestCpu& cpu, const Insn& insn) {
  const auto key = static_cast<int8_t>(Bits<56, 59>(cpu.gpr(1)));
  if (!KeyPermitted(cpu, key)) return cpu.Interrupt(PgmCode::kPrivilegedOperation);
  const auto length = static_cast<uint32_t>(cpu.gpr(0) & 0xff) + 1;
  Move(cpu, cpu.EffectiveAddress(0, insn.b1, insn.d1), Space{Space::kByPsw, insn.b1, key},
       cpu.EffectiveAddress(0, insn.b2, insn.d2), Space::ByPsw(insn.b2), length);
}

void MoveWithOptionalSpecifications(GuestCpu& cpu, const Insn& insn) {
  const auto controls = static_cast<uint32_t>(cpu.gpr(0));
  const OperandAccessControl first{static_cast<uint16_t>(controls >> 16)};
  const OperandAccessControl second{static_cast<uint16_t>(controls)};
  const uint64_t control = cpu.state().cr[0];
  if (!(cpu.psw_mask() & Psw::kDat)) return cpu.Interrupt(PgmCode::kSpecialOperation);
  for (const OperandAccessControl operand : {first, second}) {
    const int space = operand.space_given() ? operand.space() : 0;
    if (space == 2 && !(control & cr0::kSecondarySpace))
      return cpu.Interrupt(PgmCode::kSpecialOperation);
  }
  if (cpu.problem_state()) {
    // A program in the problem state may not store into the home space.
    if (first.space_given() && first.space() == 3) return cpu.Interrupt(PgmCode::kSpecialOperation);
    if (!KeyPermitted(cpu, first.key_given() ? first.key() : cpu.psw_key()) ||
        !KeyPermitted(cpu, second.key_given() ? second.key() : cpu.psw_key())) {
      const bool given = first.key_given() || second.key_given();
      if (given) return cpu.Interrupt(PgmCode::kPrivilegedOperation);
    }
  }
  const bool mode64 = (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
  const uint64_t wanted = mode64 ? cpu.gpr(insn.r3) : cpu.gpr_low(insn.r3);
  const auto length = static_cast<uint32_t>(std::min<uint64_t>(wanted, kPageSize));
  if (!Move(cpu, cpu.EffectiveAddress(0, insn.b1, insn.d1), SpaceOf(cpu, first, insn.b1),
            cpu.EffectiveAddress(0, insn.b2, insn.d2), SpaceOf(cpu, second, insn.b2), length)) {
    return;
  }
  cpu.set_cc(wanted > kPageSize ? 3 : 0);
}

void MovePage(GuestCpu& cpu, const Insn& insn) {
  if (!(cpu.block().eca & uapi::kEcaMvpgi)) return cpu.Intercept(uapi::Interception::kInstruction);
  const auto control = static_cast<uint32_t>(cpu.gpr(0));
  constexpr uint32_t kReserved = 0xf000;
  constexpr uint32_t kFirstKey = 0x800;
  constexpr uint32_t kSecondKey = 0x400;
  constexpr uint32_t kConditionCodeOption = 0x100;
  if ((control & kReserved) || (control & (kFirstKey | kSecondKey)) == (kFirstKey | kSecondKey)) {
    return cpu.Interrupt(PgmCode::kSpecification);
  }
  const auto key = static_cast<int8_t>(control >> 4 & 15);
  if ((control & (kFirstKey | kSecondKey)) && !KeyPermitted(cpu, key)) {
    return cpu.Interrupt(PgmCode::kPrivilegedOperation);
  }
  const uint64_t to = cpu.Wrap(cpu.gpr(insn.r1)) & ~kPageMask;
  const uint64_t from = cpu.Wrap(cpu.gpr(insn.r2)) & ~kPageMask;
  const Space to_space{Space::kByPsw, insn.r1, control & kFirstKey ? key : Space::kPswKey};
  const Space from_space{Space::kByPsw, insn.r2, control & kSecondKey ? key : Space::kPswKey};
  // With the option, an invalid page is a condition code: 2 the second operand's, 1 the first's.
  OperandBytes source;
  if (!cpu.Find(from, kPageSize, Access::kFetch, from_space, source)) {
    cpu.program_interruption().operand_access_id = static_cast<uint8_t>(insn.r1 << 4 | insn.r2);
    if ((control & kConditionCodeOption) && cpu.TakeBack(PgmCode::kPageTranslation)) cpu.set_cc(2);
    return;
  }
  OperandBytes destination;
  if (!cpu.Find(to, kPageSize, Access::kStore, to_space, destination)) {
    cpu.program_interruption().operand_access_id = static_cast<uint8_t>(insn.r1 << 4 | insn.r2);
    if ((control & kConditionCodeOption) && cpu.TakeBack(PgmCode::kPageTranslation)) cpu.set_cc(1);
    return;
  }
  std::memmove(destination.first, source.first, kPageSize);
  cpu.set_cc(0);
}

}  // namespace hypervisor::assist
