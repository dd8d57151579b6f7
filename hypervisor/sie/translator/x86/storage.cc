// Accesses to guest storage: the fast way to pages that the page table knows, in place; all else
// behind the block, by C++.
#include <bit>
#include <cstddef>

#include "hypervisor/arch/address.h"
#include "hypervisor/sie/translator/x86/block_emitter.h"
#include "hypervisor/sie/translator/x86/registers.h"

namespace hypervisor::x86 {

using namespace asmjit;       // NOLINT
using namespace asmjit::x86;  // NOLINT
using ir::Opcode;
using ir::Type;

Mem BlockEmitter::AbsoluteWord(const void* at) {
  Mem mem = ptr(reinterpret_cast<uint64_t>(at), 8);
  mem.setRel();
  return mem;
}

Mem BlockEmitter::StorageAt(int32_t offset) const {
  return ptr(gpq(kTemporaries[storage_temporary_]), offset);
}

void BlockEmitter::Access(const Label& slow) {
  accesses_.emplace_back(static_cast<uint32_t>(a_.offset()), slow);
}

void BlockEmitter::LoadStorage(Gp target, const Mem& at, Type type) {
  Mem mem = at;
  mem.setSize(static_cast<uint32_t>(WidthOf(type)) / 8);
  switch (WidthOf(type)) {
    case 8:
      a_.movzx(target.r32(), mem);
      return;
    case 16:
      a_.movzx(target.r32(), mem);
      a_.rol(target.r16(), 8);
      return;
    case 32:
      a_.movbe(target.r32(), mem);
      return;
    default:
      a_.movbe(target.r64(), mem);
      return;
  }
}

void BlockEmitter::StoreStorage(const Mem& at, Gp value, Type type) {
  Mem mem = at;
  mem.setSize(static_cast<uint32_t>(WidthOf(type)) / 8);
  switch (WidthOf(type)) {
    case 8:
      a_.mov(mem, value.r8());
      return;
    case 16:
      a_.movbe(mem, value.r16());
      return;
    case 32:
      a_.movbe(mem, value.r32());
      return;
    default:
      a_.movbe(mem, value.r64());
      return;
  }
}

namespace {

// Whether a mask tells that an operand is on its boundary: then it is in one page.
bool HasMask(int bytes) {
  return std::has_single_bit(static_cast<unsigned>(bytes)) && bytes <= 16;
}

size_t RoutineOf(int bytes) {
  size_t i = 0;
  while (PageRoutines::kSizes[i] != bytes && PageRoutines::kSizes[i] != 0) ++i;
  return i;
}

// Whether a store goes to pages 0 and 1, and only beside what low-address protection covers there.
bool IsUnprotectedLow(uint64_t address, int bytes) {
  const uint64_t offset = address & kPageMask;
  return address < kLowPages * kPageSize && offset >= 512 &&
         offset + static_cast<uint64_t>(bytes) <= kPageSize;
}

}  // namespace

bool BlockEmitter::FindKnownPage(const Value& known, Gp entry, int bytes, bool store,
                                 const Label& slow) {
  const auto address = static_cast<uint64_t>(known.constant);
  if (known.where != Where::kConstant || address >> kPageTableBits != 0 ||
      (address & kPageMask) + static_cast<uint64_t>(bytes) > kPageSize) {
    return false;
  }
  auto number = static_cast<int64_t>(address >> 12);
  if (store && IsUnprotectedLow(address, bytes)) {
    number -= static_cast<int64_t>(kLowPages);
  } else if (store) {
    number += static_cast<int64_t>(kPageTableEntries);
  }
  constexpr int64_t kInReach = 1 << 27;  // of a displacement
  if (number < kInReach) {
    a_.mov(entry, PageEntryAt(number));
  } else {
    a_.mov(entry.r32(), static_cast<uint32_t>(number));
    a_.mov(entry, PageEntryAt(entry));
  }
  a_.test(entry, entry);
  a_.jz(slow);
  return true;
}

void BlockEmitter::FindPage(const Value& known, Gp address, Gp entry, int bytes, bool store,
                            const Label& slow) {
  if (FindKnownPage(known, entry, bytes, store, slow)) return;
  const bool in_window = !store && IsLikelyInWindow();
  // In the table, one byte is always on its boundary, and others aren't looked at.
  const bool only_slow = !in_window && (bytes == 1 || !HasMask(bytes));
  Label elsewhere = only_slow ? slow : a_.newLabel();
  in_window ? FindInWindow(address, entry, elsewhere)
            : FindInTable(address, entry, bytes, store, elsewhere, slow);
  if (only_slow) return;
  Label found = a_.newLabel();
  a_.bind(found);
  cold_.push_back(elsewhere, [this, found, address, entry, bytes, store, slow] {
    CallPageRoutine(address, entry, bytes, store);
    a_.jnz(found);
    cold_.GoTo(slow);
  });
}

// If the register that an operand is based on still has what it had when the block was entered, its
// last value tells; others are likely to be as most.
bool BlockEmitter::IsLikelyInWindow() const {
  const uint64_t window = surroundings_.window_end;
  if (window == kWindowStart || (guest_.mode & Mode::k64) == 0) return false;
  const uint8_t base = instruction_->insn.b2;
  if (base == 0 || (set_ >> base & 1) != 0) return true;
  const uint64_t address = surroundings_.registers[base];
  return address >= kWindowStart && address < window;
}

void BlockEmitter::FindInWindow(Gp address, Gp entry, const Label& elsewhere) {
  a_.lea(entry, ptr(address, -static_cast<int32_t>(kWindowStart)));
  a_.cmp(entry, PageEntryAt(kWindowLimit));
  a_.jae(elsewhere);
  a_.mov(entry, PageEntryAt(kWindowAddend));
}

void BlockEmitter::FindInTable(Gp address, Gp entry, int bytes, bool store, const Label& elsewhere,
                               const Label& slow) {
  // One test finds what is off its boundary, or beyond the table; a page's number tells likewise.
  const bool has_boundary = HasMask(bytes) && bytes > 1;
  if (has_boundary) {
    const int log = std::countr_zero(static_cast<unsigned>(bytes));
    a_.test(AbsoluteWord(surroundings_.stubs.masks + ptrdiff_t{8} * log), address);
    a_.jnz(elsewhere);
  } else if (bytes > 1) {
    a_.mov(entry.r32(), address.r32());
    a_.and_(entry.r32(), 0xfff);
    a_.cmp(entry.r32(), 4096 - bytes);
    a_.ja(slow);
  }
  a_.shrx(entry, address, rbp);
  static_assert(kStateBias % 64 == 12 && alignof(CpuState) == 64 && kPageSize == 1 << 12);
  static_assert(kPageTableEntries == 1 << 30);
  if (!has_boundary) {
    a_.cmp(entry, static_cast<int>(kPageTableEntries));
    a_.jae(slow);
  }
  if (store) a_.or_(entry.r32(), static_cast<int>(kPageTableEntries));
  a_.mov(entry, PageEntryAt(entry));
  a_.test(entry, entry);
  a_.jz(slow);
}

void BlockEmitter::CallPageRoutine(Gp address, Gp entry, int bytes, bool store) {
  int temporary = 0;
  while (kTemporaries[temporary] != entry.id()) ++temporary;
  const size_t size = RoutineOf(bytes);
  if (PageRoutines::kSizes[size] == 0)
    a_.mov(InFrame(offsetof(Frame, last_offset), 4), static_cast<int>(kPageSize) - bytes);
  a_.mov(InFrame(offsetof(Frame, operand), 8), address.r64());
  a_.call(imm(reinterpret_cast<uint64_t>(surroundings_.stubs.pages.find[store][temporary][size])));
}

void BlockEmitter::EmitSlowAccess(const Label& slow, const Label& resume, bool store, Gp address,
                                  const Operand& value, Type type, int access_register) {
  Site* site = SiteHere();
  Cold(slow, [this, resume, store, address, value, type, access_register, site] {
    StoreCc(*cold_pending_);
    a_.mov(InFrame(offsetof(Frame, operand), 8), address.r64());
    const Mem in_frame = InFrame(offsetof(Frame, value), 8);
    const bool is_number = !value.isImm() && value.as<Reg>().isXmm();
    if (store && is_number) {
      WidthOf(type) == 64 ? a_.vmovq(in_frame, value.as<Xmm>())
                          : a_.vextractps(InFrame(offsetof(Frame, value), 4), value.as<Xmm>(), 1);
    } else if (store) {
      value.isImm() ? a_.emit(Inst::kIdMov, InFrame(offsetof(Frame, value), 8), value)
                    : a_.mov(InFrame(offsetof(Frame, value), 8), value.as<Gp>().r64());
    }
    LeaveRegisters();
    a_.call(imm(
        reinterpret_cast<uint64_t>(store ? surroundings_.stubs.store : surroundings_.stubs.load)));
    const CallOfAccess call = {site, static_cast<uint8_t>(type),
                               static_cast<uint8_t>(access_register)};
    a_.embed(&call, sizeof(call));
    ResumeRegisters();
    if (!store)
      is_number ? a_.vmovq(value.as<Xmm>(), in_frame) : a_.mov(value.as<Gp>().r64(), in_frame);
    a_.jmp(resume);
  });
}

void BlockEmitter::EmitLoad(const Operation& operation) {
  if (operation.type == Type::kVector) return EmitLoadVector(operation);
  Label slow = a_.newLabel();
  Label resume = a_.newLabel();
  const int access_register =
      operation.opcode == Opcode::kLoad ? static_cast<int>(operation.immediates[0]) : 0;
  Boundary(operation);
  const Gp address = Load(operation.arguments[0], 64);
  int index;
  const Gp entry = Scratch(index);
  const int bytes = WidthOf(operation.type) / 8;
  if (bytes >= 4 && IsForFloating(operation.result))
    return EmitLoadNumber(operation, address, entry, slow, resume);
  // The address's own register will do if nobody else wants it. From the first jump to `slow` on
  // nothing moves.
  const Gp target = Result(operation, operation.arguments[0]);
  FindPage(At(operation.arguments[0]), address, entry, bytes, false, slow);
  Access(slow);
  LoadStorage(target, ptr(address, entry), operation.type);
  a_.bind(resume);
  values_[operation.result].clean = true;
  EmitSlowAccess(slow, resume, false, address, target, operation.type, access_register);
}

void BlockEmitter::EmitStore(const Operation& operation) {
  if (operation.type == Type::kVector) return EmitStoreVector(operation);
  Label slow = a_.newLabel();
  Label resume = a_.newLabel();
  const int access_register =
      operation.opcode == Opcode::kStore ? static_cast<int>(operation.immediates[0]) : 0;
  Boundary(operation);
  const Gp address = Load(operation.arguments[0], 64);
  int index;
  const Gp entry = Scratch(index);
  const int bytes = WidthOf(operation.type) / 8;
  const Value& from = values_[operation.arguments[1]];
  Operand value;
  int64_t swapped = 0;
  if (bytes >= 4 && from.where == Where::kFloating && HasHost(from.place)) {
    value = HostOf(from.place);
  } else if (from.where == Where::kConstant) {
    swapped = bytes == 1 ? static_cast<int8_t>(from.constant)
              : bytes == 2
                  ? static_cast<int16_t>(__builtin_bswap16(static_cast<uint16_t>(from.constant)))
              : bytes == 4
                  ? static_cast<int32_t>(__builtin_bswap32(static_cast<uint32_t>(from.constant)))
                  : static_cast<int64_t>(__builtin_bswap64(static_cast<uint64_t>(from.constant)));
    const bool fits = swapped == static_cast<int32_t>(swapped) &&
                      from.constant == static_cast<int32_t>(from.constant);
    value = fits ? Operand(imm(from.constant)) : Operand(Load(operation.arguments[1], 64));
  } else {
    value = Load(operation.arguments[1], 64);
  }
  FindPage(At(operation.arguments[0]), address, entry, bytes, true, slow);
  Access(slow);
  Mem at = ptr(address, entry);
  at.setSize(static_cast<uint32_t>(bytes));
  if (value.isImm()) {
    a_.mov(at, imm(swapped));
  } else if (value.as<Reg>().isXmm()) {
    const FloatingConstants& constants = floating_constants();
    a_.vpshufb(xmm1, value.as<Xmm>(),
               Constant(bytes == 8 ? constants.swap[1] : constants.swap_left));
    bytes == 8 ? a_.vmovq(at, xmm1) : a_.vmovd(at, xmm1);
  } else {
    StoreStorage(at, value.as<Gp>(), operation.type);
  }
  a_.bind(resume);
  EmitSlowAccess(slow, resume, true, address, value, operation.type, access_register);
}

// Relative operands stand on a boundary of their own.
void BlockEmitter::Boundary(const Operation& operation) {
  if (operation.opcode != Opcode::kLoadRelative && operation.opcode != Opcode::kStoreRelative)
    return;
  const Value& address = values_[operation.arguments[0]];
  const int bytes = WidthOf(operation.type) / 8;
  if (address.where == Where::kConstant && address.constant % bytes == 0) return;
  a_.reportError(kErrorInvalidState);  // CanEmit has refused it
}

void BlockEmitter::EmitLoadIf(const Operation& operation) {
  Label slow = a_.newLabel();
  Label resume = a_.newLabel();
  Settle(operation.arguments[0]);
  const int width = WidthOf(operation.type);
  const Gp address = Load(operation.arguments[1], 64);
  int entry_index;
  const Gp entry = Scratch(entry_index);
  int index;
  const Gp target = Scratch(index);
  const ValueId otherwise = operation.arguments[2];
  CopyTo(target, otherwise, width);
  if (values_[otherwise].where == Where::kTemporary) Release(values_[otherwise].place);
  const Condition condition = Evaluate(operation.arguments[0]);
  if (condition.is_known) {
    if (!condition.known) a_.jmp(resume);
  } else {
    a_.j(negateCond(condition.code), resume);
  }
  FindPage(At(operation.arguments[1]), address, entry, width / 8, false, slow);
  Access(slow);
  LoadStorage(target, ptr(address, entry), operation.type);
  a_.bind(resume);
  EmitSlowAccess(slow, resume, false, address, target, operation.type,
                 static_cast<int>(operation.immediates[0]));
  owners_[index] = operation.result;
  values_[operation.result].where = Where::kTemporary;
  values_[operation.result].place = static_cast<uint8_t>(index);
}

void BlockEmitter::EmitStoreIf(const Operation& operation) {
  Label slow = a_.newLabel();
  Label resume = a_.newLabel();
  Settle(operation.arguments[0]);
  const Gp address = Load(operation.arguments[1], 64);
  const Gp value = Load(operation.arguments[2], 64);
  int index;
  const Gp entry = Scratch(index);
  const Condition condition = Evaluate(operation.arguments[0]);
  if (condition.is_known) {
    if (!condition.known) a_.jmp(resume);
  } else {
    a_.j(negateCond(condition.code), resume);
  }
  FindPage(At(operation.arguments[1]), address, entry, WidthOf(operation.type) / 8, true, slow);
  Access(slow);
  StoreStorage(ptr(address, entry), value, operation.type);
  a_.bind(resume);
  EmitSlowAccess(slow, resume, true, address, value, operation.type,
                 static_cast<int>(operation.immediates[0]));
}

void BlockEmitter::EmitSuccessive(const Operation& operation) {
  const bool store = operation.opcode == Opcode::kStoreSuccessive;
  const auto count = static_cast<int>(operation.immediates[1]);
  const int size = WidthOf(operation.type) / 8;
  // If C++ makes the access, registers change behind the code's back.
  DeferCc();
  Label slow = a_.newLabel();
  const Gp address = Load(operation.arguments[0], 64);
  const int index = FreeTemporary();
  const Gp entry = gpq(kTemporaries[index]);
  owners_[index] = kStorage;
  locked_[index] = true;
  HandlerAt(slow, &address);
  FindPage(At(operation.arguments[0]), address, entry, count * size, store, slow);
  a_.lea(entry, ptr(address, entry));
  storage_temporary_ = index;
  if (!store || operation.type != Type::kVector) Access(slow);
  if (!store) {
    a_.cmp(byte_ptr(entry), 0);  // a fault of the host shows here
    for (int i = 0; i < count; ++i) {
      Value& value = values_[operation.result + static_cast<ValueId>(i)];
      value = Value{};
      value.where = Where::kStorage;
      value.constant = static_cast<int64_t>(operation.type) << 32 | int64_t{i} * size;
    }
    return;
  }
  for (int i = 0; i < count; ++i) {
    const ValueId id = operation.arguments[static_cast<size_t>(i) + 1];
    if (operation.type == Type::kVector) {
      a_.vpshufb(xmm1, LoadVector(id, xmm0), SwappedBytes());
      Access(slow);
      a_.vmovdqu(StorageAt(i * size), xmm1);
      continue;
    }
    const Gp value = Load(id, 64);
    StoreStorage(StorageAt(i * size), value, operation.type);
    Use(id);
    ++uses_[id];  // EmitOperation counts it
    for (int t = 0; t < kTemporaryCount; ++t) {
      if (owners_[t] == 0 || owners_[t] == id) locked_[t] = false;
      if (owners_[t] == kScratch) {
        owners_[t] = 0;
        locked_[t] = false;
      }
    }
  }
}

// Our address of an operand on its boundary, where a store is allowed. rax is taken; unless
// `only_touch`, it has what is there.
Gp BlockEmitter::FindInterlocked(const Operation& operation, bool only_touch) {
  const int width = WidthOf(operation.type);
  Take(Gp::kIdAx);
  const ValueId id = operation.arguments[0];
  const Gp address = Load(id, 64);
  int index;
  const Gp entry = Scratch(index);
  Label slow = a_.newLabel();
  HandlerAt(slow, &address);
  const bool aligned = At(id).constant % (width / 8) == 0;
  // Off its boundary, it is the handler's.
  const bool is_known = aligned && FindKnownPage(At(id), entry, width / 8, true, slow);
  if (!is_known) FindInTable(address, entry, width / 8, true, slow, slow);
  a_.lea(entry, ptr(address, entry));
  const Mem at = ptr(entry, 0, static_cast<uint32_t>(width) / 8);
  Access(slow);
  if (only_touch) {
    a_.cmp(byte_ptr(entry), 0);
  } else {
    width == 8 ? a_.movzx(eax, at) : a_.mov(Sized(rax, width), at);
  }
  // The address is not needed any more; its register may be.
  for (int i = 0; i < kTemporaryCount; ++i)
    if (kTemporaries[i] == address.id()) Release(i);
  return entry;
}

void BlockEmitter::EmitCompareAndSwap(const Operation& operation) {
  const int width = WidthOf(operation.type);
  const Gp entry = FindInterlocked(operation, true);
  int new_index;
  const Gp replacement = Scratch(new_index);
  CopyTo(replacement, operation.arguments[2], width);
  a_.bswap(Sized(replacement, width));
  CopyTo(rax, operation.arguments[1], width);
  a_.bswap(Sized(rax, width));
  a_.lock().cmpxchg(ptr(entry, 0, static_cast<uint32_t>(width) / 8), Sized(replacement, width));
  a_.bswap(Sized(rax, width));
  a_.inc(InFrame(offsetof(Frame, epoch), 8));
  KeepAccumulator(operation.result);
}

void BlockEmitter::EmitUpdate(const Operation& operation) {
  const int width = WidthOf(operation.type);
  const auto update = static_cast<Update>(operation.immediates[0]);
  const Gp entry = FindInterlocked(operation, false);
  const auto sized = [width](Gp gp) { return width == 8 ? gp.r8() : Sized(gp, width); };
  Operand operand;
  if (width == 8 && values_[operation.arguments[1]].where == Where::kConstant) {
    operand = imm(static_cast<int8_t>(values_[operation.arguments[1]].constant));
  } else {
    operand = RegisterOrImmediate(operation.arguments[1], width > 32 ? 64 : 32);
    if (operand.isReg()) operand = sized(operand.as<Gp>());
  }
  const Mem at = ptr(entry, 0, static_cast<uint32_t>(width) / 8);
  int updated_index;
  const Gp updated = Scratch(updated_index);
  Label again = a_.newLabel();
  a_.bind(again);
  a_.mov(Sized(updated, width), Sized(rax, width));
  if (width > 8) a_.bswap(Sized(updated, width));
  const auto instruction = update == Update::kAdd   ? Inst::kIdAdd
                           : update == Update::kAnd ? Inst::kIdAnd
                           : update == Update::kOr  ? Inst::kIdOr
                                                    : Inst::kIdXor;
  a_.emit(instruction, sized(updated), operand);
  if (width > 8) a_.bswap(Sized(updated, width));
  a_.lock().cmpxchg(at, sized(updated));
  a_.jnz(again);
  if (width > 8) a_.bswap(Sized(rax, width));
  if (instruction_->serializes) a_.inc(InFrame(offsetof(Frame, epoch), 8));
  KeepAccumulator(operation.result);
}

void BlockEmitter::KeepAccumulator(ValueId id) {
  values_[id] = Value{};
  if (uses_[id] == 0) return;
  owners_[0] = id;
  values_[id].where = Where::kTemporary;
  values_[id].place = 0;
}

}  // namespace hypervisor::x86
