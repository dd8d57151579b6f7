// The operands of COMPRESSION CALL while it works: text, index symbols, dictionaries, and the
// registers that say how far it has come.
#ifndef HYPERVISOR_SIE_ASSIST_COMPRESSION_OPERANDS_H_
#define HYPERVISOR_SIE_ASSIST_COMPRESSION_OPERANDS_H_

#include <cstdint>

#include "hypervisor/sie/assist/register_pair.h"

namespace hypervisor::compression {

// Why no unit of operation follows.
enum class End : uint8_t {
  kNone,        // one does
  kLastSymbol,  // the unit was done, and the source ended with it
  kSource,      // the second operand is at its end
  kTarget,      // the first operand has no room
  kDictionary,  // the dictionary is none: a data exception
  kStopped,     // an access was in vain
};

class Operands {
 public:
  Operands(GuestCpu& cpu, const Insn& insn);

  bool expanding() const { return control_ & 0x100; }
  bool format_1() const { return control_ & 0x200; }
  bool symbol_size_valid() const { return size_code_ >= 1 && size_code_ <= 5; }
  uint32_t largest_index() const { return (1u << symbol_bits_) - 1; }
  GuestCpu& cpu() { return cpu_; }

  // What follows works on the present place; Commit makes it that of the registers.
  assist::RegisterPair& source() { return source_; }
  assist::RegisterPair& target() { return target_; }
  void Commit();

  // Entries; 0 if stopped.
  uint64_t Entry(uint32_t index);
  uint64_t SecondEntry(uint32_t index);  // of the dictionary behind the first

  // Index symbols. PutSymbol translates the index first, if the program wants that; both advance.
  bool HasRoomForSymbol() const { return HasSymbol(target_); }
  bool HasSymbol() const { return HasSymbol(source_); }
  bool PutSymbol(uint32_t index);    // false if stopped
  bool TakeSymbol(uint32_t& index);  // likewise

 private:
  bool HasSymbol(const assist::RegisterPair& operand) const {
    return operand.length() >= 3 || bit_ + symbol_bits_ <= operand.length() * 8;
  }
  void AdvanceBits(assist::RegisterPair& operand);

  GuestCpu& cpu_;
  const uint32_t control_;
  const uint32_t size_code_;
  const uint32_t symbol_bits_;
  const int r2_;  // its access register is the dictionary's too
  const uint64_t dictionary_;
  const uint64_t translation_;  // the offset of the symbol-translation table; 0: none
  uint32_t bit_;                // where the next symbol starts in its first byte
  assist::RegisterPair target_;
  assist::RegisterPair source_;
};

End CompressSymbol(Operands& operands);
End ExpandSymbol(Operands& operands);

}  // namespace hypervisor::compression

#endif  // HYPERVISOR_SIE_ASSIST_COMPRESSION_OPERANDS_H_
