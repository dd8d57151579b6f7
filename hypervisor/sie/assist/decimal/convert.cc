// CONVERT TO BINARY and CONVERT TO DECIMAL (PoP: General Instructions).
#include "hypervisor/sie/assist/assists.h"
#include "hypervisor/sie/assist/decimal/packed.h"

namespace hypervisor::assist {
namespace {

bool LoadPacked(GuestCpu& cpu, const Insn& insn, uint32_t length, Packed& number) {
  uint8_t bytes[kLongestPacked] = {};
  if (!cpu.LoadBytes(cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2), bytes, length,
                     Space::ByPsw(insn.b2))) {
    return false;
  }
  number = Packed::Read(bytes, length);
  if (!number.valid) cpu.InterruptData(kDxcDecimalOperand);
  return number.valid;
}

void StorePacked(GuestCpu& cpu, const Insn& insn, uint32_t length, int64_t value) {
  const auto wide = static_cast<__int128>(value);
  const Packed number{static_cast<Magnitude>(wide < 0 ? -wide : wide), wide < 0};
  uint8_t bytes[kLongestPacked] = {};
  number.Write(bytes, length);
  cpu.StoreBytes(cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2), bytes, length,
                 Space::ByPsw(insn.b2));
}

bool FitsSigned(const Packed& number, int bits) {
  return number.magnitude < (Magnitude{1} << (bits - 1)) + (number.negative ? 1 : 0);
}

uint64_t Binary(const Packed& number) {
  const auto magnitude = static_cast<uint64_t>(number.magnitude);
  return number.negative ? -magnitude : magnitude;
}

}  // namespace

// A number too large leaves its rightmost 32 bits and is a fixed-point-divide exception.
void ConvertToBinary(GuestCpu& cpu, const Insn& insn) {
  Packed number;
  if (!LoadPacked(cpu, insn, 8, number)) return;
  cpu.set_gpr_low(insn.r1, static_cast<uint32_t>(Binary(number)));
  if (!FitsSigned(number, 32)) cpu.Interrupt(PgmCode::kFixedPointDivide);
}

// One too large for 64 bits leaves the register alone.
void ConvertToBinaryLong(GuestCpu& cpu, const Insn& insn) {
  Packed number;
  if (!LoadPacked(cpu, insn, 16, number)) return;
  if (!FitsSigned(number, 64)) return cpu.Interrupt(PgmCode::kFixedPointDivide);
  cpu.set_gpr(insn.r1, Binary(number));
}

void ConvertToDecimal(GuestCpu& cpu, const Insn& insn) {
  StorePacked(cpu, insn, 8, static_cast<int32_t>(cpu.gpr_low(insn.r1)));
}

void ConvertToDecimalLong(GuestCpu& cpu, const Insn& insn) {
  StorePacked(cpu, insn, 16, static_cast<int64_t>(cpu.gpr(insn.r1)));
}

}  // namespace hypervisor::assist
