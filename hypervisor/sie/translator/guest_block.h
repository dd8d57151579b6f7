// Guest instructions that are translated as one: entered at the first only, left anywhere, with
// branches among them.
#ifndef HYPERVISOR_SIE_TRANSLATOR_GUEST_BLOCK_H_
#define HYPERVISOR_SIE_TRANSLATOR_GUEST_BLOCK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hypervisor/isa/insn.h"
#include "hypervisor/sie/interpreter/handlers.h"
#include "hypervisor/sie/translator/ir.h"

namespace hypervisor {

// What is known of the CPU when code is translated; part of a block's key.
struct Mode {
  static constexpr uint16_t k64 = 1;
  static constexpr uint16_t k31 = 2;
  static constexpr uint16_t kDat = 4;
  static constexpr int kAddressSpaceShift = 3;  // two bits: the PSW's
  static constexpr uint16_t kAfp = 32;
  static constexpr uint16_t kFixedPointOverflow = 64;
  // The host can calculate as the floating-point-control register says: x86::IsForHost.
  static constexpr uint16_t kBfp = 128;
  // Vector instructions may be used: both controls say so.
  static constexpr uint16_t kVector = 256;
};

struct GuestInstruction {
  static constexpr int32_t kElsewhere = -1;  // an instruction that is not of this block

  uint64_t address;
  Insn insn;
  Handler handler;  // the interpreter's
  // Its operations in the block's IR; none where the handler is to be called.
  size_t first = 0;
  size_t last = 0;
  bool recorded = false;
  uint64_t executed = 0;  // of EXECUTE, where its target stands, if that is part of the block
  uint8_t executed_length = 0;
  bool serializes = false;      // nothing behind it may have been fetched before
  bool falls_through = true;    // the one behind it in storage may be next
  bool branches = false;        // another one may be next
  bool head = false;            // others of the block go here
  bool cc_is_seen = true;       // the condition code that it is entered with
  uint64_t target = 0;          // where it branches if that is known; odd if not
  uint8_t target_register = 0;  // has the address where it branches; 0: none
  bool crosses = false;         // into another page
  int32_t next = kElsewhere;    // the one behind it in storage, by its number
  int32_t taken = kElsewhere;   // where it branches, by its number
  // Where it branches if the register that says so has that instruction's address: behind calls
  // of this block that set it.
  std::array<int32_t, 2> returns = {kElsewhere, kElsewhere};
  // How many are executed from here on, one behind the other, if no branch is taken: it and others.
  int32_t charge = 1;
  // General registers, as bits from the right, of which only bits 32-63 are in their host
  // register, bits 0-31 in the CpuState: before it, behind it, and those that become so before it
  // does anything, or are made whole. passes::FindNarrowRegisters.
  uint16_t narrow = 0;
  uint16_t narrow_behind = 0;
  uint16_t narrows = 0;
  uint16_t widens = 0;
  // Vector registers, likewise, whose host registers have their bytes as storage has them: before
  // it does anything, and behind it. passes::FindUnreversedVectors.
  uint32_t unreversed = 0;
  uint32_t unreversed_behind = 0;

  // The instructions of the block that may be next, by their numbers; kElsewhere among them.
  std::array<int32_t, 4> Successors() const { return {next, taken, returns[0], returns[1]}; }
};

// A run of the guest's bytes, as it was.
struct GuestText {
  int32_t offset;  // from the block's first instruction
  std::vector<uint8_t> bytes;
};

struct GuestBlock {
  uint64_t address = 0;
  const uint8_t* host = nullptr;  // our memory at the first instruction
  uint16_t mode = 0;
  uint64_t address_mask = 0;
  // Nobody watches what is stored here: it is compared each time it is entered.
  bool unwatched = false;
  std::vector<GuestInstruction> instructions;  // all of them in one page; the first is the entry
  std::vector<GuestText> texts;                // ascending, apart
  ir::Block ir;
  // Of each general register, whose host register it has in the block: passes::FindBorrowedHosts.
  std::array<uint8_t, 16> lenders{};

  // Which host register a vector register, or the floating-point register that is its left half,
  // has in the block; as bits from the right, which are set in it, and of which more than that half
  // matters: passes::FindFloatingRegisters.
  static constexpr uint8_t kNoHost = 255;
  static constexpr uint8_t kFirstFloatingHost = 5;  // those before come and go
  std::array<uint8_t, 32> floating_hosts{};
  uint32_t floating_written = 0;
  uint32_t floating_whole = 0;
};

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_TRANSLATOR_GUEST_BLOCK_H_
