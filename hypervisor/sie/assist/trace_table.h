// The trace table of CR12 (PoP: Control, "Tracing"): explicit entries are made by TRACE, implicit
// ones by branches, changes of the addressing mode, and instructions that name address spaces.
#ifndef HYPERVISOR_SIE_ASSIST_TRACE_TABLE_H_
#define HYPERVISOR_SIE_ASSIST_TRACE_TABLE_H_

#include <cstdint>

#include "hypervisor/isa/insn.h"
#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor {

// Entries of one instruction. They are put in storage, and CR12 moves on, only with Commit, when
// nothing can end the instruction any more; what can go wrong with them does so when they are
// added. Each Add yields false if stopped, and true also if CR12 doesn't ask for such an entry.
class TraceTable {
 public:
  static constexpr uint64_t kBranches = uint64_t{1} << 63;  // CR12 bits
  static constexpr uint64_t kModes = uint64_t{1} << 62;
  static constexpr uint64_t kSpaces = 2;
  static constexpr uint64_t kExplicit = 1;

  explicit TraceTable(GuestCpu& cpu) : cpu_(cpu), control_(cpu.state().cr[12]) {}

  bool wants(uint64_t entries) const { return control_ & entries; }

  // A branch to `target` in the mode of `mode`, which its PSW mask bits give.
  bool AddBranch(uint64_t target, uint64_t mode);
  // The mode becomes that of `new_mode`: an entry if one of the two is the 64-bit mode. The branch
  // address is given if the instruction branches and branches are traced.
  bool AddModeSwitch(uint64_t new_mode);
  bool AddModeSwitchingBranch(uint64_t target, uint64_t new_mode);
  bool AddSubspaceBranch(uint32_t alet, uint64_t where);
  bool AddSetSecondary(uint16_t asn);
  bool AddProgramCall(uint32_t number);
  bool AddProgramTransfer(uint16_t asn, uint64_t where);
  bool AddProgramReturn(uint16_t asn, const Psw& to);
  bool AddBytes(const uint8_t* entry, uint32_t length);

  void Commit();

 private:
  static constexpr int kMostEntries = 2;
  static constexpr uint32_t kLongest = 16 + 16 * 8;

  struct Entry {
    uint8_t bytes[kLongest];
    OperandBytes place;
  };

  GuestCpu& cpu_;
  uint64_t control_;
  int count_ = 0;
  Entry entries_[kMostEntries];
};

// The entries that BALR, BASR, BASSM, BSM and SAM make, before they are executed; false if stopped.
// For the engine, when CR12 asks for any of them.
bool TraceBranchOrMode(GuestCpu& cpu, const Insn& insn);

}  // namespace hypervisor

#endif  // HYPERVISOR_SIE_ASSIST_TRACE_TABLE_H_
