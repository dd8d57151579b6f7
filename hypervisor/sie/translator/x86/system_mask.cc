// The system mask is stored and changed in place if that brings about nothing else.
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT

void BlockEmitter::EmitStoreThenUpdateSystemMask(const Operation& operation) {
  const bool enables = static_cast<Update>(operation.immediates[0]) == Update::kOr;
  const EngineOffsets& at = surroundings_.engine;
  const ValueId id = operation.arguments[0];
  const Gp address = Load(id, 64);
  int index;
  const Gp entry = Scratch(index);
  const Gp engine = Scratch(index);
  const Gp mask = Scratch(index);
  // From the first jump to `slow` on nothing moves.
  Label slow = a_.newLabel();
  HandlerAt(slow, &address);
  a_.mov(engine, InFrame(offsetof(Frame, transfer), 8));
  a_.mov(engine, ptr(engine, offsetof(Transfer, engine), 8));
  a_.cmp(dword_ptr(engine, at.wary), 0);
  a_.jnz(slow);
  a_.test(byte_ptr(engine, at.psw_mask + 6), 1);  // the problem state
  a_.jnz(slow);
  if (enables) {
    // What is pending may be enabled now.
    a_.cmp(dword_ptr(engine, at.attention), 0);
    a_.jnz(slow);
    a_.mov(entry, ptr(engine, at.state_description, 8));
    a_.test(dword_ptr(entry, offsetof(uapi::SieBlock, cpuflags)),
            uapi::kCpuStopInt | uapi::kCpuIoInt | uapi::kCpuExtInt);
    a_.jnz(slow);
  }
  FindPage(At(id), address, entry, 1, true, slow);
  a_.movzx(mask.r32(), byte_ptr(engine, at.psw_mask + 7));
  Access(slow);
  a_.mov(byte_ptr(address, entry), mask.r8());
  const Mem system_mask = byte_ptr(engine, at.psw_mask + 7);
  const auto operand = imm(static_cast<int8_t>(operation.immediates[1]));
  enables ? a_.or_(system_mask, operand) : a_.and_(system_mask, operand);
}

}  // namespace hypervisor::x86
