// COMPARE AND REPLACE DAT TABLE ENTRY: part of the enhanced-DAT facility 2.
#include "hypervisor/sie/assist/assists.h"

namespace hypervisor::assist {
namespace {

// Where the entry for `address` stands. `table` is an origin with the table's type in bits 59-61: 0
// for a page table, 4 to 7 for segment to region-first tables.
GuestAbsolute EntryOf(uint64_t table, uint64_t address) {
  const uint64_t type = Bits<59, 61>(table);
  if (type == 0) return GuestAbsolute((table & ~uint64_t{0x7ff}) + Bits<44, 51>(address) * 8);
  const uint64_t index = address >> (20 + 11 * (type - 4)) & 0x7ff;
  return GuestAbsolute((table & ~uint64_t{0xfff}) + index * 8);
}

}  // namespace

// R1 is compared with the entry that R2 and R2 + 1 find; if equal, R1 + 1 replaces it and what
// translations it gave are forgotten. CC 0 equal, 1 unequal: R1 gets the entry. R3 is a hint: whose
// space it is.
void CompareAndReplaceDatTableEntry(GuestCpu& cpu, const Insn& insn) {
  if (!cpu.Privileged() || cpu.InterceptedBy(uapi::kIctlIpteCsp)) return;
  const uint64_t table = cpu.gpr(insn.r2);
  const uint64_t type = Bits<59, 61>(table);
  if ((insn.r1 & 1) || (insn.r2 & 1) || (type != 0 && type < 4)) {
    return cpu.Interrupt(PgmCode::kSpecification);
  }
  uint8_t* at = cpu.FindAbsolute(EntryOf(table, cpu.gpr(insn.r2 + 1)), true);
  if (!at) return;
  uint64_t old = StorageOrder(cpu.gpr(insn.r1));
  const uint64_t next = StorageOrder(cpu.gpr(insn.r1 + 1));
  if (!__atomic_compare_exchange_n(reinterpret_cast<uint64_t*>(at), &old, next, false,
                                   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    cpu.set_gpr(insn.r1, StorageOrder(old));
    return cpu.set_cc(1);
  }
  if ((insn.m4 & 1) && cpu.facilities().Has(Facility::kLocalTlbClearing)) {
    cpu.PurgeTlb();
  } else {
    cpu.PurgeTlbEverywhere();
  }
  cpu.set_cc(0);
}

}  // namespace hypervisor::assist
