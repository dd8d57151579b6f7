// Random instructions of a decimal-floating-point row, and registers that meet its edges.
#ifndef TESTS_HYPERVISOR_SIE_ASSIST_DFP_RANDOM_STATES_H_
#define TESTS_HYPERVISOR_SIE_ASSIST_DFP_RANDOM_STATES_H_

#include <cstdint>

#include "hypervisor/arch/cpu_state.h"
#include "hypervisor/isa/table.h"
#include "hypervisor/sie/assist/dfp/format.h"

namespace hypervisor {

class RandomStates {
 public:
  explicit RandomStates(uint64_t seed) : state_(seed * 2 + 1) {}

  // Its length; the bytes behind it are zeros. The base register is 12, no index.
  int Instruction(const TableRow& row, uint8_t (&code)[6]);
  void Registers(const TableRow& row, CpuState& cpu);
  uint8_t ConditionCode() { return static_cast<uint8_t>(Below(4)); }
  // Mostly a digit of a zoned or packed number.
  uint8_t OperandByte();

 private:
  uint64_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545f4914f6cdd1d;
  }
  uint64_t Below(uint64_t n) { return (Next() >> 16) % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

  template <typename F>
  typename F::Bits DecimalNumber();
  uint64_t GeneralRegister(const TableRow& row);
  uint64_t Function();

  uint64_t state_;
  int exponent_ = 0;  // of the last finite number: others are often near
};

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_ASSIST_DFP_RANDOM_STATES_H_
