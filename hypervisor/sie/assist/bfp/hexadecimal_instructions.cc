// CONVERT BFP TO HFP, CONVERT HFP TO BFP.
#include "hypervisor/sie/assist/bfp/hexadecimal.h"
#include "hypervisor/sie/assist/bfp/instruction.h"

namespace hypervisor::assist {
namespace {

bool AfpPermits(GuestCpu& cpu, const Insn& insn) {
  if (((insn.r1 | insn.r2) & 9) == 0 || AfpOn(cpu)) return true;
  cpu.InterruptData(kDxcAfpRegister);
  return false;
}

template <typename F>
void BfpToHfp(GuestCpu& cpu, const Insn& insn) {
  if (!AfpPermits(cpu, insn)) return;
  const auto result = bfp::ToHexadecimal(bfp::Unpack<F>(ReadFpr<F>(cpu, insn.r2)));
  cpu.set_fpr(insn.r1, result.bits);
  cpu.set_cc(result.cc);
}

// Here the modifier 0 means toward zero.
template <typename F>
void HfpToBfp(GuestCpu& cpu, const Insn& insn) {
  if (!AfpPermits(cpu, insn)) return;
  if (insn.m3 == 3) return cpu.Interrupt(PgmCode::kSpecification);
  bfp::Rounding rounding = bfp::Rounding::kTowardZero;
  if (!RoundingOf(cpu, insn.m3, rounding)) return;
  const auto result = bfp::FromHexadecimal<F>(cpu.fpr(insn.r2), rounding);
  WriteFpr<F>(cpu, insn.r1, result.bits);
  cpu.set_cc(result.cc);
}

}  // namespace

void ShortBfpToHfp(GuestCpu& cpu, const Insn& insn) {
  BfpToHfp<bfp::Short>(cpu, insn);
}
void LongBfpToHfp(GuestCpu& cpu, const Insn& insn) {
  BfpToHfp<bfp::Long>(cpu, insn);
}
void HfpToShortBfp(GuestCpu& cpu, const Insn& insn) {
  HfpToBfp<bfp::Short>(cpu, insn);
}
void HfpToLongBfp(GuestCpu& cpu, const Insn& insn) {
  HfpToBfp<bfp::Long>(cpu, insn);
}

}  // namespace hypervisor::assist
