// The interpreter, ended after a number of instructions, so that it can be where another engine was
// interrupted.
#ifndef TESTS_HYPERVISOR_SIE_TRANSLATOR_COUNTED_INTERPRETER_H_
#define TESTS_HYPERVISOR_SIE_TRANSLATOR_COUNTED_INTERPRETER_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "hypervisor/isa/decode.h"
#include "hypervisor/isa/table.h"
#include "hypervisor/sie/interpreter/interpreter.h"
#include "hypervisor/storage/byte_order.h"

namespace hypervisor {

class CountedInterpreter final : public Interpreter {
 public:
  // `storage` is the guest's, `size` bytes from absolute address 0 on. `chance` are the rows, by
  // their numbers, whose results are a matter of time or chance.
  CountedInterpreter(const SieEnvironment& environment, const uint8_t* storage, uint64_t size,
                     std::vector<bool> chance)
      : Interpreter(environment),
        storage_(storage),
        size_(size),
        chance_(std::move(chance)),
        completed_(Table().size()) {
    for (RowIndex row = 0; row < Table().size(); ++row) {
      if (chance_[row]) first_bytes_[FirstByteOf(Table()[row])] = true;
    }
  }

  // Run ends with kKicked once it has executed that many.
  void set_limit(uint64_t instructions) { limit_ = instructions; }
  // Whether instructions are counted by row.
  void set_counts_rows(bool counts) { counts_rows_ = counts; }
  // Whether one of `chance` was executed since this was last asked.
  bool TookChance() { return std::exchange(took_chance_, false); }
  // How often each row was executed to its end where logical addresses are absolute ones.
  const std::vector<uint64_t>& completed() const { return completed_; }

 private:
  // Whether what was just executed at an address is, wherever that is mapped, or the target of an
  // EXECUTE there.
  bool IsOfChance(uint64_t address) const {
    const uint64_t offset = address ^ fetch_page_;
    if (!fetch_host_ || offset >= kPageSize) return false;
    uint8_t text[sizeof(uint64_t)] = {};
    std::memcpy(text, fetch_host_ + offset, std::min(sizeof(text), kPageSize - offset));
    const bool executes = text[0] == 0x44 || (text[0] == 0xc6 && (text[1] & 15) == 0);
    const uint64_t executed = executes ? insn_text_ : LoadStorage<uint64_t>(text);
    if (!first_bytes_[executed >> 56]) return false;
    Insn insn;
    Decode(executed, insn);
    return insn.row != kInvalidRow && chance_[insn.row];
  }

  static uint8_t FirstByteOf(const TableRow& row) {
    const OpcodeLayout layout = ShapeOf(row.format).layout;
    const int behind = layout == OpcodeLayout::kByte ? 0 : layout == OpcodeLayout::kNibble ? 4 : 8;
    return static_cast<uint8_t>(row.opcode >> behind);
  }

  Outcome Loop() override {
    for (uint64_t count = 0; count < limit_; ++count) {
      if (--budget_ < 0) {
        const Outcome outcome = Poll();
        if (outcome != Outcome::kGoOn) return outcome;
      }
      const uint64_t address = ia_;
      Insn insn;
      insn.row = kInvalidRow;
      if (counts_rows_ && address < size_ - sizeof(uint64_t))
        Decode(LoadStorage<uint64_t>(storage_ + address), insn);
      const Outcome outcome = Step();
      if (IsOfChance(address)) took_chance_ = true;
      if (outcome != Outcome::kGoOn) return outcome;
      if (counts_rows_ && insn.row != kInvalidRow) ++completed_[insn.row];
    }
    return Outcome::kKicked;
  }

  const uint8_t* storage_;
  uint64_t size_;
  uint64_t limit_ = ~uint64_t{0};
  bool counts_rows_ = false;
  bool took_chance_ = false;
  std::vector<bool> chance_;
  std::array<bool, 256> first_bytes_{};  // of instructions of those rows
  std::vector<uint64_t> completed_;
};

}  // namespace hypervisor

#endif  // TESTS_HYPERVISOR_SIE_TRANSLATOR_COUNTED_INTERPRETER_H_
