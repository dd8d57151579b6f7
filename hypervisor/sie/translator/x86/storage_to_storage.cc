// Instructions on two operands of storage. Both pages are found before a byte changes; what crosses
// a page, or is at one that isn't known, is left to the handler. Short operands of a known length
// take loads and stores in place, others the routines of storage_routines.cc.
#include <bit>
#include <cstddef>

#include "hypervisor/arch/address.h"
#include "hypervisor/sie/translator/passes/passes.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

namespace {

constexpr int kMostInPlace = 32;
constexpr int kMostPieces = 3;

// Powers of two, 16 at most, that a length is made of from left to right. One after the other they
// are right for any two operands but those whose destination is read after it was stored.
int PieceOf(int left) {
  return left >= 16 ? 16 : static_cast<int>(std::bit_floor(static_cast<unsigned>(left)));
}

int PiecesOf(int length) {
  int pieces = 0;
  for (; length > 0; length -= PieceOf(length)) ++pieces;
  return pieces;
}

Gp OfSize(const Gp& gp, int bytes) {
  switch (bytes) {
    case 8:
      return gp.r64();
    case 4:
      return gp.r32();
    case 2:
      return gp.r16();
    default:
      return gp.r8();
  }
}

bool IsTemporary(const Gp& gp) {
  for (const uint32_t id : kTemporaries) {
    if (gp.id() == id) return true;
  }
  return false;
}

}  // namespace

void BlockEmitter::Keep(ValueId id, Gp gp) {
  values_[id] = Value{};
  for (int i = 0; i < kTemporaryCount; ++i) {
    if (kTemporaries[i] != gp.id()) continue;
    owners_[i] = uses_[id] != 0 ? id : 0;
    values_[id].where = uses_[id] != 0 ? Where::kTemporary : Where::kNowhere;
    values_[id].place = static_cast<uint8_t>(i);
  }
}

void BlockEmitter::EmitStorageToStorage(const Operation& operation) {
  const Value& length = values_[operation.arguments[2]];
  if (length.where == Where::kConstant && length.constant <= kMostInPlace) {
    const auto bytes = static_cast<int>(length.constant);
    const bool compares = operation.opcode == Opcode::kCompareStorage;
    if (compares || PiecesOf(bytes) <= kMostPieces) return EmitShortStorage(operation, bytes);
  }
  CallStorageRoutine(operation);
}

// An operand whose length may only be known when it is executed, in rcx; `entry` is rax.
void BlockEmitter::FindPage(const Value& length, const Value& known, Gp address, Gp entry,
                            bool store, const Label& slow) {
  if (length.where == Where::kConstant)
    return FindPage(known, address, entry, static_cast<int>(length.constant), store, slow);
  const auto test_length = [=, this] {
    a_.lea(entry, ptr(address, rcx, 0, -1));
    a_.xor_(entry, address);
    a_.shr(entry, 12);
    a_.jnz(slow);
  };
  if (store || !IsLikelyInWindow()) {
    test_length();
    return FindInTable(address, entry, 1, store, slow, slow);
  }
  Label elsewhere = a_.newLabel();
  Label found = a_.newLabel();
  FindInWindow(address, entry, elsewhere);
  a_.bind(found);
  cold_.push_back(elsewhere, [=, this] {
    test_length();
    CallPageRoutine(address, entry, 1, store);
    a_.jnz(found);
    cold_.GoTo(slow);
  });
}

void BlockEmitter::CallStorageRoutine(const Operation& operation) {
  const StorageRoutines& routines = surroundings_.stubs.storage;
  for (const ValueId id : operation.arguments) {
    const Where where = values_[id].where;
    if (where == Where::kLater || where == Where::kFlag || where == Where::kStorage) Load(id, 64);
  }
  EndOperation();  // nothing is locked
  for (const uint32_t host : {Gp::kIdAx, Gp::kIdCx, Gp::kIdDx, Gp::kIdSi}) Take(host);
  const Value first = values_[operation.arguments[0]];
  const Value second = values_[operation.arguments[1]];
  const Value length = values_[operation.arguments[2]];
  CopyTo(rdx, operation.arguments[0], 64);
  CopyTo(rsi, operation.arguments[1], 64);
  CopyTo(rcx, operation.arguments[2], 32);
  if (length.where != Where::kConstant) a_.mov(ecx, ecx);
  Label slow = a_.newLabel();
  const Gp operands[] = {rdx, rsi};
  HandlerAt(slow, &operands[0], &operands[1]);
  FindPage(length, first, rdx, rax, operation.opcode != Opcode::kCompareStorage, slow);
  a_.add(rdx, rax);
  FindPage(length, second, rsi, rax, false, slow);
  a_.add(rsi, rax);
  const uint8_t* routine = operation.opcode == Opcode::kMoveStorage      ? routines.move
                           : operation.opcode == Opcode::kCompareStorage ? routines.compare
                                                                         : nullptr;
  if (!routine) routine = routines.combine[operation.immediates[2]];
  a_.call(imm(reinterpret_cast<uint64_t>(routine)));
  a_.jc(slow);
  if (operation.opcode == Opcode::kMoveStorage) return;
  Keep(operation.result, rax);
  if (operation.opcode == Opcode::kCompareStorage) Keep(operation.result + 1, rdx);
}

void BlockEmitter::EmitShortStorage(const Operation& operation, int length) {
  const bool compares = operation.opcode == Opcode::kCompareStorage;
  const bool clears = passes::ClearsStorage(guest_.ir, operation);
  const Gp first = Load(operation.arguments[0], 64);
  int index;
  const Gp to = Scratch(index);
  Gp second = first;
  Gp from = to;
  if (!clears) {
    second = Load(operation.arguments[1], 64);
    from = Scratch(index);
  }
  // What holds an address is free once our own is known.
  Gp between = IsTemporary(first) ? first : second;
  if (!IsTemporary(between)) between = Scratch(index);
  Label slow = a_.newLabel();
  HandlerAt(slow, &first, &second);
  FindPage(At(operation.arguments[0]), first, to, length, !compares, slow);
  if (!clears) FindPage(At(operation.arguments[1]), second, from, length, false, slow);
  a_.lea(to, ptr(first, to));
  if (!clears) a_.lea(from, ptr(second, from));
  if (!compares && !clears && length > 1) {
    // A destination a little behind its source.
    a_.mov(between, to);
    a_.sub(between, from);
    a_.dec(between);
    a_.cmp(between, length - 1);
    a_.jb(slow);
  }
  if (compares) {
    EmitShortCompare(operation, to, from, between, length, slow);
  } else if (operation.opcode == Opcode::kMoveStorage) {
    EmitShortMove(to, from, between, length, slow);
  } else if (clears) {
    a_.pxor(xmm0, xmm0);
    if (length % 16 != 0) a_.xor_(between.r32(), between.r32());
    for (int at = 0; at < length; at += PieceOf(length - at)) {
      const int piece = PieceOf(length - at);
      Access(slow);
      piece == 16 ? a_.movdqu(ptr(to, at, 16), xmm0)
                  : a_.mov(ptr(to, at, static_cast<uint32_t>(piece)), OfSize(between, piece));
    }
    values_[operation.result] = Value{};
    values_[operation.result].where = Where::kConstant;
  } else {
    EmitShortCombine(operation, to, from, between, length, slow);
  }
}

void BlockEmitter::EmitShortMove(Gp to, Gp from, Gp between, int length, const Label& slow) {
  for (int at = 0; at < length; at += PieceOf(length - at)) {
    const int piece = PieceOf(length - at);
    const auto size = static_cast<uint32_t>(piece);
    Access(slow);
    if (piece == 16) {
      a_.movdqu(xmm0, ptr(from, at, size));
    } else if (piece >= 4) {
      a_.mov(OfSize(between, piece), ptr(from, at, size));
    } else {
      a_.movzx(between.r32(), ptr(from, at, size));
    }
    Access(slow);
    piece == 16 ? a_.movdqu(ptr(to, at, size), xmm0)
                : a_.mov(ptr(to, at, size), OfSize(between, piece));
  }
}

void BlockEmitter::EmitShortCombine(const Operation& operation, Gp to, Gp from, Gp between,
                                    int length, const Label& slow) {
  const auto update = static_cast<Update>(operation.immediates[2]);
  const auto scalar = update == Update::kAnd  ? Inst::kIdAnd
                      : update == Update::kOr ? Inst::kIdOr
                                              : Inst::kIdXor;
  const auto vector = update == Update::kAnd  ? Inst::kIdPand
                      : update == Update::kOr ? Inst::kIdPor
                                              : Inst::kIdPxor;
  const bool one = PieceOf(length) == length && length != 16;
  const bool wanted = uses_[operation.result] != 0;
  if (wanted && !one) a_.pxor(xmm2, xmm2);
  for (int at = 0; at < length; at += PieceOf(length - at)) {
    const int piece = PieceOf(length - at);
    const auto size = static_cast<uint32_t>(piece);
    const Mem target = ptr(to, at, size);
    Access(slow);
    if (piece == 16) {
      a_.movdqu(xmm0, ptr(from, at, size));
      Access(slow);
      a_.movdqu(xmm1, target);
      a_.emit(vector, xmm0, xmm1);
      Access(slow);
      a_.movdqu(target, xmm0);
      if (wanted) a_.por(xmm2, xmm0);
      continue;
    }
    const Gp sized = OfSize(between, piece);
    piece >= 4 ? a_.mov(sized, ptr(from, at, size)) : a_.movzx(between.r32(), ptr(from, at, size));
    Access(slow);
    a_.emit(scalar, sized, target);
    Access(slow);
    a_.mov(target, sized);
    if (!wanted || one) continue;
    a_.movq(xmm0, between.r64());
    a_.por(xmm2, xmm0);
  }
  if (!one && wanted) {
    a_.xor_(between.r32(), between.r32());
    a_.ptest(xmm2, xmm2);
    a_.setnz(between.r8());
  }
  Keep(operation.result, between);
}

// Two numbers that compare as the operands do: their first eight bytes that aren't equal, or their
// last ones.
void BlockEmitter::EmitShortCompare(const Operation& operation, Gp a, Gp b, Gp between, int length,
                                    const Label& slow) {
  Label found = a_.newLabel();
  const auto load = [&](Gp target, Gp at, int offset, int bytes) {
    Access(slow);
    LoadStorage(target, ptr(at, offset),
                bytes == 8   ? Type::kU64
                : bytes == 4 ? Type::kU32
                : bytes == 2 ? Type::kU16
                             : Type::kU8);
  };
  if (length > 8) {
    for (int at = 0; at + 8 < length; at += 8) {
      Access(slow);
      a_.mov(between, ptr(a, at, 8));
      Access(slow);
      a_.cmp(between, ptr(b, at, 8));
      if (at == 0) {
        a_.jne(found);
        continue;
      }
      Label here = a_.newLabel();
      a_.jne(here);
      cold_.push_back(here, [this, found, a, b, at] {
        a_.add(a, at);
        a_.add(b, at);
        a_.jmp(found);
      });
    }
    a_.add(a, length - 8);
    a_.add(b, length - 8);
    a_.bind(found);
    load(between, a, 0, 8);
    load(b, b, 0, 8);
  } else if (PieceOf(length) == length) {
    load(between, a, 0, length);
    load(b, b, 0, length);
  } else {
    // Two pieces that overlap, one beside the other.
    const int piece = PieceOf(length);
    const auto both = [&](Gp target, Gp at, Gp last) {
      load(target, at, 0, piece);
      load(last, at, length - piece, piece);
      a_.shl(target.r64(), 8 * piece);
      a_.or_(target.r64(), last.r64());
    };
    both(between, a, a);
    load(a, b, 0, piece);
    load(b, b, length - piece, piece);
    a_.shl(a.r64(), 8 * piece);
    a_.or_(b.r64(), a.r64());
  }
  Keep(operation.result, between);
  Keep(operation.result + 1, b);
}

}  // namespace hypervisor::x86
