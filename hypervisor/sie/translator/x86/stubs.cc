#include "hypervisor/sie/translator/x86/stubs.h"

#include <asmjit/x86.h>

#include <cstring>

#include "hypervisor/sie/translator/x86/condition_code.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {
namespace {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT

#define FRAME(member) InFrame(offsetof(Frame, member), sizeof(Frame::member))
#define TRANSFER(member, base) \
  ptr(base, static_cast<int32_t>(offsetof(Transfer, member)), sizeof(Transfer::member))

constexpr Gp::Id kSaved[] = {Gp::kIdBx, Gp::kIdBp, Gp::kIdR12, Gp::kIdR13, Gp::kIdR14, Gp::kIdR15};

void StoreGuestRegisters(x86::Assembler& a) {
  for (const auto& [guest, host] : kPinned) a.mov(Gpr(guest), gpq(host));
}
void LoadGuestRegisters(x86::Assembler& a) {
  for (const auto& [guest, host] : kPinned) a.mov(gpq(host), Gpr(guest));
}

void EmitEnter(x86::Assembler& a) {
  for (const auto id : kSaved) a.push(gpq(id));
  a.sub(rsp, static_cast<int>(sizeof(Frame)));
  a.mov(FRAME(transfer), rdi);
  a.mov(rax, TRANSFER(jumps, rdi));
  a.mov(FRAME(jumps), rax);
  a.mov(rax, TRANSFER(salt, rdi));
  a.mov(FRAME(salt), rax);
  a.mov(rax, TRANSFER(epoch, rdi));
  a.mov(FRAME(epoch), rax);
  a.mov(eax, TRANSFER(budget, rdi));
  a.mov(FRAME(budget), eax);
  a.movzx(eax, word_ptr(rdi, offsetof(Transfer, cc_low)));
  a.mov(InFrame(offsetof(Frame, cc_low), 2), ax);
  a.mov(FRAME(cc_how), kCodeIsMade);
  a.lea(rbp, ptr(rdx, kStateBias));
  a.mov(kPages, rcx);
  a.mov(rax, rsi);
  LoadGuestRegisters(a);
  a.jmp(rax);
}

void EmitLeave(x86::Assembler& a, const Label& stored, const Label& make_code) {
  StoreGuestRegisters(a);
  Label made = a.newLabel();
  a.cmp(FRAME(cc_how), kCodeIsMade);
  a.je(made);
  a.call(make_code);
  a.bind(made);
  a.bind(stored);
  a.mov(rdi, FRAME(transfer));
  a.mov(eax, FRAME(budget));
  a.mov(TRANSFER(budget, rdi), eax);
  a.mov(rax, FRAME(epoch));
  a.mov(TRANSFER(epoch, rdi), rax);
  a.movzx(eax, InFrame(offsetof(Frame, cc_low), 2));
  a.mov(word_ptr(rdi, offsetof(Transfer, cc_low)), ax);
  a.add(rsp, static_cast<int>(sizeof(Frame)));
  for (size_t i = std::size(kSaved); i-- > 0;) a.pop(gpq(kSaved[i]));
  a.ret();
}

// rax has an address, ecx the number of a link or a block.
void EmitLeaveTo(x86::Assembler& a, Leave why, const Label& leave) {
  a.mov(rdx, FRAME(transfer));
  a.mov(TRANSFER(address, rdx), rax);
  a.mov(TRANSFER(leave, rdx), static_cast<uint32_t>(why));
  if (why == Leave::kLink || why == Leave::kStale || why == Leave::kFirst)
    a.mov(TRANSFER(link, rdx), ecx);
  a.jmp(leave);
}

enum class SiteIs { kOfAccess, kOfHandler, kInAccumulator };

// Called with the frame 8 bytes above the stack pointer. Temporaries survive.
void EmitCall(x86::Assembler& a, int (*function)(Frame*), SiteIs site_is, const Label& stored,
              const Label& make_code) {
  const auto in_frame = [](size_t offset, uint32_t size) { return InFrame(offset + 8, size); };
  for (int i = 0; i < kTemporaryCount; ++i) {
    a.mov(in_frame(offsetof(Frame, scratch) + 8 * static_cast<size_t>(i), 8), gpq(kTemporaries[i]));
  }
  if (site_is != SiteIs::kInAccumulator) a.mov(rcx, ptr(rsp));
  if (site_is == SiteIs::kOfAccess) {
    a.movzx(eax, byte_ptr(rcx, offsetof(CallOfAccess, type)));
    a.mov(in_frame(offsetof(Frame, type), 4), eax);
    a.movzx(eax, byte_ptr(rcx, offsetof(CallOfAccess, access_register)));
    a.mov(in_frame(offsetof(Frame, access_register), 4), eax);
    a.mov(rax, qword_ptr(rcx, offsetof(CallOfAccess, site)));
    a.add(qword_ptr(rsp), static_cast<int>(sizeof(CallOfAccess)));
  } else if (site_is == SiteIs::kOfHandler) {
    a.mov(rax, qword_ptr(rcx, offsetof(CallOfHandler, site)));
    a.add(qword_ptr(rsp), static_cast<int>(sizeof(CallOfHandler)));
  }
  a.mov(in_frame(offsetof(Frame, site), 8), rax);
  StoreGuestRegisters(a);
  Label made = a.newLabel();
  a.cmp(in_frame(offsetof(Frame, cc_how), 1), kCodeIsMade);
  a.je(made);
  a.call(make_code);
  a.bind(made);
  a.lea(rdi, ptr(rsp, 8));
  a.sub(rsp, 8);
  a.mov(rax, reinterpret_cast<uint64_t>(function));
  a.call(rax);
  a.add(rsp, 8);
  a.test(eax, eax);
  Label leave = a.newLabel();
  a.jnz(leave);
  LoadGuestRegisters(a);
  for (int i = 0; i < kTemporaryCount; ++i) {
    a.mov(gpq(kTemporaries[i]), in_frame(offsetof(Frame, scratch) + 8 * static_cast<size_t>(i), 8));
  }
  a.ret();
  a.bind(leave);
  Label elsewhere = a.newLabel();
  a.cmp(eax, kElsewhere);
  a.je(elsewhere);
  // The host predicts returns by counting calls: one left out, all of our callers' go wrong.
  Label returned = a.newLabel();
  a.lea(rdx, ptr(returned));
  a.mov(ptr(rsp), rdx);
  a.ret();
  a.bind(returned);
  a.mov(rdi, FRAME(transfer));
  a.mov(TRANSFER(leave, rdi), static_cast<uint32_t>(Leave::kHandled));
  a.jmp(stored);
  a.bind(elsewhere);
  a.add(rsp, 8);
  a.mov(kPages, FRAME(pages));
  LoadGuestRegisters(a);
  a.jmp(FRAME(code));
}

}  // namespace

bool MakeStubs(const CodeMemory& memory, const Helpers& helpers, Stubs& stubs) {
  CodeHolder code;
  code.init(Environment::host(), reinterpret_cast<uint64_t>(memory.executable()));
  x86::Assembler a(&code);
  Label stored = a.newLabel();
  Label make_code = a.newLabel();
  Label make_code_of_caller = a.newLabel();
  const auto here = [&] {
    a.align(AlignMode::kCode, 16);
    return memory.executable() + a.offset();
  };
  stubs.masks = here();
  for (int i = 0; i < 5; ++i) {
    const uint64_t mask = ~((uint64_t{1} << kPageTableBits) - 1) | ((uint64_t{1} << i) - 1);
    a.embedUInt64(mask);
  }
  stubs.high_half = memory.executable() + a.offset();
  a.embedUInt64(~uint64_t{0} << 32);
  constexpr FloatingConstants kFloating = {
      {{3, 2, 1, 0, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128},
       {7, 6, 5, 4, 3, 2, 1, 0, 128, 128, 128, 128, 128, 128, 128, 128}},
      {7, 6, 5, 4, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128},
      {{0x7fffffff, 0}, {~uint64_t{0} >> 1, 0}},
      {{0x00800000, 0}, {uint64_t{1} << 52, 0}},
      {0xff000000, uint64_t{0x7ff} << 53}};
  stubs.floating = reinterpret_cast<const FloatingConstants*>(here());
  a.embed(&kFloating, sizeof kFloating);
  const uint8_t* enter = here();
  EmitEnter(a);
  stubs.make_code = here();
  a.bind(make_code);
  EmitMakeCode(a, 8);
  here();
  a.bind(make_code_of_caller);
  EmitMakeCode(a, 16);
  Label leave = a.newLabel();
  a.bind(leave);
  EmitLeave(a, stored, make_code);
  for (size_t why = 0; why < stubs.leave_to.size(); ++why) {
    stubs.leave_to[why] = here();
    EmitLeaveTo(a, static_cast<Leave>(why), leave);
  }
  stubs.load = here();
  EmitCall(a, helpers.load, SiteIs::kOfAccess, stored, make_code_of_caller);
  stubs.store = here();
  EmitCall(a, helpers.store, SiteIs::kOfAccess, stored, make_code_of_caller);
  stubs.execute_at = here();
  EmitCall(a, helpers.execute, SiteIs::kOfHandler, stored, make_code_of_caller);
  stubs.execute = here();
  EmitCall(a, helpers.execute, SiteIs::kInAccumulator, stored, make_code_of_caller);
  EmitPageRoutines(a, memory, stubs.pages);
  here();
  EmitStorageRoutines(a, memory, stubs.storage);
  stubs.enter = reinterpret_cast<decltype(stubs.enter)>(reinterpret_cast<uint64_t>(enter));
  if (code.flatten() != kErrorOk || code.resolveUnresolvedLinks() != kErrorOk) return false;
  if (code.relocateToBase(reinterpret_cast<uint64_t>(memory.executable())) != kErrorOk)
    return false;
  stubs.size = code.codeSize();
  return code.copyFlattenedData(memory.Writable(memory.executable()), memory.size()) == kErrorOk;
}

}  // namespace hypervisor::x86
