// Routines that translated code calls for the page of an operand where its own look-up doesn't do:
// it isn't in the window, or not on its boundary.
#include <asmjit/x86.h>

#include <cstddef>

#include "hypervisor/arch/address.h"
#include "hypervisor/sie/translator/x86/registers.h"
#include "hypervisor/sie/translator/x86/stubs.h"

namespace hypervisor::x86 {
namespace {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT

// Called with the frame 8 bytes above the stack pointer.
Mem Called(size_t offset, uint32_t size) {
  return InFrame(offset + 8, size);
}

void EmitFind(Assembler& a, const Gp& entry, int bytes, bool store) {
  const Mem address = Called(offsetof(Frame, operand), 8);
  Label none = a.newLabel();
  a.mov(entry, address);
  a.shr(entry, kPageTableBits);
  a.jnz(none);
  if (bytes != 1) {
    a.mov(entry.r32(), Called(offsetof(Frame, operand), 4));
    a.and_(entry.r32(), static_cast<int>(kPageMask));
    bytes == 0 ? a.cmp(entry.r32(), Called(offsetof(Frame, last_offset), 4))
               : a.cmp(entry.r32(), static_cast<int>(kPageSize) - bytes);
    a.ja(none);
  }
  a.mov(entry, address);
  a.shr(entry, 12);
  if (store) a.or_(entry.r32(), static_cast<int>(kPageTableEntries));
  a.mov(entry, PageEntryAt(entry));
  a.test(entry, entry);
  a.ret();
  a.bind(none);
  a.xor_(entry.r32(), entry.r32());
  a.ret();
}

}  // namespace

void EmitPageRoutines(Assembler& a, const CodeMemory& memory, PageRoutines& routines) {
  for (const bool store : {false, true}) {
    for (int i = 0; i < kTemporaryCount; ++i) {
      for (size_t size = 0; size < std::size(PageRoutines::kSizes); ++size) {
        a.align(AlignMode::kCode, 16);
        routines.find[store][i][size] = memory.executable() + a.offset();
        EmitFind(a, gpq(kTemporaries[i]), PageRoutines::kSizes[size], store);
      }
    }
  }
}

}  // namespace hypervisor::x86
