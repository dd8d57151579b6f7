// Random guest code, and what its operands are: of every row of the instruction table whose result
// is not a matter of time or chance.
#ifndef TESTS_HYPERVISOR_SIE_TRANSLATOR_RANDOM_CODE_H_
#define TESTS_HYPERVISOR_SIE_TRANSLATOR_RANDOM_CODE_H_

#include <cstdint>
#include <vector>

#include "hypervisor/isa/table.h"

namespace hypervisor {

class Random {
 public:
  explicit Random(uint64_t seed) : state_((seed + 1) * 0x9e3779b97f4a7c15 | 1) {}
  uint64_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545f4914f6cdd1d;
  }
  uint64_t Below(uint64_t n) { return (Next() >> 16) % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

// The rows that random code has: what the machine offers, less what looks at clocks or waits.
bool IsExecutedInLockStep(const TableRow& row);
// Rows whose result depends on the time, on chance or on the engine: code that is made by stores of
// other code may still have them.
bool IsOfChance(const TableRow& row);
// Rows that see reference bits of storage keys.
bool SeesReferences(const TableRow& row);

class RandomCode {
 public:
  static constexpr uint64_t kCode = 0x10000;
  static constexpr uint64_t kCodeSize = 0x4000;
  static constexpr uint64_t kData = 0x100000;
  static constexpr uint64_t kDataSize = 0x8000;

  RandomCode(Random& random, bool sees_references);

  // What the next code is like.
  void Begin();
  // The instruction at an address, each behind the one before, from kCode on.
  uint64_t InstructionAt(uint64_t address);

  // A doubleword of data for this code.
  uint64_t Operand() { return floating_code_ ? FloatingPoint() : Word(); }
  uint64_t Word();
  // Of any class: a long number or two short ones, that are likely to have interesting results.
  uint64_t FloatingPoint();
  // Mostly what programs have; any rounding mode, mask or flag.
  uint32_t Fpc();
  // Where operands may be: mostly data, now and then code or the lowest page.
  uint64_t Place();

 private:
  uint64_t Long(uint64_t sign) { return sign << 63 | Exponent(2047) << 52 | Fraction(52); }
  uint64_t Short(uint64_t sign) { return sign << 31 | Exponent(255) << 23 | Fraction(23); }
  uint64_t Exponent(uint64_t greatest);
  uint64_t Fraction(int bits);
  bool NamesLoopRegister(uint64_t text) const;
  uint64_t LoopEnd(uint64_t address);
  uint64_t StorageToStorage();
  uint64_t Execute(uint64_t address);
  uint64_t Instruction();
  uint64_t Beside(uint64_t latest);
  // Registers of all numbers, often few of them; modifiers mostly of the few values that they have.
  void PlaceVectorFields(Format format, uint64_t& text);

  Random& random_;
  std::vector<RowIndex> rows_;
  std::vector<RowIndex> recorded_;
  std::vector<RowIndex> floating_;
  std::vector<RowIndex> vector_;
  bool floating_code_ = false;  // most instructions are on floating-point registers
  bool vector_code_ = false;    // likewise on vector registers
  bool crosses_pages_ = false;  // instructions do; without it, page ends are targets of EXECUTE
  int loop_left_ = 0;           // instructions until the loop's end; 0 outside
  uint64_t loop_start_ = 0;
  uint64_t loop_register_ = 0;
  uint64_t latest_ = 0;   // the instruction before, if it is of no kind of its own
  uint64_t waiting_ = 0;  // the instruction that belongs behind the latest one
};

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_TRANSLATOR_RANDOM_CODE_H_
