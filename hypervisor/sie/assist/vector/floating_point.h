// What every vector floating-point instruction does around its operation: the format that a
// modifier names, element after element, and the first trap (PoP: Vector Floating-Point
// Instructions).
#ifndef HYPERVISOR_SIE_ASSIST_VECTOR_FLOATING_POINT_H_
#define HYPERVISOR_SIE_ASSIST_VECTOR_FLOATING_POINT_H_

#include "hypervisor/sie/assist/bfp/instruction.h"
#include "hypervisor/sie/assist/vector/vector.h"

namespace hypervisor::assist {

inline constexpr uint8_t kSingleElement = 8;

inline bool HasEnhancements1(const GuestCpu& cpu) {
  return cpu.facilities().Has(Facility::kVectorEnhancements1);
}

// Calls f with the format that a modifier names. Short and extended numbers came with vector
// enhancements 1. `flags` may have no bits but those allowed.
template <typename F>
void WithFormat(GuestCpu& cpu, int format, int flags, int allowed, F f) {
  if (!AllowVector(cpu)) return;
  if ((flags & ~allowed) == 0) {
    if (format == 3) return f(bfp::Long());
    if (format == 2 && HasEnhancements1(cpu)) return f(bfp::Short());
    if (format == 4 && HasEnhancements1(cpu)) return f(bfp::Extended());
  }
  cpu.Interrupt(PgmCode::kSpecification);
}

// A vector-processing exception: which element, and what.
inline void InterruptVectorProcessing(GuestCpu& cpu, size_t element, uint8_t trap) {
  uint32_t code = static_cast<uint32_t>(element) << 4 | 1;
  for (uint8_t exception = bfp::kInvalid; !(trap & exception); exception >>= 1) ++code;
  cpu.Interrupt(PgmCode::kVectorProcessing);
  cpu.program_interruption().data_exception_code = code;
  cpu.state().fpc = (cpu.state().fpc & ~0xff00u) | code << 8;
}

// Every kEvery-th element of V1 becomes f(its number, environment), the others zeros. The first
// trap suppresses the instruction.
template <typename R, size_t kEvery = 1, typename F>
bool Compute(GuestCpu& cpu, const Insn& insn, bfp::Environment environment, bool single, F f) {
  Elements<R> results{};
  const size_t count = single ? 1 : results.size() / kEvery;
  for (size_t i = 0; i < count; ++i) {
    results[i * kEvery] = f(i, environment);
    if (environment.trap) {
      InterruptVectorProcessing(cpu, i, environment.trap);
      return false;
    }
  }
  WriteVector<R>(cpu, insn.r1, results);
  cpu.state().fpc |= uint32_t{environment.flags} << 16;
  return true;
}

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_VECTOR_FLOATING_POINT_H_
