// ASN translation and authorization, and what the linkage instructions keep in control registers
// (PoP: Program Execution, "ASN Translation", "ASN Authorization", "PC-Number Translation").
#ifndef HYPERVISOR_SIE_ASSIST_LINKAGE_ADDRESS_SPACES_H_
#define HYPERVISOR_SIE_ASSIST_LINKAGE_ADDRESS_SPACES_H_

#include <cstdint>

#include "hypervisor/sie/guest_cpu.h"

namespace hypervisor::linkage {

// An ASN-second-table entry, as far as these instructions need it.
struct AsnSecondTableEntry {
  uint32_t origin = 0;  // real
  uint32_t word0 = 0;
  uint32_t word1 = 0;
  uint64_t asce = 0;
  uint32_t linkage_table = 0;  // designation; bit 0 is the subsystem-linkage control
  uint32_t sequence_number = 0;

  uint16_t authorization_index() const { return static_cast<uint16_t>(word1 >> 16); }
};

inline uint16_t PrimaryAsn(const CpuState& state) {
  return static_cast<uint16_t>(state.cr[4]);
}
inline uint16_t SecondaryAsn(const CpuState& state) {
  return static_cast<uint16_t>(state.cr[3]);
}
inline uint16_t KeyMask(const CpuState& state) {
  return static_cast<uint16_t>(state.cr[3] >> 16);
}
inline uint32_t PrimaryEntryOrigin(const CpuState& state) {
  return static_cast<uint32_t>(state.cr[5]) & 0x7fffffc0;
}

void SetPrimaryAsn(CpuState& state, uint16_t asn);
void SetSecondaryAsn(CpuState& state, uint16_t asn);
void SetKeyMask(CpuState& state, uint16_t mask);

// The entry at a real address; false if stopped.
bool ReadEntry(GuestCpu& cpu, uint32_t origin, AsnSecondTableEntry& entry);

// Through the ASN first table of CR14; AFX- and ASX-translation exceptions name the ASN.
bool TranslateAsn(GuestCpu& cpu, uint16_t asn, AsnSecondTableEntry& entry);

// Whether the authority table of `entry` lets `index` in, as primary (bit 0 of its pair) or
// secondary. Nothing is latched but faults.
bool Authorized(GuestCpu& cpu, const AsnSecondTableEntry& entry, uint16_t index, bool secondary);

// Makes the space of `entry` the primary one; a space-switch event comes after the instruction if
// either space asks for it.
void SwitchPrimary(GuestCpu& cpu, uint16_t asn, const AsnSecondTableEntry& entry);

// The PSW's addressing mode and address as a register holds them: bit 63 for the 64-bit mode, bit
// 32 for the 31-bit mode.
uint64_t AddressWithMode(const GuestCpu& cpu, uint64_t address);

}  // namespace hypervisor::linkage

#endif  // HYPERVISOR_SIE_ASSIST_LINKAGE_ADDRESS_SPACES_H_
