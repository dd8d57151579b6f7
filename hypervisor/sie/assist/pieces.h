// Two operands of one length, in pieces of our memory that are contiguous in both.
#ifndef HYPERVISOR_SIE_ASSIST_PIECES_H_
#define HYPERVISOR_SIE_ASSIST_PIECES_H_

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor::assist {

// Calls f(first, second, length) for each piece from left to right, until it returns false.
template <typename F>
void ForEachPiece(const OperandBytes& a, const OperandBytes& b, F f) {
  if (a.first_length == a.length && b.first_length == a.length) [[likely]] {
    f(a.first, b.first, a.length);
    return;
  }
  const auto left_in_part = [](const OperandBytes& operand, uint32_t at) {
    return (at < operand.first_length ? operand.first_length : operand.length) - at;
  };
  for (uint32_t at = 0; at < a.length;) {
    const uint32_t length = std::min(left_in_part(a, at), left_in_part(b, at));
    if (!f(&a[at], &b[at], length)) return;
    at += length;
  }
}

// Moves byte after byte from left to right, so that a destination behind its source repeats it.
inline void MoveLeftToRight(uint8_t* to, const uint8_t* from, size_t length) {
  const size_t distance = reinterpret_cast<uintptr_t>(to) - reinterpret_cast<uintptr_t>(from);
  if (distance >= length) {  // apart, or the destination before the source
    std::memmove(to, from, length);
  } else if (distance == 1) {
    std::memset(to, *from, length);
  } else if (distance != 0) {
    for (size_t at = 0; at < length; at += distance) {
      std::memcpy(to + at, from + at, std::min(distance, length - at));
    }
  }
}

// Moves byte after byte from right to left, so that a destination before its source repeats it.
inline void MoveRightToLeft(uint8_t* to, const uint8_t* from, size_t length) {
  const size_t distance = reinterpret_cast<uintptr_t>(from) - reinterpret_cast<uintptr_t>(to);
  if (distance >= length || distance == 0) {  // apart, or the destination behind the source
    std::memmove(to, from, length);
  } else {
    for (size_t at = length; at-- > 0;) to[at] = from[at];
  }
}

// How many leading bytes are equal.
inline size_t EqualBytes(const uint8_t* a, const uint8_t* b, size_t length) {
  size_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t x, y;
    std::memcpy(&x, a + at, 8);
    std::memcpy(&y, b + at, 8);
    if (x != y) break;
  }
  while (at < length && a[at] == b[at]) ++at;
  return at;
}

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_PIECES_H_
