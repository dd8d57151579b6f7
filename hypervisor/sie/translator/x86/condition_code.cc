#include "hypervisor/sie/translator/x86/condition_code.h"

#include <cstddef>

#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT

namespace {

// rax and rcx are free, the operands' bytes are the rightmost of two words.
void EmitOne(x86::Assembler& a, CodeKind kind, int width, bool is_signed, int frame_offset) {
  const auto in_frame = [frame_offset](size_t offset, uint32_t size) {
    return InFrame(offset + static_cast<size_t>(frame_offset), size);
  };
  const auto bytes = static_cast<uint32_t>(width) / 8;
  const Mem first = in_frame(offsetof(Frame, cc_of), kind == CodeKind::kNumber ? 1 : bytes);
  const Mem second = in_frame(offsetof(Frame, cc_of) + 8, bytes);
  const Mem low = in_frame(offsetof(Frame, cc_low), 1);
  const Mem high = in_frame(offsetof(Frame, cc_high), 1);
  const Gp gp = width == 8 ? Gp(al) : width == 16 ? Gp(ax) : width == 32 ? Gp(eax) : Gp(rax);
  if (kind == CodeKind::kBits) {
    a.cmp(first, 0);
    a.setnz(low);
    a.mov(high, 0);
    return;
  }
  if (kind == CodeKind::kNumber) {
    a.mov(al, first);
    a.mov(cl, al);
    a.and_(al, 1);
    a.shr(cl, 1);
    a.and_(cl, 1);
    a.mov(low, al);
    a.mov(high, cl);
    return;
  }
  a.mov(gp, first);
  if (kind == CodeKind::kTest) {
    a.cmp(gp, 0);
    a.setnz(low);
    a.cmp(gp, second);
    a.setz(high);
    return;
  }
  if (kind == CodeKind::kLogicalSum || kind == CodeKind::kLogicalDifference) {
    a.cmp(gp, 0);
    a.setnz(low);
    // The sum is less than what was added if it carries; what was subtracted is added again.
    const bool is_sum = kind == CodeKind::kLogicalSum;
    a.emit(is_sum ? Inst::kIdCmp : Inst::kIdAdd, gp, second);
    is_sum ? a.setc(high) : a.setnc(high);
    return;
  }
  Operand other = second;
  if (kind >= CodeKind::kCompareWithByte) {
    a.movsx(rcx, in_frame(offsetof(Frame, cc_byte), 1));
    other = width == 8 ? Gp(cl) : width == 16 ? Gp(cx) : width == 32 ? Gp(ecx) : Gp(rcx);
  }
  const bool compares = kind == CodeKind::kCompare || kind == CodeKind::kCompareWithByte;
  compares ? a.emit(Inst::kIdCmp, gp, other) : a.cmp(gp, 0);
  is_signed ? a.setl(low) : a.setb(low);
  is_signed ? a.setg(high) : a.seta(high);
  if (compares || kind == CodeKind::kZero) return;
  // Undoes the addition, and does it again to see whether it overflows.
  const bool is_sum = kind == CodeKind::kSum || kind == CodeKind::kSumWithByte;
  a.emit(is_sum ? Inst::kIdSub : Inst::kIdAdd, gp, other);
  a.emit(is_sum ? Inst::kIdAdd : Inst::kIdSub, gp, other);
  Label done = a.newLabel();
  a.jno(done);
  a.mov(in_frame(offsetof(Frame, cc_low), 2), 0x0101);
  a.bind(done);
}

}  // namespace

void EmitMakeCode(x86::Assembler& a, int frame_offset) {
  constexpr int kPushed = 16;
  const int offset = frame_offset + kPushed;
  const Mem how = InFrame(offsetof(Frame, cc_how) + static_cast<size_t>(offset), 1);
  Label table = a.newLabel();
  a.push(rax);
  a.push(rcx);
  a.movzx(eax, how);
  a.mov(how, kCodeIsMade);
  a.lea(rcx, ptr(table));
  a.jmp(qword_ptr(rcx, rax, 3));
  Label ways[kWaysToMakeCode];
  for (Label& way : ways) way = a.newLabel();
  for (const CodeKind kind :
       {CodeKind::kCompare, CodeKind::kZero, CodeKind::kBits, CodeKind::kSum, CodeKind::kDifference,
        CodeKind::kNumber, CodeKind::kTest, CodeKind::kLogicalSum, CodeKind::kLogicalDifference,
        CodeKind::kCompareWithByte, CodeKind::kSumWithByte, CodeKind::kDifferenceWithByte}) {
    for (const int width : {8, 16, 32, 64}) {
      for (const bool is_signed : {false, true}) {
        a.bind(ways[HowToMake(kind, width, is_signed)]);
        EmitOne(a, kind, width, is_signed, offset);
        a.jmp(ways[kCodeIsMade]);
      }
    }
  }
  a.bind(ways[kCodeIsMade]);
  a.pop(rcx);
  a.pop(rax);
  a.ret();
  a.align(AlignMode::kData, 8);
  a.bind(table);
  for (const Label& way : ways) a.embedLabel(way);
}

}  // namespace hypervisor::x86
