// What vector decimal instructions do around their operation: 31 digits and a sign in each vector
// register, a result of so many digits, condition code and decimal overflow (PoP: Vector Decimal
// Instructions).
#ifndef HYPERVISOR_SIE_ASSIST_VECTOR_DECIMAL_H_
#define HYPERVISOR_SIE_ASSIST_VECTOR_DECIMAL_H_

#include "hypervisor/sie/assist/decimal/packed.h"
#include "hypervisor/sie/assist/vector/vector.h"

namespace hypervisor::assist {

inline constexpr int kVectorDigits = 31;
inline constexpr uint8_t kPlus = 0xc;
inline constexpr uint8_t kMinus = 0xd;
inline constexpr uint8_t kForcedPlus = 0xf;

// The number in a vector register. `forced` takes any sign code for a plus.
inline Packed ReadPackedVector(const GuestCpu& cpu, int r, bool forced) {
  auto bytes = ReadVector<uint8_t>(cpu, r);
  if (forced) bytes[15] = static_cast<uint8_t>(bytes[15] | 0xf);
  return Packed::Read(bytes.data(), kLongestPacked);
}

// False, with a data exception, if one of the numbers isn't valid.
template <typename... Numbers>
bool AllPackedValid(GuestCpu& cpu, const Numbers&... numbers) {
  if ((numbers.valid && ...)) return true;
  cpu.InterruptData(kDxcDecimalOperand);
  return false;
}

inline void WritePackedVector(GuestCpu& cpu, int r, Magnitude magnitude, uint8_t sign) {
  Elements<uint8_t> bytes;
  Packed{magnitude, false}.Write(bytes.data(), kLongestPacked);
  bytes[15] = static_cast<uint8_t>((bytes[15] & 0xf0) | sign);
  WriteVector<uint8_t>(cpu, r, bytes);
}

// The immediate operand that says how a result is bounded: bit 0 is the instruction-overflow mask,
// which came with vector-packed-decimal enhancement 1; bits 3-7 are a number of digits.
class ResultControl {
 public:
  explicit ResultControl(int immediate) : immediate_(immediate) {}

  bool ignores_overflow() const { return (immediate_ & 0x80) != 0; }
  int digits() const { return immediate_ & 0x1f; }

  // False, with a specification exception, if a reserved bit is one, or if there is to be at least
  // one digit and there isn't.
  bool IsPermitted(GuestCpu& cpu, bool needs_digits) const {
    constexpr int kReserved = 0x60;
    const bool has_mask =
        cpu.facilities().Has(Facility::kVectorPackedDecimalEnhancement1) || !ignores_overflow();
    if ((immediate_ & kReserved) == 0 && has_mask && (!needs_digits || digits() != 0)) return true;
    cpu.Interrupt(PgmCode::kSpecification);
    return false;
  }

 private:
  int immediate_;
};

// The overflow itself has its condition code, and an interruption unless a mask forbids it.
inline void DecimalOverflow(GuestCpu& cpu, bool overflow, const ResultControl& control) {
  if (overflow && !control.ignores_overflow() && (cpu.psw_mask() & Psw::kDecimalOverflow))
    cpu.InterruptAfterCompletion(PgmCode::kDecimalOverflow);
}

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_VECTOR_DECIMAL_H_
