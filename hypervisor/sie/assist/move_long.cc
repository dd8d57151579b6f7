// MOVE LONG, MOVE LONG EXTENDED and MOVE LONG UNICODE.
#include <cstring>

#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/pieces.h"
#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::assist {
namespace {

// One unit: moves, or pads when there is nothing left to move. `pad` holds the padding of one or
// two bytes twice over, as two bytes; all counts are even for two. False if stopped.
bool MoveUnit(GuestCpu& cpu, RegisterPair& to, RegisterPair& from, uint16_t pad) {
  const bool move = from.length() != 0;
  const uint64_t wanted = move ? std::min(to.length(), from.length()) : to.length();
  const auto length = static_cast<uint32_t>(std::min(wanted, kUnitBytes));
  OperandBytes source;
  OperandBytes target;
  if (move && !cpu.Find(from.address(), length, Access::kFetch, from.space(), source)) return false;
  if (!cpu.Find(to.address(), length, Access::kStore, to.space(), target)) return false;
  if (move) {
    ForEachPiece(target, source, [](uint8_t* a, const uint8_t* b, uint32_t piece) {
      MoveLeftToRight(a, b, piece);
      return true;
    });
    from.Advance(length);
  } else if (const auto low = static_cast<uint8_t>(pad); low == pad >> 8) {
    std::memset(target.first, low, target.first_length);
    if (target.second) std::memset(target.second, low, length - target.first_length);
  } else {
    for (uint32_t at = 0; at < length; ++at)
      target[at] = static_cast<uint8_t>(at & 1 ? pad : pad >> 8);
  }
  to.Advance(length);
  to.Commit();
  from.Commit();
  return true;
}

uint8_t CompareLengths(uint64_t first, uint64_t second) {
  return first == second ? 0 : first < second ? 1 : 2;
}

// Whether a byte of the first operand would be a source after it has been a destination.
bool OverlapsDestructively(const GuestCpu& cpu, const RegisterPair& to, const RegisterPair& from) {
  const uint64_t moved = std::min(to.length(), from.length());
  if (moved < 2) return false;
  const uint64_t last = cpu.Wrap(from.address() + moved - 1);
  if (last >= from.address()) return to.address() > from.address() && to.address() <= last;
  return to.address() > from.address() || to.address() <= last;  // it wraps around
}

// In access-register mode, operands of different ALETs are taken to lie in different spaces.
bool MayOverlap(const GuestCpu& cpu, int r1, int r2) {
  const Psw psw = cpu.psw();
  if (!psw.dat() || psw.address_space_control() != AddressSpaceControl::kAccessRegister)
    return true;
  const auto alet = [&cpu](int r) { return r == 0 ? 0 : cpu.state().ar[r]; };
  return alet(r1) == alet(r2);
}

// The extended forms end with CC 3 where MOVE LONG would let interruptions in.
void MoveExtended(GuestCpu& cpu, int r1, int r3, uint16_t pad) {
  RegisterPair to(cpu, r1);
  RegisterPair from(cpu, r3);
  const uint8_t cc = CompareLengths(to.length(), from.length());
  for (int unit = 0; to.length() != 0; ++unit) {
    if (unit == kUnitsPerExecution) return cpu.set_cc(3);
    if (!MoveUnit(cpu, to, from, pad)) return;
  }
  to.Commit();
  from.Commit();
  cpu.set_cc(cc);
}

}  // namespace

void MoveLong(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r1, insn.r2)) return;
  RegisterPair to(cpu, insn.r1, LengthWidth::k24);
  RegisterPair from(cpu, insn.r2, LengthWidth::k24);
  const auto pad = static_cast<uint16_t>((cpu.gpr_low(insn.r2 + 1) >> 24) * 0x101);
  const uint8_t cc = CompareLengths(to.length(), from.length());
  if (OverlapsDestructively(cpu, to, from) && MayOverlap(cpu, insn.r1, insn.r2))
    return cpu.set_cc(3);
  for (int unit = 0; to.length() != 0; ++unit) {
    if (unit == kUnitsPerExecution) return cpu.Resume();
    if (!MoveUnit(cpu, to, from, pad)) return;
  }
  to.Commit();
  from.Commit();
  cpu.set_cc(cc);
}

void MoveLongExtended(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r1, insn.r3)) return;
  const auto pad =
      static_cast<uint16_t>((cpu.EffectiveAddress(0, insn.b2, insn.d2) & 0xff) * 0x101);
  MoveExtended(cpu, insn.r1, insn.r3, pad);
}

void MoveLongUnicode(GuestCpu& cpu, const Insn& insn) {
  if (!AllEven(cpu, insn.r1, insn.r3, static_cast<unsigned>(cpu.gpr(insn.r1 | 1)),
               static_cast<unsigned>(cpu.gpr(insn.r3 | 1)))) {
    return;
  }
  MoveExtended(cpu, insn.r1, insn.r3,
               static_cast<uint16_t>(cpu.EffectiveAddress(0, insn.b2, insn.d2)));
}

}  // namespace hypervisor::assist
