// The code that all blocks share: the way in and out, and the ways to C++.
#ifndef HYPERVISOR_SIE_TRANSLATOR_X86_STUBS_H_
#define HYPERVISOR_SIE_TRANSLATOR_X86_STUBS_H_

#include <cstddef>
#include <cstdint>

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

struct Stubs {
  void (*enter)(Transfer*, const uint8_t* code, CpuState*, PageEntry* pages);
  const uint8_t* leave;  // jump: the frame's transfer says why
  const uint8_t* load;   // call: see Frame
  const uint8_t* store;
  const uint8_t* execute;
  const uint8_t* masks;      // five words: what an operand address of 1 << i bytes must not have
  const uint8_t* high_half;  // a word
  size_t size;
};

// Emits them at the start of `memory`.
bool MakeStubs(const CodeMemory& memory, const Helpers& helpers, Stubs& stubs);

}  // namespace hypervisor::x86

#endif  // HYPERVISOR_SIE_TRANSLATOR_X86_STUBS_H_
