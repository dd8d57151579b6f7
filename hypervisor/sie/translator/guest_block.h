// A run of guest instructions that is translated as one: entered at its start only, left anywhere.
#ifndef HYPERVISOR_SIE_TRANSLATOR_GUEST_BLOCK_H_
#define HYPERVISOR_SIE_TRANSLATOR_GUEST_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hypervisor/isa/insn.h"
#include "hypervisor/sie/interpreter/handlers.h"
#include "hypervisor/sie/translator/ir.h"

namespace hypervisor {

// What is known of the CPU when code is translated; part of a block's key.
struct Mode {
  static constexpr uint8_t k64 = 1;
  static constexpr uint8_t k31 = 2;
  static constexpr uint8_t kDat = 4;
  static constexpr int kAddressSpaceShift = 3;  // two bits: the PSW's
  static constexpr uint8_t kAfp = 32;
  static constexpr uint8_t kFixedPointOverflow = 64;
};

struct GuestInstruction {
  uint64_t address;
  Insn insn;
  Handler handler;  // the interpreter's
  // Its operations in the block's IR; none where the handler is to be called.
  size_t first = 0;
  size_t last = 0;
  bool recorded = false;
  bool serializes = false;  // nothing behind it may have been fetched before
};

struct GuestBlock {
  uint64_t address = 0;
  const uint8_t* host = nullptr;   // our memory at the first instruction
  uint32_t length = 0;             // in bytes, all of them within one page
  std::vector<uint8_t> host_copy;  // what was there
  uint8_t mode = 0;
  uint64_t address_mask = 0;
  std::vector<GuestInstruction> instructions;
  ir::Block ir;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_GUEST_BLOCK_H_
