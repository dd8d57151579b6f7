// PoP: Vector String Instructions.
#include <algorithm>
#include <functional>

#include "hypervisor/sie/assist/vector/vector.h"

namespace hypervisor::assist {
namespace {

constexpr uint8_t kInvertResult = 8;
constexpr uint8_t kMaskResult = 4;
constexpr uint8_t kZeroSearch = 2;
constexpr uint8_t kSetCc = 1;

constexpr size_t kNotFound = 16;

// The byte index of the first element that `is` holds for.
template <typename T, typename F>
size_t FirstByte(const Elements<T>& elements, F is) {
  const auto found = std::find_if(elements.begin(), elements.end(), is);
  return static_cast<size_t>(found - elements.begin()) * sizeof(T);
}
template <typename T>
size_t FirstZero(const Elements<T>& elements, uint8_t flags) {
  return flags & kZeroSearch ? FirstByte<T>(elements, [](T e) { return e == 0; }) : kNotFound;
}

uint8_t CcOf(size_t found, size_t zero) {
  if (zero == kNotFound) return found == kNotFound ? 3 : 1;
  return found < zero ? 2 : 0;
}

// FIND ANY ELEMENT EQUAL and STRING RANGE COMPARE: which elements of V2 match.
template <typename T, typename F>
void FindMatches(GuestCpu& cpu, const Insn& insn, uint8_t flags, F matches) {
  const auto a = ReadVector<T>(cpu, insn.r2);
  Elements<T> matching;
  for (size_t i = 0; i < a.size(); ++i)
    matching[i] = matches(a[i]) != ((flags & kInvertResult) != 0) ? kAllOnes<T> : T{0};
  const size_t zero = FirstZero<T>(a, flags);
  const size_t found = FirstByte<T>(matching, [](T e) { return e != 0; });
  if (flags & kMaskResult) {
    WriteVector<T>(cpu, insn.r1, matching);
  } else {
    cpu.state().vr[insn.r1] = {std::min(found, zero), 0};
  }
  if (flags & kSetCc) cpu.set_cc(CcOf(found, zero));
}

// Whether `e` compares with `other` as the leftmost bits of `control` say: equal, low, high.
template <typename T>
bool InRange(T e, T other, T control) {
  constexpr int kEqual = kBits<T> - 1;
  const int wanted = e == other ? kEqual : e < other ? kEqual - 1 : kEqual - 2;
  return (control >> wanted & 1) != 0;
}

}  // namespace

void VectorFindAnyElementEqual(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 2>(cpu, insn.m4, [&](auto element) {
    using T = decltype(element);
    const auto b = ReadVector<T>(cpu, insn.r3);
    FindMatches<T>(cpu, insn, insn.m5,
                   [&b](T e) { return std::find(b.begin(), b.end(), e) != b.end(); });
  });
}

// An element matches if a pair of comparisons with elements of V3 holds.
void VectorStringRangeCompare(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 2>(cpu, insn.m5, [&](auto element) {
    using T = decltype(element);
    const auto b = ReadVector<T>(cpu, insn.r3);
    const auto controls = ReadVector<T>(cpu, insn.r4);
    FindMatches<T>(cpu, insn, insn.m6, [&](T e) {
      for (size_t i = 0; i < b.size(); i += 2) {
        if (InRange(e, b[i], controls[i]) && InRange(e, b[i + 1], controls[i + 1])) return true;
      }
      return false;
    });
  });
}

void VectorFindElementEqual(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 2>(cpu, insn.m5 > (kZeroSearch | kSetCc) ? kNotFound : insn.m4, [&](auto element) {
    using T = decltype(element);
    const auto a = ReadVector<T>(cpu, insn.r2);
    const auto b = ReadVector<T>(cpu, insn.r3);
    const size_t zero = FirstZero<T>(a, insn.m5);
    const auto first = std::mismatch(a.begin(), a.end(), b.begin(), std::not_equal_to<>()).first;
    const size_t found = static_cast<size_t>(first - a.begin()) * sizeof(T);
    cpu.state().vr[insn.r1] = {std::min(found, zero), 0};
    if (insn.m5 & kSetCc) cpu.set_cc(CcOf(found, zero));
  });
}

void VectorFindElementNotEqual(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 2>(cpu, insn.m5 > (kZeroSearch | kSetCc) ? kNotFound : insn.m4, [&](auto element) {
    using T = decltype(element);
    const auto a = ReadVector<T>(cpu, insn.r2);
    const auto b = ReadVector<T>(cpu, insn.r3);
    const size_t zero = FirstZero<T>(a, insn.m5);
    const auto [first, other] = std::mismatch(a.begin(), a.end(), b.begin());
    const size_t found = static_cast<size_t>(first - a.begin()) * sizeof(T);
    cpu.state().vr[insn.r1] = {std::min(found, zero), 0};
    if (!(insn.m5 & kSetCc)) return;
    if (zero < found || found == kNotFound) return cpu.set_cc(zero < found ? 0 : 3);
    cpu.set_cc(*first < *other ? 1 : 2);
  });
}

// Everything behind the first zero becomes zeros.
void VectorIsolateString(GuestCpu& cpu, const Insn& insn) {
  WithSize<0, 2>(cpu, insn.m5 > kSetCc ? kNotFound : insn.m3, [&](auto element) {
    using T = decltype(element);
    auto a = ReadVector<T>(cpu, insn.r2);
    const auto zero = std::find(a.begin(), a.end(), T{0});
    const bool found = zero != a.end();
    std::fill(zero, a.end(), T{0});
    WriteVector<T>(cpu, insn.r1, a);
    if (insn.m5 & kSetCc) cpu.set_cc(found ? 0 : 3);
  });
}

}  // namespace hypervisor::assist
