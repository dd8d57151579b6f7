// The condition code where a loop begins. It is seldom asked for there: only if an access has to be
// made by C++ before it is set anew. So a sum's or a difference's isn't made for each turn: its
// operands are put where the loop's head expects them.
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;

// What the instruction leaves, if that is a sum or a difference; kMemory if not.
BlockEmitter::Pending BlockEmitter::FormOf(const GuestInstruction& instruction, bool& sets_cc) {
  Pending form;
  instruction_ = &instruction;  // whose operations AddendOf looks at
  for (size_t i = instruction.first; i < instruction.last; ++i) {
    const Operation& operation = guest_.ir.operations[i];
    if (operation.opcode != Opcode::kSetCc) continue;
    sets_cc = true;
    const Operation* tree = definitions_[operation.arguments[0]];
    if (tree->opcode != Opcode::kSelect) return form;
    const Operation* overflow = definitions_[tree->arguments[0]];
    const bool is_sum = overflow->opcode == Opcode::kAddOverflow;
    if ((!is_sum && overflow->opcode != Opcode::kSubtractOverflow) || AddendOf(*overflow) == 0)
      return form;
    form.kind = is_sum ? Pending::kSum : Pending::kDifference;
    form.type = definitions_[tree->arguments[2]]->from;
    form.a.where = form.b.where = Where::kSpilled;
    form.a.place = kHeadSlot;
    form.b.place = kHeadSlot + 1;
  }
  return form;
}

void BlockEmitter::FindHeadForms() {
  const auto& all = guest_.instructions;
  head_forms_.assign(all.size(), Pending{});
  std::vector<bool> is_known(all.size());
  for (size_t back = 0; back < all.size(); ++back) {
    for (const int32_t number : {all[back].taken, all[back].next}) {
      if (number < 0 || static_cast<size_t>(number) > back) continue;
      const auto head = static_cast<size_t>(number);
      if (!all[head].cc_is_seen) continue;
      // The latest that sets it, on the straight way here.
      Pending form;
      for (size_t i = back;; --i) {
        bool sets_cc = !all[i].recorded;
        if (all[i].recorded) form = FormOf(all[i], sets_cc);
        const bool straight =
            i > head && !all[i].head && all[i - 1].next == static_cast<int32_t>(i);
        if (sets_cc || !straight) break;
      }
      // It has to be that of all ways back.
      if (is_known[head] && !IsInForm(form, head_forms_[head])) form = Pending{};
      head_forms_[head] = form;
      is_known[head] = true;
    }
  }
  instruction_ = nullptr;
}

bool BlockEmitter::IsInForm(const Pending& cc, const Pending& form) {
  return cc.kind == form.kind && WidthOf(cc.type) == WidthOf(form.type);
}

// As a head expects it. Unless it is in the head's form already, it is in the frame too behind
// this, and the temporaries are changed.
void BlockEmitter::StoreCcAs(const Pending& form, const Pending& cc) {
  if (form.kind == Pending::kMemory) return StoreCc(cc);
  const Mem slot_a = InFrame(offsetof(Frame, condition) + 16, 8);
  const Mem slot_b = InFrame(offsetof(Frame, condition) + 24, 8);
  if (!IsInForm(cc, form)) {
    StoreCc(cc);
    const size_t kind = form.kind == Pending::kSum ? 0 : 1;
    const size_t is_long = WidthOf(form.type) == 64 ? 1 : 0;
    a_.movzx(eax, InFrame(offsetof(Frame, cc_low), 1));
    a_.movzx(ecx, InFrame(offsetof(Frame, cc_high), 1));
    a_.lea(eax, ptr(rax, rcx, 1));
    a_.shl(eax, 4);
    a_.lea(rcx, AbsoluteWord(surroundings_.stubs.sums->operands[kind][is_long]));
    a_.vmovups(xmm0, ptr(rcx, rax));
    a_.vmovups(slot_a, xmm0);
    return;
  }
  const int width = WidthOf(cc.type);
  const Operand a = OperandOf(cc.a, width);
  const Operand b = OperandOf(cc.b, width);
  Gp free = rax;
  for (const Gp& other : {rcx, rdx}) {
    if ((a.isReg() && a.id() == free.id()) || (b.isReg() && b.id() == free.id())) free = other;
  }
  const Mem saved = InFrame(offsetof(Frame, scratch), 8);
  const auto store = [&](const Mem& slot, const Value& value, const Operand& operand) {
    if (value.where == Where::kSpilled && value.place >= kHeadSlot) return;
    if (operand.isImm()) return StoreImmediate64(slot, static_cast<uint64_t>(value.constant));
    if (operand.isReg()) return a_.mov(slot, gpq(operand.id())), void();
    a_.mov(saved, free);
    a_.emit(Inst::kIdMov, Sized(free, width), operand);
    a_.mov(slot, free);
    a_.mov(free, saved);
  };
  store(slot_a, cc.a, a);
  store(slot_b, cc.b, b);
}

// The code here is entered with the condition code in the head's form.
void BlockEmitter::BeginHead(size_t index) {
  DropPending();
  pending_ = head_forms_[index];
  flags_ = {};
}

}  // namespace hypervisor::x86
