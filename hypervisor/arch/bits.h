// Bit fields as the Principles of Operation number them: bit 0 is the leftmost.
#ifndef HYPERVISOR_ARCH_BITS_H_
#define HYPERVISOR_ARCH_BITS_H_

#include <concepts>
#include <cstdint>

namespace hypervisor {

// Bits First to Last of `word`, right-justified. Bits<12, 15>(psw.mask) reads as the PoP says it.
template <int First, int Last, std::unsigned_integral Word>
constexpr Word Bits(Word word) {
  constexpr int kWidth = sizeof(Word) * 8;
  static_assert(0 <= First && First <= Last && Last < kWidth);
  constexpr int kLength = Last - First + 1;
  const Word shifted = static_cast<Word>(word >> (kWidth - 1 - Last));
  if constexpr (kLength == kWidth) {
    return shifted;
  } else {
    return static_cast<Word>(shifted & ((Word{1} << kLength) - 1));
  }
}

template <int Position, std::unsigned_integral Word>
constexpr bool Bit(Word word) {
  return Bits<Position, Position>(word) != 0;
}

// A doubleword (or word) with ones in bits First to Last.
template <int First, int Last, std::unsigned_integral Word = uint64_t>
constexpr Word Mask() {
  constexpr int kWidth = sizeof(Word) * 8;
  constexpr int kLength = Last - First + 1;
  constexpr Word kOnes = kLength == kWidth ? static_cast<Word>(~Word{0})
                                           : static_cast<Word>((Word{1} << (kLength % kWidth)) - 1);
  return static_cast<Word>(kOnes << (kWidth - 1 - Last));
}

}  // namespace hypervisor

#endif  // HYPERVISOR_ARCH_BITS_H_
