// VECTOR STRING SEARCH (PoP: Vector String Instructions).
#include <algorithm>

#include "hypervisor/sie/assist/vector/vector.h"

namespace hypervisor::assist {
namespace {

constexpr uint8_t kZeroSearch = 2;

template <typename T>
size_t FirstZero(const Elements<T>& elements) {
  return static_cast<size_t>(std::find(elements.begin(), elements.end(), T{0}) - elements.begin());
}

}  // namespace

// V3 begins with the substring, byte 7 of V4 has its length in bytes. A string ends at a zero, if
// those are looked for. CC: 0 no match, 1 none and the string ends, 2 a match, 3 the beginning of
// one at the end of V2.
void VectorStringSearch(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 2>(cpu, insn.m6 & ~kZeroSearch ? kBits<uint8_t> : insn.m5, [&](auto element) {
    using T = decltype(element);
    const auto string = ReadVector<T>(cpu, insn.r2);
    const auto substring = ReadVector<T>(cpu, insn.r3);
    const bool zeros_end = (insn.m6 & kZeroSearch) != 0;
    size_t length = ReadVector<uint8_t>(cpu, insn.r4)[7] / sizeof(T);
    size_t end = string.size();
    if (zeros_end) {
      length = std::min(length, FirstZero<T>(substring));
      end = FirstZero<T>(string);
    }
    const bool ends = end < string.size();
    size_t at = 0;
    uint8_t cc = 2;
    for (; length != 0; ++at) {
      if (at == end) {
        cc = ends ? 1 : 0;
        at = string.size();
        break;
      }
      const size_t compared = std::min(length, end - at);
      if ((compared < length && ends) ||
          !std::equal(substring.begin(), substring.begin() + compared, string.begin() + at)) {
        continue;
      }
      cc = compared == length ? 2 : 3;
      break;
    }
    cpu.state().vr[insn.r1] = {at * sizeof(T), 0};
    cpu.set_cc(cc);
  });
}

}  // namespace hypervisor::assist
