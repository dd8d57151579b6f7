#include "hypervisor/sie/assist/trace_table.h"

#include <cstring>

#include "hypervisor/storage/byte_order.h"

namespace hypervisor {
namespace {

constexpr uint64_t kEntryAddress = Mask<2, 61>();
constexpr uint64_t kMode64 = Psw::kExtendedAddressing;

// An entry as it grows.
class Text {
 public:
  Text(uint8_t format, uint8_t second) : bytes_{format, second} {}
  Text& Halfword(uint16_t value) {
    StoreStorage<uint16_t>(bytes_ + length_, value);
    length_ += 2;
    return *this;
  }
  Text& Word(uint64_t value) {
    StoreStorage<uint32_t>(bytes_ + length_, static_cast<uint32_t>(value));
    length_ += 4;
    return *this;
  }
  Text& Doubleword(uint64_t value) {
    StoreStorage<uint64_t>(bytes_ + length_, value);
    length_ += 8;
    return *this;
  }
  // A word if that holds it.
  Text& Address(uint64_t value, bool wide) { return wide ? Doubleword(value) : Word(value); }
  const uint8_t* bytes() const { return bytes_; }
  uint32_t length() const { return length_; }

 private:
  uint8_t bytes_[24];
  uint32_t length_ = 2;
};

uint8_t KeyOf(const GuestCpu& cpu) {
  return static_cast<uint8_t>(cpu.psw_key() << 4);
}

// An address of the 24- or 31-bit mode, whose leftmost bit tells which.
uint64_t WithModeBit(uint64_t address, uint64_t mask) {
  return address | (mask & Psw::kBasicAddressing ? 0x80000000 : 0);
}

}  // namespace

bool TraceTable::AddBytes(const uint8_t* bytes, uint32_t length) {
  const uint64_t address = control_ & kEntryAddress;
  // An entry may neither cross nor reach the end of its 4 KiB block.
  if ((address & kPageMask) + length >= kPageSize) {
    cpu_.Interrupt(PgmCode::kTraceTable);
    return false;
  }
  Entry& entry = entries_[count_];
  if (!cpu_.Find(address, length, Access::kStore, Space{Space::kReal, 0, 0}, entry.place))
    return false;
  std::memcpy(entry.bytes, bytes, length);
  ++count_;
  control_ = (control_ & ~kEntryAddress) | (address + length);
  return true;
}

void TraceTable::Commit() {
  for (int i = 0; i < count_; ++i) entries_[i].place.Write(entries_[i].bytes);
  if (count_) cpu_.state().cr[12] = control_;
}

bool TraceTable::AddBranch(uint64_t target, uint64_t mode) {
  if (!wants(kBranches)) return true;
  if ((mode & kMode64) && target > 0x7fffffff) {
    const Text entry = Text(0x52, 0xc0).Halfword(0).Doubleword(target);
    return AddBytes(entry.bytes(), entry.length());
  }
  const uint64_t word =
      mode & (Psw::kBasicAddressing | kMode64) ? target | 0x80000000 : target & 0xffffff;
  uint8_t entry[4];
  StoreStorage<uint32_t>(entry, static_cast<uint32_t>(word));
  return AddBytes(entry, sizeof(entry));
}

bool TraceTable::AddModeSwitch(uint64_t new_mode) {
  const uint64_t mode = cpu_.psw_mask();
  if (!wants(kModes) || ((mode ^ new_mode) & kMode64) == 0) return true;
  const uint64_t address = cpu_.next_address();
  const bool wide = (mode & kMode64) && address > 0x7fffffff;
  const Text entry = !(mode & kMode64)
                         ? Text(0x51, 0x30).Halfword(0).Word(WithModeBit(address, mode))
                     : wide ? Text(0x52, 0x60).Halfword(0).Doubleword(address)
                            : Text(0x51, 0x20).Halfword(0).Word(address);
  return AddBytes(entry.bytes(), entry.length());
}

bool TraceTable::AddModeSwitchingBranch(uint64_t target, uint64_t new_mode) {
  const uint64_t mode = cpu_.psw_mask();
  if (!wants(kModes) || ((mode ^ new_mode) & kMode64) == 0) return AddBranch(target, new_mode);
  if (!wants(kBranches)) return AddModeSwitch(new_mode);
  const bool wide = (new_mode & kMode64) && target > 0x7fffffff;
  const Text entry = mode & kMode64
                         ? Text(0x51, 0xa0).Halfword(0).Word(WithModeBit(target, new_mode))
                     : wide ? Text(0x52, 0xf0).Halfword(0).Doubleword(target)
                            : Text(0x51, 0xb0).Halfword(0).Word(target);
  return AddBytes(entry.bytes(), entry.length());
}

bool TraceTable::AddSubspaceBranch(uint32_t alet, uint64_t where) {
  const bool mode64 = (cpu_.psw_mask() & kMode64) != 0;
  if (!wants(kSpaces)) {
    if (mode64) return AddBranch(where, kMode64);
    return where & 0x80000000 ? AddBranch(where & 0x7fffffff, Psw::kBasicAddressing)
                              : AddBranch(where & 0xffffff, 0);
  }
  if (mode64) {
    const Text entry = Text(0x42, static_cast<uint8_t>(alet >> 16))
                           .Halfword(static_cast<uint16_t>(alet))
                           .Doubleword(where);
    return AddBytes(entry.bytes(), entry.length());
  }
  // Bit 7 of the ALET, which list is meant, comes before its rightmost 23 bits.
  const auto high = static_cast<uint8_t>((alet >> 17 & 0x80) | (alet >> 16 & 0x7f));
  const Text entry = Text(0x41, high)
                         .Halfword(static_cast<uint16_t>(alet))
                         .Word(where & 0x80000000 ? where : where & 0xffffff);
  return AddBytes(entry.bytes(), entry.length());
}

bool TraceTable::AddSetSecondary(uint16_t asn) {
  if (!wants(kSpaces)) return true;
  const Text entry = Text(0x10, 0).Halfword(asn);
  return AddBytes(entry.bytes(), entry.length());
}

bool TraceTable::AddProgramCall(uint32_t number) {
  if (!wants(kSpaces)) return true;
  const bool wide = (cpu_.psw_mask() & kMode64) != 0;
  const uint64_t back = cpu_.next_address() | (cpu_.problem_state() ? 1 : 0);
  const Text entry =
      Text(wide ? 0x22 : 0x21, static_cast<uint8_t>(KeyOf(cpu_) | (number >> 16 & 15)))
          .Halfword(static_cast<uint16_t>(number))
          .Address(wide ? back : WithModeBit(back, cpu_.psw_mask()), wide);
  return AddBytes(entry.bytes(), entry.length());
}

bool TraceTable::AddProgramTransfer(uint16_t asn, uint64_t where) {
  if (!wants(kSpaces)) return true;
  const bool mode64 = (cpu_.psw_mask() & kMode64) != 0;
  const bool wide = mode64 && where >> 32 != 0;
  const Text entry = Text(wide ? 0x32 : 0x31, static_cast<uint8_t>(KeyOf(cpu_) | (wide     ? 12
                                                                                  : mode64 ? 8
                                                                                           : 0)))
                         .Halfword(asn)
                         .Address(where, wide);
  return AddBytes(entry.bytes(), entry.length());
}

bool TraceTable::AddProgramReturn(uint16_t asn, const Psw& to) {
  if (!wants(kSpaces)) return true;
  const uint64_t mask = cpu_.psw_mask();
  const uint64_t from = cpu_.next_address();
  const bool to64 = (to.mask & kMode64) != 0;
  const bool from64 = (mask & kMode64) != 0;
  const bool wide_to = to64 && to.address >> 32 != 0;
  const bool wide_from = from64 && from >> 32 != 0;
  const uint64_t back = to.address | (to.problem_state() ? 1 : 0);
  const Text entry =
      Text(static_cast<uint8_t>(0x32 + wide_to + wide_from),
           static_cast<uint8_t>(KeyOf(cpu_) | to64 << 3 | wide_to << 2 | from64 << 1 | wide_from))
          .Halfword(asn)
          .Address(to64 ? back : WithModeBit(back, to.mask), wide_to)
          .Address(from64 ? from : WithModeBit(from, mask), wide_from);
  return AddBytes(entry.bytes(), entry.length());
}

bool TraceBranchOrMode(GuestCpu& cpu, const Insn& insn) {
  constexpr uint64_t kMode31 = Psw::kBasicAddressing;
  TraceTable table(cpu);
  const uint64_t where = cpu.gpr(insn.r2);
  const uint64_t new_mode = where & 1 ? kMode64 | kMode31 : where & 0x80000000 ? kMode31 : 0;
  const uint64_t target =
      new_mode & kMode64 ? where & ~uint64_t{1} : where & (new_mode ? 0x7fffffff : 0xffffff);
  bool added = true;
  switch (insn.text >> 56) {
    case 0x05:  // BALR
    case 0x0d:  // BASR
      if (insn.r2) added = table.AddBranch(cpu.Wrap(where), cpu.psw_mask());
      break;
    case 0x0c:  // BASSM
      if (insn.r2) added = table.AddModeSwitchingBranch(target, new_mode);
      break;
    case 0x0b:  // BSM
      if (insn.r2) added = table.AddModeSwitch(new_mode);
      break;
    case 0x01:
      if (insn.text >> 48 == 0x010c || insn.text >> 48 == 0x010d) added = table.AddModeSwitch(0);
      if (insn.text >> 48 == 0x010e) added = table.AddModeSwitch(kMode64);
      break;
    default:
      break;
  }
  if (added) table.Commit();
  return added;
}

}  // namespace hypervisor
