// Operands whose address, and often length, a program keeps in general registers: MVCL, CLCLE, SRST
// and their kin (PoP: General Instructions, "MOVE LONG EXTENDED" and others).
#ifndef HYPERVISOR_SIE_ASSIST_REGISTER_PAIR_H_
#define HYPERVISOR_SIE_ASSIST_REGISTER_PAIR_H_

#include <algorithm>
#include <cstdint>

#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor::assist {

// An interruptible instruction handles at most so many bytes as one unit, whose registers are
// updated together, and so many units before it lets interruptions in.
inline constexpr uint64_t kUnitBytes = kPageSize;
inline constexpr int kUnitsPerExecution = 16;

inline bool In64BitMode(const GuestCpu& cpu) {
  return (cpu.psw_mask() & Psw::kExtendedAddressing) != 0;
}

constexpr uint64_t ToPageEnd(uint64_t address) {
  return kPageSize - (address & kPageMask);
}

// How MOVE LONG and COMPARE LOGICAL LONG keep a length: 24 bits, beside the padding byte. All
// others use 32 or 64 bits, as the addressing mode says.
enum class LengthWidth { k24, kByMode };

// The operand in registers r (address) and r + 1 (length), r even.
class RegisterPair {
 public:
  RegisterPair(GuestCpu& cpu, int r, LengthWidth width = LengthWidth::kByMode)
      : cpu_(&cpu), r_(r), width_(width), address_(cpu.Wrap(cpu.gpr(r))) {
    if (width == LengthWidth::k24) {
      length_ = cpu.gpr_low(r + 1) & 0xffffff;
    } else {
      length_ = In64BitMode(cpu) ? cpu.gpr(r + 1) : cpu.gpr_low(r + 1);
    }
  }

  uint64_t address() const { return address_; }
  uint64_t length() const { return length_; }
  Space space() const { return Space::ByPsw(r_); }

  void Advance(uint64_t count) {
    address_ = cpu_->Wrap(address_ + count);
    length_ -= count;
  }
  // Towards lower addresses.
  void Recede(uint64_t count) {
    address_ = cpu_->Wrap(address_ - count);
    length_ -= count;
  }
  // Puts address and length back into the registers.
  void Commit() const {
    if (In64BitMode(*cpu_)) {
      cpu_->set_gpr(r_, address_);
    } else {
      cpu_->set_gpr_low(r_, static_cast<uint32_t>(address_));
    }
    const auto low = static_cast<uint32_t>(length_);
    if (width_ == LengthWidth::k24) {
      cpu_->set_gpr_low(r_ + 1, (cpu_->gpr_low(r_ + 1) & 0xff000000) | low);
    } else if (In64BitMode(*cpu_)) {
      cpu_->set_gpr(r_ + 1, length_);
    } else {
      cpu_->set_gpr_low(r_ + 1, low);
    }
  }

 private:
  GuestCpu* cpu_;
  int r_;
  LengthWidth width_;
  uint64_t address_;
  uint64_t length_;
};

// An address alone, put back as the addressing mode says.
inline void SetAddress(GuestCpu& cpu, int r, uint64_t address) {
  address = cpu.Wrap(address);
  if (In64BitMode(cpu)) {
    cpu.set_gpr(r, address);
  } else {
    cpu.set_gpr_low(r, static_cast<uint32_t>(address));
  }
}

// False, with a specification exception, unless all of `registers` are even.
template <typename... Registers>
bool AllEven(GuestCpu& cpu, Registers... registers) {
  if (((registers | ...) & 1) == 0) return true;
  cpu.Interrupt(PgmCode::kSpecification);
  return false;
}

}  // namespace hypervisor::assist

#endif  // HYPERVISOR_SIE_ASSIST_REGISTER_PAIR_H_
