// The code that all blocks share: the way in and out, and the ways to C++.
#ifndef HYPERVISOR_SIE_TRANSLATOR_X86_STUBS_H_
#define HYPERVISOR_SIE_TRANSLATOR_X86_STUBS_H_

#include <asmjit/x86.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "hypervisor/arch/cpu_state.h"
#include "hypervisor/sie/translator/cache/code_memory.h"
#include "hypervisor/sie/translator/x86/frame.h"

namespace hypervisor::x86 {

// C++ that translated code calls; kGoOn, kLeave or kElsewhere.
struct Helpers {
  int (*load)(Frame*);
  int (*store)(Frame*);
  int (*execute)(Frame*);
};

// Routines on two operands of storage that stand apart from page ends: rdx and rsi are ours to
// their first bytes, rcx the length, up to 4096. Only rax, rcx, rdx, rsi and xmm0 to xmm4 change.
// If the host faults they return with a carry.
struct StorageRoutines {
  const uint8_t* move;        // rsi's to rdx's
  const uint8_t* combine[4];  // by Update; rax is 0 if all results are zeros; none for kAdd
  const uint8_t* compare;     // rax and rdx compare as rdx's and rsi's bytes do
  const uint8_t* failed;
  const uint8_t* end;
  bool Contains(uint64_t instruction) const {
    return instruction >= reinterpret_cast<uint64_t>(move) &&
           instruction < reinterpret_cast<uint64_t>(end);
  }
};

// What SSE takes from storage, on its boundary: for short numbers, and for long ones.
struct FloatingConstants {
  uint8_t swap[2][16];       // reverses the bytes of a number, shuffling
  uint8_t swap_left[16];     // those of the left half of a register: a short number to be stored
  uint64_t magnitude[2][2];  // all bits but the sign
  uint64_t least_normal[2][2];
  uint64_t doubled_infinity[2];  // without the sign, as an integer
};

// Routines that look for the page of the operand whose address is in the frame. The zero flag says
// that C++ has to make the access: there is no entry, the operand crosses a page, or the address is
// beyond the table. If not, a temporary has the entry; nothing else changes.
struct PageRoutines {
  static constexpr int kSizes[] = {1, 2, 4, 8, 16, 0};  // the last for what the frame says
  const uint8_t* find[2][4][std::size(kSizes)];         // by: store, the temporary, size
};

struct Stubs {
  void (*enter)(Transfer*, const uint8_t* code, CpuState*, PageEntry* pages);
  // Jump, by why: rax has the address, ecx the number of a link or a block.
  std::array<const uint8_t*, 6> leave_to;
  const uint8_t* load;  // call, with a CallOfAccess behind it: see Frame
  const uint8_t* store;
  const uint8_t* execute_at;  // likewise, with a CallOfHandler
  const uint8_t* execute;     // call: rax has the Site
  const uint8_t* masks;       // five words: what an operand address of 1 << i bytes must not have
  const uint8_t* high_half;   // a word
  const FloatingConstants* floating;
  const uint8_t* make_code;  // call: the frame's condition code is made
  PageRoutines pages;
  StorageRoutines storage;
  size_t size;
};

// At the assembler's place in `memory`.
void EmitPageRoutines(asmjit::x86::Assembler& a, const CodeMemory& memory, PageRoutines& routines);

// At the assembler's place in `memory`.
void EmitStorageRoutines(asmjit::x86::Assembler& a, const CodeMemory& memory,
                         StorageRoutines& routines);

// Emits them at the start of `memory`.
bool MakeStubs(const CodeMemory& memory, const Helpers& helpers, Stubs& stubs);

}  // namespace hypervisor::x86

#endif  // HYPERVISOR_SIE_TRANSLATOR_X86_STUBS_H_
