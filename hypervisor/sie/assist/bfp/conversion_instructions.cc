// LOAD AND TEST, LOAD COMPLEMENT, NEGATIVE and POSITIVE, LOAD FP INTEGER and TEST DATA CLASS of
// extended numbers; LOAD LENGTHENED to and LOAD ROUNDED from them; CONVERT FROM and TO FIXED of
// them, and CONVERT FROM and TO LOGICAL.
#include "hypervisor/sie/assist/bfp/instruction.h"
#include "hypervisor/sie/assist/bfp/operations.h"

namespace hypervisor::assist {
namespace {

using bfp::Extended;
using bfp::Long;
using bfp::Short;
using bfp::U128;

// Only the sign changes, even a NaN's: no exceptions.
template <typename ChangeSign>
void LoadWithSign(GuestCpu& cpu, const Insn& insn, ChangeSign change_sign) {
  if (!BfpPermitted<Extended>(cpu, insn.r1, insn.r2)) return;
  const U128 result = change_sign(ReadFpr<Extended>(cpu, insn.r2));
  WriteFpr<Extended>(cpu, insn.r1, result);
  cpu.set_cc(bfp::ClassCc<Extended>(result));
}

template <typename F, typename Second>
void LengthenToExtended(GuestCpu& cpu, const Insn& insn) {
  typename F::Bits second;
  if (!BfpPermitted<Extended>(cpu, insn.r1) || !Second::template Read<F>(cpu, insn, second)) return;
  const auto result = LengthenBfp<U128>(cpu, second);
  if (!cpu.Stopped()) WriteFpr<Extended>(cpu, insn.r1, result);
}

// The result takes the registers of the longer format if it is scaled, so they are tested for it.
template <typename F>
void RoundExtended(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<Extended>(cpu, insn.r1, insn.r2)) return;
  const auto result =
      RoundedBfp<typename F::Bits>(cpu, ReadFpr<Extended>(cpu, insn.r2), insn.m3, insn.m4);
  if (cpu.Stopped()) return;
  if (result.is_scaled) return WriteFpr<Extended>(cpu, insn.r1, result.scaled);
  WriteFpr<F>(cpu, insn.r1, result.bits);
}

template <typename F, typename Integer>
void FromInteger(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<F>(cpu, insn.r1)) return;
  const auto result = BfpFromInteger<typename F::Bits>(cpu, static_cast<Integer>(cpu.gpr(insn.r2)),
                                                       insn.m3, insn.m4);
  if (!cpu.Stopped()) WriteFpr<F>(cpu, insn.r1, result);
}

template <typename F, typename Integer>
void ToInteger(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<F>(cpu, insn.r2)) return;
  const auto result = BfpToInteger<Integer>(cpu, ReadFpr<F>(cpu, insn.r2), insn.m3, insn.m4);
  if (cpu.Stopped()) return;
  if constexpr (sizeof(Integer) == 4) {
    cpu.set_gpr_low(insn.r1, static_cast<uint32_t>(result.value));
  } else {
    cpu.set_gpr(insn.r1, static_cast<uint64_t>(result.value));
  }
  cpu.set_cc(result.cc);
}

}  // namespace

void LoadAndTestBfpExtended(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<Extended>(cpu, insn.r1, insn.r2)) return;
  const U128 result = QuietBfp(cpu, ReadFpr<Extended>(cpu, insn.r2));
  if (cpu.Stopped()) return;
  WriteFpr<Extended>(cpu, insn.r1, result);
  cpu.set_cc(bfp::ClassCc<Extended>(result));
}
void LoadComplementBfpExtended(GuestCpu& cpu, const Insn& insn) {
  LoadWithSign(cpu, insn, [](U128 bits) { return bits ^ Extended::kSign; });
}
void LoadNegativeBfpExtended(GuestCpu& cpu, const Insn& insn) {
  LoadWithSign(cpu, insn, [](U128 bits) { return bits | Extended::kSign; });
}
void LoadPositiveBfpExtended(GuestCpu& cpu, const Insn& insn) {
  LoadWithSign(cpu, insn, [](U128 bits) { return bits & ~Extended::kSign; });
}
void LoadFpIntegerExtended(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<Extended>(cpu, insn.r1, insn.r2)) return;
  const U128 result = IntegralBfp(cpu, ReadFpr<Extended>(cpu, insn.r2), insn.m3, insn.m4);
  if (!cpu.Stopped()) WriteFpr<Extended>(cpu, insn.r1, result);
}
void TestDataClassExtended(GuestCpu& cpu, const Insn& insn) {
  if (!BfpPermitted<Extended>(cpu, insn.r1)) return;
  const uint64_t classes = cpu.EffectiveAddress(insn.x2, insn.b2, insn.d2);
  cpu.set_cc((classes & bfp::DataClass<Extended>(ReadFpr<Extended>(cpu, insn.r1))) != 0);
}

#define INSTRUCTION(name, ...)                 \
  void name(GuestCpu& cpu, const Insn& insn) { \
    __VA_ARGS__(cpu, insn);                    \
  }
INSTRUCTION(LengthenShortToExtended, LengthenToExtended<Short, FromRegister>)
INSTRUCTION(LengthenShortToExtendedStorage, LengthenToExtended<Short, FromStorage>)
INSTRUCTION(LengthenLongToExtended, LengthenToExtended<Long, FromRegister>)
INSTRUCTION(LengthenLongToExtendedStorage, LengthenToExtended<Long, FromStorage>)
INSTRUCTION(RoundExtendedToLong, RoundExtended<Long>)
INSTRUCTION(RoundExtendedToShort, RoundExtended<Short>)

INSTRUCTION(ExtendedFromFixed32, FromInteger<Extended, int32_t>)
INSTRUCTION(ExtendedFromFixed64, FromInteger<Extended, int64_t>)
INSTRUCTION(ExtendedToFixed32, ToInteger<Extended, int32_t>)
INSTRUCTION(ExtendedToFixed64, ToInteger<Extended, int64_t>)
INSTRUCTION(ShortFromLogical64, FromInteger<Short, uint64_t>)
INSTRUCTION(LongFromLogical64, FromInteger<Long, uint64_t>)
INSTRUCTION(ExtendedFromLogical32, FromInteger<Extended, uint32_t>)
INSTRUCTION(ExtendedFromLogical64, FromInteger<Extended, uint64_t>)
INSTRUCTION(ShortToLogical32, ToInteger<Short, uint32_t>)
INSTRUCTION(ShortToLogical64, ToInteger<Short, uint64_t>)
INSTRUCTION(LongToLogical32, ToInteger<Long, uint32_t>)
INSTRUCTION(LongToLogical64, ToInteger<Long, uint64_t>)
INSTRUCTION(ExtendedToLogical32, ToInteger<Extended, uint32_t>)
INSTRUCTION(ExtendedToLogical64, ToInteger<Extended, uint64_t>)

}  // namespace hypervisor::assist
