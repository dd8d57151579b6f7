#include "hypervisor/sie/assist/radix/natural.h"

#include <algorithm>
#include <bit>

namespace hypervisor::radix {

Natural::Natural(U128 value)
    : limbs_{static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64)} {
  Trim();
}

void Natural::Trim() {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
}

void Natural::Multiply(uint64_t factor) {
  uint64_t carry = 0;
  for (uint64_t& limb : limbs_) {
    const U128 product = U128{limb} * factor + carry;
    limb = static_cast<uint64_t>(product);
    carry = static_cast<uint64_t>(product >> 64);
  }
  if (carry != 0) limbs_.push_back(carry);
  Trim();
}

uint64_t Natural::Divide(uint64_t divisor) {
  uint64_t remainder = 0;
  for (auto limb = limbs_.rbegin(); limb != limbs_.rend(); ++limb) {
    const U128 part = U128{remainder} << 64 | *limb;
    *limb = static_cast<uint64_t>(part / divisor);
    remainder = static_cast<uint64_t>(part % divisor);
  }
  Trim();
  return remainder;
}

void Natural::ShiftLeft(int bits) {
  const int within = bits % 64;
  if (within != 0) Multiply(uint64_t{1} << within);
  if (!limbs_.empty()) limbs_.insert(limbs_.begin(), static_cast<size_t>(bits / 64), 0);
}

void Natural::Drop64Bits() {
  if (!limbs_.empty()) limbs_.erase(limbs_.begin());
}

Natural Natural::Above() const {
  constexpr int kPartLimbs = 400 / 64 + 1;
  Natural above = *this;
  uint64_t carry = 1;
  for (int i = 0; i < static_cast<int>(limbs_.size()); ++i) {
    // 448 bits to the right, and 48 back.
    const uint64_t part = Limb(i + kPartLimbs) << 48 | Limb(i + kPartLimbs - 1) >> 16;
    const U128 sum = U128{limbs_[static_cast<size_t>(i)]} + part + carry;
    above.limbs_[static_cast<size_t>(i)] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> 64);
  }
  if (carry != 0) above.limbs_.push_back(carry);
  return above;
}

int Natural::BitLength() const {
  if (limbs_.empty()) return 0;
  return static_cast<int>(limbs_.size()) * 64 - std::countl_zero(limbs_.back());
}

Wide Natural::Value() const {
  return {U128{Limb(3)} << 64 | Limb(2), U128{Limb(1)} << 64 | Limb(0)};
}

Wide Natural::Leading() const {
  const int top = static_cast<int>(limbs_.size()) - 1;
  const Wide left = {U128{Limb(top)} << 64 | Limb(top - 1),
                     U128{Limb(top - 2)} << 64 | Limb(top - 3)};
  const int shift = left.LeadingZeros() % 64;  // of the leftmost limb
  Wide leading = left << shift;
  const uint64_t next = Limb(top - 4);
  if (shift != 0) leading.low |= next >> (64 - shift);
  const bool more = shift == 0 ? next != 0 : next << shift != 0;
  const auto rest = std::max(top - 4, 0);
  if (more || std::any_of(limbs_.begin(), limbs_.begin() + rest, [](uint64_t l) { return l != 0; }))
    leading.low |= 1;
  return leading;
}

}  // namespace hypervisor::radix
