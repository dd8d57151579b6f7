// What translated code keeps at its stack pointer, and how C++ and it hand over to each other.
//
// Registers of the host in translated code: rsp the frame, rbp the CpuState (and kStateBias), r14
// the page table of the data space, rax, rcx, rdx and rsi for what comes and goes, and all others
// guest registers.
#ifndef HYPERVISOR_SIE_TRANSLATOR_X86_FRAME_H_
#define HYPERVISOR_SIE_TRANSLATOR_X86_FRAME_H_

#include <cstddef>
#include <cstdint>

#include "hypervisor/isa/insn.h"
#include "hypervisor/sie/interpreter/handlers.h"

namespace hypervisor::x86 {

struct Block;

// An instruction that may need C++.
struct Site {
  uint64_t address = 0;
  uint64_t next = 0;  // of the one behind it
  const Block* block = nullptr;
  Handler handler = nullptr;
  Insn insn;
  int32_t remaining = 0;     // instructions that were charged for and stand behind this one
  bool has_operand = false;  // the frame's operand is an address of its
  bool has_second = false;   // and its value another one's
  bool serializes = false;
  bool crosses = false;  // into another page: what it is, is found each time
};

// A translated block.
struct Block {
  // The guest's instructions are among these.
  const uint8_t* first_byte = nullptr;
  const uint8_t* last_byte = nullptr;
  const uint8_t* host = nullptr;   // of the first instruction, our address
  uint8_t* entry = nullptr;        // where to jump to
  const uint8_t* stale = nullptr;  // where it leaves for kStale
  uint32_t number = 0;
  int renewals = 0;        // how often the guest had changed it
  int samples = 0;         // how often a poll came when it was about to be executed
  bool is_region = false;  // it is a region, or no region was to be had
};

// Where guest addresses that were branched to are translated. A match needs both words: `salt`
// stands for the spaces, the mode and all that a purge voids.
struct JumpEntry {
  uint64_t address = 0;
  uint64_t salt = 0;  // 0: none
  const uint8_t* entry = nullptr;
  uint64_t unused = 0;
};
inline constexpr uint64_t kJumpEntries = 65536;

// Where a page of a data space is: our address less the guest's, or 0 if an access needs C++. A
// table has an entry for loads from each page, and behind them one for stores to each.
using PageEntry = uint64_t;
inline constexpr int kPageTableBits = 42;  // of addresses that page tables have entries for
inline constexpr uint64_t kPageTableEntries = uint64_t{1} << (kPageTableBits - 12);
// In front of a table stand entries of its first pages for stores beside the bytes that low-address
// protection covers. Such stores are known when they are translated: to lowcore, without a base.
inline constexpr uint64_t kLowPages = 2;
// In front of those stands a window of loads: addresses from kWindowStart on whose pages are in our
// memory one behind the other. How many bytes it has, less kWindowMargin, and our address less the
// guest's: a load in it needs no page's entry.
inline constexpr uint64_t kWindowStart = 0x2000;
inline constexpr uint64_t kWindowMargin = 256;  // no operand is longer
inline constexpr int64_t kWindowLimit = -4;
inline constexpr int64_t kWindowAddend = -3;
// In front of that page stand words by blocks' numbers, the same in front of all tables of a CPU:
// the epoch in which the CPU last saw that the block's instructions are what was translated, or 0.
inline constexpr uint64_t kMostBlocks = 1 << 18;
inline constexpr uint64_t kPageInFront = 4096;
constexpr int32_t SeenOffset(uint32_t block) {
  return static_cast<int32_t>(block * sizeof(uint64_t)) -
         static_cast<int32_t>(kPageInFront + kMostBlocks * sizeof(uint64_t));
}
// rbp is that much more than the CpuState's address: its low six bits are what an address is
// shifted by to be a page's number, and displacements of a byte reach the registers that are used
// most.
inline constexpr int kStateBias = 64 + 12;

enum class Leave : uint32_t {
  kHandled,  // C++ has made the CPU's state good
  kLookUp,   // go on at `address`
  kLink,     // likewise, and let the jump `link` go there in future
  kBudget,   // poll, then go on at `address`
  kStale,    // the guest's instructions at `address` have changed: those of the block `link`
  kFirst,    // the block `link` at `address` is entered by this CPU for the first time
};

// Given to the code by C++, and given back.
struct Transfer {
  void* engine = nullptr;
  JumpEntry* jumps = nullptr;
  uint64_t salt = 0;
  int32_t budget = 0;
  uint8_t cc_low = 0;  // the condition code's bits, apart
  uint8_t cc_high = 0;
  Leave leave = Leave::kHandled;
  uint32_t link = 0;
  uint64_t address = 0;
  uint64_t epoch = 0;
};

inline constexpr int kSpillSlots = 25;

struct Frame {
  Transfer* transfer;
  JumpEntry* jumps;
  uint64_t salt;
  // Each serialization begins another: what a CPU or device stored into code by then must be seen.
  uint64_t epoch;
  int32_t budget;  // how many instructions may be executed before the next poll; negative behind
  // The condition code's bits, apart, if `cc_how` says that they have been made.
  uint8_t cc_low;
  uint8_t cc_high;
  uint8_t cc_how;     // HowToMake
  int8_t cc_byte;     // in place of `cc_of`[1], where `cc_how` says so; set with the three before
  uint8_t overflow;   // of the latest signed addition, subtraction or multiplication
  uint8_t first_bit;  // of a condition code whose second one is being made
  // Of an operand whose length has no routine of its own: where in a page it may begin at most.
  uint32_t last_offset;
  // For C++: the instruction, the operand's address, type and value.
  const Site* site;
  uint64_t operand;
  uint64_t value;
  uint32_t type;
  uint32_t access_register;
  uint64_t cc_of[2];  // what the condition code is to be made of
  // Likewise of one that isn't in the frame yet: what had to leave its register.
  uint64_t condition[2];
  uint64_t scratch[4];
  uint64_t spilled[kSpillSlots];
  uint64_t lanes[2];  // a vector one of whose lanes has to be found
  // What C++ answers with kElsewhere.
  PageEntry* pages;
  const uint8_t* code;
};
static_assert(sizeof(Frame) % 16 == 8);

// Of each block: it loads the epoch. Over it goes a jump to what replaces the block.
inline constexpr int kFirstInstructionLength = 5;
static_assert(offsetof(Frame, epoch) < 128);

// Numbers of slots: beyond the spilled ones those of the frame's condition.
inline constexpr uint8_t kConditionSlot = 100;

// What stands behind a call of C++ that makes an access, and is returned behind.
struct [[gnu::packed]] CallOfAccess {
  const Site* site;
  uint8_t type;
  uint8_t access_register;
};
// Likewise of one that executes an instruction.
struct CallOfHandler {
  const Site* site;
};

// What C++ that translated code calls answers.
inline constexpr int kGoOn = 0;       // behind the call
inline constexpr int kLeave = 1;      // back to C++: the CPU's state is good
inline constexpr int kElsewhere = 2;  // at the frame's `code`, with its `pages`

}  // namespace hypervisor::x86

#endif  // HYPERVISOR_SIE_TRANSLATOR_X86_FRAME_H_
