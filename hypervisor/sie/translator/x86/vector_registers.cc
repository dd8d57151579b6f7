// Vector registers: in host registers within a block, or in the CpuState.
//
// Each doubleword stands in a host register as in the CpuState, as a number, the left one first:
// elements of any size are lanes for the host's arithmetic, the left doubleword is where SSE has a
// floating-point number, and storage is 8 bytes reversed, twice. Byte i from the left is the
// host's i ^ 7, and so on for longer elements.
#include <cstddef>

#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::VectorOperation;

Mem BlockEmitter::Quadword(uint64_t right, uint64_t left) {
  const std::array<uint64_t, 2> halves = {right, left};
  for (const Data& known : quadwords_)
    if (known.halves == halves) return ptr(known.label, 0, 16);
  quadwords_.push_back({halves, a_.newLabel()});
  return ptr(quadwords_.back().label, 0, 16);
}

Mem BlockEmitter::EachByte(uint8_t value) {
  const uint64_t word = ~uint64_t{0} / 0xff * value;
  return Quadword(word, word);
}

Mem BlockEmitter::EachElement(int size, uint64_t value) {
  for (int bits = 8 << size; bits < 64; bits *= 2) value |= value << bits;
  return Quadword(value, value);
}

Mem BlockEmitter::SwappedBytes() {
  return Quadword(0x0001020304050607, 0x08090a0b0c0d0e0f);
}

void BlockEmitter::EmbedQuadwords() {
  if (quadwords_.empty()) return;
  a_.align(AlignMode::kData, 16);
  for (const Data& data : quadwords_) {
    a_.bind(data.label);
    a_.embed(data.halves.data(), sizeof data.halves);
  }
}

Operand BlockEmitter::VectorOperand(ValueId id, const Xmm& scratch) {
  const Value& value = values_[id];
  if (value.where == Where::kVector && !HasHost(value.place)) return VectorAt(value.place);
  return LoadVector(id, scratch);
}

Xmm BlockEmitter::LoadVector(ValueId id, const Xmm& scratch) {
  const Value& value = values_[id];
  switch (value.where) {
    case Where::kXmm:
      return xmm(value.place);
    case Where::kVector:
      if (HasHost(value.place)) return HostOf(value.place);
      a_.vmovdqa(scratch, VectorAt(value.place));
      return scratch;
    case Where::kStorage: {
      const Mem at = StorageAt(static_cast<int32_t>(value.constant));
      a_.vmovdqu(scratch, at);
      a_.vpshufb(scratch, scratch, SwappedBytes());
      return scratch;
    }
    default:
      a_.reportError(kErrorInvalidState);
      return scratch;
  }
}

// Nothing that still wants the vector register as it was is in the way: an instruction reads before
// it sets, but for what the condition code waits for.
Xmm BlockEmitter::VectorTarget(const Operation& operation) {
  const Operation* end = guest_.ir.operations.data() + instruction_->last;
  for (const Operation* next = &operation + 1; next != end; ++next) {
    if (next->opcode == Opcode::kNothing) continue;
    if (next->opcode != Opcode::kSetVr || next->arguments[0] != operation.result) break;
    const auto r = static_cast<int>(next->immediates[0]);
    if (!HasHost(r)) break;
    ProtectFloating(r, 0);
    return HostOf(r);
  }
  return xmm0;
}

void BlockEmitter::IsVectorResult(const Operation& operation, const Xmm& target) {
  Value& value = values_[operation.result];
  value = Value{};
  value.where = Where::kXmm;
  value.place = static_cast<uint8_t>(target.id());
}

void BlockEmitter::EmitSetVr(const Operation& operation) {
  const auto r = static_cast<int>(operation.immediates[0]);
  const ValueId id = operation.arguments[0];
  Value& value = values_[id];
  if (value.where == Where::kVector && value.place == r) return;
  if (HasHost(r)) {
    const Xmm host = HostOf(r);
    if (value.where != Where::kXmm || value.place != host.id()) {
      ProtectFloating(r, 0);
      const Xmm from = LoadVector(id, host);
      if (from.id() != host.id()) a_.vmovdqa(host, from);
    }
  } else {
    ProtectFloating(r, 0);
    a_.vmovdqa(VectorAt(r), LoadVector(id, xmm0));
  }
  if (value.where == Where::kVector) return;
  // Who still wants the value finds it in the register from now on.
  value.where = Where::kVector;
  value.place = static_cast<uint8_t>(r);
}

void BlockEmitter::EmitLoadVector(const Operation& operation) {
  Label slow = a_.newLabel();
  const Gp address = Load(operation.arguments[0], 64);
  int index;
  const Gp entry = Scratch(index);
  HandlerAt(slow, &address);
  const Xmm target = VectorTarget(operation);
  FindPage(At(operation.arguments[0]), address, entry, 16, false, slow);
  Access(slow);
  a_.vmovdqu(target, ptr(address, entry));
  const bool as_it_is = (instruction_->unreversed_behind >> instruction_->insn.r1 & 1) != 0;
  if (!as_it_is) a_.vpshufb(target, target, SwappedBytes());
  IsVectorResult(operation, target);
}

void BlockEmitter::EmitStoreVector(const Operation& operation) {
  Label slow = a_.newLabel();
  const Gp address = Load(operation.arguments[0], 64);
  int index;
  const Gp entry = Scratch(index);
  HandlerAt(slow, &address);
  Xmm from = LoadVector(operation.arguments[1], xmm0);
  const Value& value = values_[operation.arguments[1]];
  if (value.where != Where::kVector || !IsUnreversed(value.place)) {
    a_.vpshufb(xmm1, from, SwappedBytes());
    from = xmm1;
  }
  FindPage(At(operation.arguments[0]), address, entry, 16, true, slow);
  Access(slow);
  a_.vmovdqu(ptr(address, entry), from);
}

// The page is known for all 16 bytes; of those, what the length says is stored in pieces.
void BlockEmitter::EmitStoreLeft(const Operation& operation) {
  Label slow = a_.newLabel();
  Label pieces = a_.newLabel();
  Label stored = a_.newLabel();
  const Gp address = Load(operation.arguments[0], 64);
  const Gp count = Load(operation.arguments[2], 32);
  int index;
  const Gp entry = Scratch(index);
  HandlerAt(slow, &address);
  a_.vpshufb(xmm1, LoadVector(operation.arguments[1], xmm0), SwappedBytes());
  FindPage(At(operation.arguments[0]), address, entry, 16, true, slow);
  a_.lea(entry, ptr(address, entry));
  a_.test(count.r8(), 16);
  a_.jz(pieces);
  Access(slow);
  a_.vmovdqu(ptr(entry), xmm1);
  a_.bind(stored);
  cold_.push_back(pieces, [this, stored, slow, entry, count] {
    for (const int bytes : {8, 4, 2, 1}) {
      Label next = a_.newLabel();
      a_.test(count.r8(), bytes);
      a_.jz(next);
      Access(slow);
      switch (bytes) {
        case 8:
          a_.vmovq(qword_ptr(entry), xmm1);
          break;
        case 4:
          a_.vmovd(dword_ptr(entry), xmm1);
          break;
        case 2:
          a_.vpextrw(word_ptr(entry), xmm1, 0);
          break;
        default:
          a_.vpextrb(byte_ptr(entry), xmm1, 0);
          break;
      }
      if (bytes > 1) {
        a_.vpsrldq(xmm1, xmm1, bytes);
        a_.add(entry, bytes);
      }
      a_.bind(next);
    }
    a_.jmp(stored);
  });
}

Mem BlockEmitter::LaneInFrame(const Gp& lane, uint32_t bytes) {
  uint32_t shift = 0;
  while (1u << shift < bytes) ++shift;
  return ptr(rsp, lane.r64(), shift, static_cast<int32_t>(offsetof(Frame, lanes)), bytes);
}

void BlockEmitter::EmitVectorElement(const Operation& operation) {
  const int width = WidthOf(operation.type);
  if (operation.arguments.size() == 2) {
    const Gp lane = Load(operation.arguments[1], 32);
    a_.vmovdqu(InFrame(offsetof(Frame, lanes), 16), LoadVector(operation.arguments[0], xmm0));
    const Gp gp = NewTemporary(operation.result);
    const Mem at = LaneInFrame(lane, static_cast<uint32_t>(width) / 8);
    if (width < 32) {
      a_.movzx(gp.r32(), at);
    } else {
      a_.mov(Sized(gp, width), at);
    }
    values_[operation.result].clean = width <= 32;
    return;
  }
  const int last = 64 / width - 1;
  const auto lane = static_cast<int>(operation.immediates[0]) ^ last;
  const Value& vector = values_[operation.arguments[0]];
  if (lane == 0 && found_.offset == a_.offset() && vector.where == Where::kVector &&
      HasHost(vector.place) && HostOf(vector.place).id() == found_.host &&
      owners_[found_.temporary] == 0) {
    // The instruction before has just put it there.
    Value& value = values_[operation.result];
    value = Value{};
    value.where = Where::kTemporary;
    value.place = static_cast<uint8_t>(found_.temporary);
    value.clean = true;
    owners_[found_.temporary] = operation.result;
    return;
  }
  const Xmm from = LoadVector(operation.arguments[0], xmm0);
  const Gp gp = NewTemporary(operation.result);
  switch (width) {
    case 8:
      lane == 0 ? a_.vmovd(gp.r32(), from) : a_.vpextrb(gp.r32(), from, lane);
      break;
    case 16:
      lane == 0 ? a_.vmovd(gp.r32(), from) : a_.vpextrw(gp.r32(), from, lane);
      break;
    case 32:
      lane == 0 ? a_.vmovd(gp.r32(), from) : a_.vpextrd(gp.r32(), from, lane);
      break;
    default:
      lane == 0 ? a_.vmovq(gp, from) : a_.vpextrq(gp, from, lane);
      break;
  }
  values_[operation.result].clean = width == 32 || (width < 32 && lane != 0);
}

// The host numbers bytes from the right of each half, the left half first: reversing the bytes of
// its mask makes that the order from the left.
void BlockEmitter::EmitVectorMask(const Operation& operation) {
  const Xmm from = LoadVector(operation.arguments[0], xmm0);
  const Gp gp = NewTemporary(operation.result);
  a_.vpmovmskb(gp.r32(), from);
  if (operation.immediates[0] != 0) a_.bswap(gp.r32());
  values_[operation.result].clean = true;
}

bool BlockEmitter::FindsInStorageOrder() const {
  for (size_t i = instruction_->first; i < instruction_->last; ++i) {
    const Operation& operation = guest_.ir.operations[i];
    if (operation.opcode == Opcode::kVr)
      return IsUnreversed(static_cast<int>(operation.immediates[0]));
  }
  return false;
}

// Bit 16 stops the search where there is none.
void BlockEmitter::EmitVectorFirst(const Operation& operation) {
  const bool zero = operation.immediates[0] != 0;
  const Xmm from = LoadVector(operation.arguments[0], xmm0);
  const Gp gp = Result(operation, 0);
  a_.vpmovmskb(gp.r32(), from);
  values_[operation.result].clean = true;
  if (FindsInStorageOrder()) {
    zero ? a_.xor_(gp.r32(), 0x1ffff) : a_.or_(gp.r32(), 0x10000);
    a_.tzcnt(gp.r32(), gp.r32());
    return;
  }
  a_.bswap(gp.r32());
  zero ? a_.xor_(gp.r32(), imm(static_cast<int32_t>(0xffff8000))) : a_.or_(gp.r32(), 0x8000);
  a_.lzcnt(gp.r32(), gp.r32());
}

bool BlockEmitter::TakesNumber(const Operation& operation) {
  switch (static_cast<VectorOperation>(operation.immediates[0])) {
    case VectorOperation::kLeft:
    case VectorOperation::kAll:
      return operation.immediates[1] >= 2;
    default:
      return false;
  }
}

}  // namespace hypervisor::x86
