// Routines that translated code calls for two operands of storage of up to 256 bytes. Where a
// destination stands so little behind its source that it is read again, byte after byte.
#include <asmjit/x86.h>

#include "hypervisor/isa/semantics/row.h"
#include "hypervisor/sie/translator/x86/stubs.h"

namespace hypervisor::x86 {
namespace {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT

const uint8_t* Here(Assembler& a, const CodeMemory& memory) {
  a.align(AlignMode::kCode, 16);
  return memory.executable() + a.offset();
}

void Return(Assembler& a) {
  a.clc();
  a.ret();
}

// Jumps to `near`, with the distance in rax, if a byte may be read after it was stored.
void TestOverlap(Assembler& a, const Label& near) {
  a.mov(rax, rdx);
  a.sub(rax, rsi);
  a.cmp(rax, rcx);
  a.jb(near);
}

// rcx bytes like the one at rsi.
void EmitFill(Assembler& a) {
  Label many = a.newLabel();
  Label last = a.newLabel();
  Label next = a.newLabel();
  a.movzx(eax, byte_ptr(rsi));
  a.cmp(ecx, 16);
  a.jae(many);
  a.bind(next);
  a.mov(byte_ptr(rdx, rcx, 0, -1), al);
  a.dec(ecx);
  a.jnz(next);
  Return(a);
  a.bind(many);
  a.imul(eax, eax, 0x01010101);
  a.movd(xmm0, eax);
  a.pshufd(xmm0, xmm0, 0);
  a.movdqu(xmmword_ptr(rdx, rcx, 0, -16), xmm0);
  a.dec(rcx);
  a.and_(rcx, -16);
  Label done = a.newLabel();
  a.jz(done);
  a.bind(last);
  a.movdqu(xmmword_ptr(rdx, rcx, 0, -16), xmm0);
  a.sub(rcx, 16);
  a.jnz(last);
  a.bind(done);
  Return(a);
}

void EmitMove(Assembler& a) {
  Label near = a.newLabel();
  Label fill = a.newLabel();
  Label few = a.newLabel();
  Label next = a.newLabel();
  Label last = a.newLabel();
  Label below8 = a.newLabel();
  Label below4 = a.newLabel();
  Label one = a.newLabel();
  Label done = a.newLabel();
  TestOverlap(a, near);
  a.cmp(ecx, 16);
  a.jb(few);
  // The last 16 bytes are read before any of them may change.
  a.movdqu(xmm1, xmmword_ptr(rsi, rcx, 0, -16));
  a.lea(rax, ptr(rcx, -1));
  a.and_(rax, -16);
  a.jz(last);
  a.add(rsi, rax);
  a.add(rdx, rax);
  a.sub(rcx, rax);
  a.neg(rax);
  a.bind(next);
  a.movdqu(xmm0, xmmword_ptr(rsi, rax));
  a.movdqu(xmmword_ptr(rdx, rax), xmm0);
  a.add(rax, 16);
  a.jnz(next);
  a.bind(last);
  a.movdqu(xmmword_ptr(rdx, rcx, 0, -16), xmm1);
  Return(a);
  a.bind(few);
  a.cmp(ecx, 8);
  a.jb(below8);
  a.movq(xmm0, qword_ptr(rsi));
  a.movq(xmm1, qword_ptr(rsi, rcx, 0, -8));
  a.movq(qword_ptr(rdx), xmm0);
  a.movq(qword_ptr(rdx, rcx, 0, -8), xmm1);
  Return(a);
  a.bind(below8);
  a.cmp(ecx, 4);
  a.jb(below4);
  a.movd(xmm0, dword_ptr(rsi));
  a.movd(xmm1, dword_ptr(rsi, rcx, 0, -4));
  a.movd(dword_ptr(rdx), xmm0);
  a.movd(dword_ptr(rdx, rcx, 0, -4), xmm1);
  Return(a);
  // One to three; and what repeats itself.
  a.bind(near);
  a.cmp(rax, 1);
  a.jb(done);
  a.je(fill);
  a.bind(below4);
  a.bind(one);
  a.movzx(eax, byte_ptr(rsi));
  a.mov(byte_ptr(rdx), al);
  a.inc(rsi);
  a.inc(rdx);
  a.dec(ecx);
  a.jnz(one);
  a.bind(done);
  Return(a);
  a.bind(fill);
  EmitFill(a);
}

// rax: whether xmm2 has a bit.
void ReturnAll(Assembler& a) {
  a.xor_(eax, eax);
  a.ptest(xmm2, xmm2);
  a.setnz(al);
  Return(a);
}

void EmitClear(Assembler& a) {
  Label few = a.newLabel();
  Label next = a.newLabel();
  Label one = a.newLabel();
  a.xor_(eax, eax);
  a.cmp(ecx, 16);
  a.jb(few);
  a.pxor(xmm0, xmm0);
  a.movdqu(xmmword_ptr(rdx, rcx, 0, -16), xmm0);
  a.dec(rcx);
  a.and_(rcx, -16);
  Label done = a.newLabel();
  a.jz(done);
  a.bind(next);
  a.movdqu(xmmword_ptr(rdx, rcx, 0, -16), xmm0);
  a.sub(rcx, 16);
  a.jnz(next);
  a.bind(done);
  Return(a);
  a.bind(few);
  a.bind(one);
  a.mov(byte_ptr(rdx, rcx, 0, -1), al);
  a.dec(ecx);
  a.jnz(one);
  Return(a);
}

void EmitCombine(Assembler& a, Inst::Id vector, Inst::Id byte, bool clears) {
  Label bytes = a.newLabel();
  Label clear = a.newLabel();
  Label few = a.newLabel();
  Label next = a.newLabel();
  Label last = a.newLabel();
  Label one = a.newLabel();
  Label apart = a.newLabel();
  a.pxor(xmm2, xmm2);
  a.cmp(rdx, rsi);
  a.je(clears ? clear : apart);
  TestOverlap(a, bytes);
  a.bind(apart);
  a.cmp(ecx, 16);
  a.jb(few);
  // The last 16 bytes are made before any of them may change.
  a.movdqu(xmm1, xmmword_ptr(rsi, rcx, 0, -16));
  a.movdqu(xmm3, xmmword_ptr(rdx, rcx, 0, -16));
  a.emit(vector, xmm1, xmm3);
  a.por(xmm2, xmm1);
  a.lea(rax, ptr(rcx, -1));
  a.and_(rax, -16);
  a.jz(last);
  a.add(rsi, rax);
  a.add(rdx, rax);
  a.sub(rcx, rax);
  a.neg(rax);
  a.bind(next);
  a.movdqu(xmm0, xmmword_ptr(rsi, rax));
  a.movdqu(xmm3, xmmword_ptr(rdx, rax));
  a.emit(vector, xmm0, xmm3);
  a.por(xmm2, xmm0);
  a.movdqu(xmmword_ptr(rdx, rax), xmm0);
  a.add(rax, 16);
  a.jnz(next);
  a.bind(last);
  a.movdqu(xmmword_ptr(rdx, rcx, 0, -16), xmm1);
  ReturnAll(a);
  a.bind(few);
  a.cmp(ecx, 8);
  a.jb(bytes);
  a.movq(xmm0, qword_ptr(rsi));
  a.movq(xmm3, qword_ptr(rdx));
  a.emit(vector, xmm0, xmm3);
  a.movq(xmm1, qword_ptr(rsi, rcx, 0, -8));
  a.movq(xmm3, qword_ptr(rdx, rcx, 0, -8));
  a.emit(vector, xmm1, xmm3);
  a.movq(qword_ptr(rdx), xmm0);
  a.movq(qword_ptr(rdx, rcx, 0, -8), xmm1);
  a.por(xmm2, xmm0);
  a.por(xmm2, xmm1);
  ReturnAll(a);
  a.bind(bytes);
  a.bind(one);
  a.movzx(eax, byte_ptr(rsi));
  a.emit(byte, al, byte_ptr(rdx));
  a.mov(byte_ptr(rdx), al);
  a.movd(xmm0, eax);
  a.por(xmm2, xmm0);
  a.inc(rsi);
  a.inc(rdx);
  a.dec(ecx);
  a.jnz(one);
  ReturnAll(a);
  if (!clears) return;
  a.bind(clear);
  EmitClear(a);
}

void EmitCompare(Assembler& a) {
  Label few = a.newLabel();
  Label next = a.newLabel();
  Label last = a.newLabel();
  Label differs = a.newLabel();
  Label equal = a.newLabel();
  Label below8 = a.newLabel();
  Label one = a.newLabel();
  Label found = a.newLabel();
  Label in_head = a.newLabel();
  a.cmp(ecx, 16);
  a.jb(few);
  a.bind(next);
  a.movdqu(xmm0, xmmword_ptr(rdx));
  a.movdqu(xmm1, xmmword_ptr(rsi));
  a.pcmpeqb(xmm0, xmm1);
  a.pmovmskb(eax, xmm0);
  a.xor_(eax, 0xffff);
  a.jnz(differs);
  a.sub(ecx, 16);
  a.jz(equal);
  a.add(rdx, 16);
  a.add(rsi, 16);
  a.cmp(ecx, 16);
  a.jae(next);
  // The last 16 once more.
  a.lea(rdx, ptr(rdx, rcx, 0, -16));
  a.lea(rsi, ptr(rsi, rcx, 0, -16));
  a.mov(ecx, 16);
  a.jmp(next);
  a.bind(few);
  a.cmp(ecx, 8);
  a.jb(below8);
  // The first eight bytes and the last eight.
  a.movq(xmm0, qword_ptr(rdx));
  a.movhps(xmm0, qword_ptr(rdx, rcx, 0, -8));
  a.movq(xmm1, qword_ptr(rsi));
  a.movhps(xmm1, qword_ptr(rsi, rcx, 0, -8));
  a.pcmpeqb(xmm0, xmm1);
  a.pmovmskb(eax, xmm0);
  a.xor_(eax, 0xffff);
  a.jz(equal);
  a.bsf(eax, eax);
  a.cmp(eax, 8);
  a.jb(in_head);
  a.lea(eax, ptr(rax, rcx, 0, -16));
  a.bind(in_head);
  a.jmp(found);
  a.bind(differs);
  a.bsf(eax, eax);
  a.bind(found);
  a.movzx(ecx, byte_ptr(rdx, rax));
  a.movzx(edx, byte_ptr(rsi, rax));
  a.mov(eax, ecx);
  Return(a);
  a.bind(below8);
  a.bind(one);
  a.movzx(eax, byte_ptr(rdx));
  a.cmp(al, byte_ptr(rsi));
  a.jne(last);
  a.inc(rdx);
  a.inc(rsi);
  a.dec(ecx);
  a.jnz(one);
  a.bind(equal);
  a.xor_(eax, eax);
  a.xor_(edx, edx);
  Return(a);
  a.bind(last);
  a.movzx(edx, byte_ptr(rsi));
  Return(a);
}

}  // namespace

void EmitStorageRoutines(Assembler& a, const CodeMemory& memory, StorageRoutines& routines) {
  const auto combine = [&](Update update) -> const uint8_t*& {
    return routines.combine[static_cast<int>(update)];
  };
  routines.move = Here(a, memory);
  EmitMove(a);
  combine(Update::kAnd) = Here(a, memory);
  EmitCombine(a, Inst::kIdPand, Inst::kIdAnd, false);
  combine(Update::kOr) = Here(a, memory);
  EmitCombine(a, Inst::kIdPor, Inst::kIdOr, false);
  combine(Update::kExclusiveOr) = Here(a, memory);
  EmitCombine(a, Inst::kIdPxor, Inst::kIdXor, true);
  routines.compare = Here(a, memory);
  EmitCompare(a);
  routines.failed = routines.end = Here(a, memory);
  a.stc();
  a.ret();
}

}  // namespace hypervisor::x86
