#include "ucontrol/access_register.h"

#include <optional>

#include "hypervisor/arch/bits.h"
#include "hypervisor/arch/control_registers.h"
#include "ucontrol/cpu.h"

namespace ucontrol {

using hypervisor::Bit;
using hypervisor::Bits;
using hypervisor::GuestReal;
using hypervisor::PgmCode;

namespace {

constexpr uint32_t kPrimaryAlet = 0;
constexpr uint32_t kSecondaryAlet = 1;

// Origins of the dispatchable-unit-control table and the primary ASTE: CR2 and CR5, bits 33-57.
constexpr uint64_t kTableOrigin = hypervisor::Mask<33, 57>();
constexpr uint64_t kAccessListDesignation = 16;  // in both of them

constexpr uint64_t kAccessListEntrySize = 16;
constexpr uint64_t kStorageEnd = uint64_t{1} << 31;  // these tables lie below

std::optional<uint32_t> ReadWord(ReadTableEntry read, uint64_t address) {
  const auto doubleword = read(GuestReal(address & ~uint64_t{7}));
  if (!doubleword) return std::nullopt;
  return static_cast<uint32_t>(*doubleword >> (address & 4 ? 0 : 32));
}

// The authority table has two bits for each authorization index; the second lets a program have the
// space as its secondary one.
PgmCode CheckAuthority(uint64_t aste_authority, uint16_t index, ReadTableEntry read) {
  const auto length = static_cast<uint32_t>(Bits<48, 59>(aste_authority));
  if (index / 16u > length) return PgmCode::kExtendedAuthority;
  const uint64_t origin = Bits<1, 29>(aste_authority) << 2;
  const uint64_t address = origin + index / 4u;
  const auto doubleword = read(GuestReal(address & ~uint64_t{7}));
  if (!doubleword) return PgmCode::kAddressing;
  const auto byte = static_cast<uint8_t>(*doubleword >> (56 - address % 8 * 8));
  return byte & (0x40 >> (index & 3) * 2) ? PgmCode::kNone : PgmCode::kExtendedAuthority;
}

ArtResult Fault(PgmCode code) {
  return {code, {}, false};
}

}  // namespace

ArtResult TranslateAccessRegister(const Cpu& cpu, uint32_t alet, ReadTableEntry read) {
  if (alet == kPrimaryAlet) return {PgmCode::kNone, Asce{cpu.cr(hypervisor::kPrimaryAsce)}, false};
  if (alet == kSecondaryAlet)
    return {PgmCode::kNone, Asce{cpu.cr(hypervisor::kSecondaryAsce)}, false};
  if (Bits<0, 6>(alet)) return Fault(PgmCode::kAletSpecification);

  // The access list: of the primary space or of the dispatchable unit.
  const uint64_t table = cpu.cr(Bit<7>(alet) ? 5 : 2) & kTableOrigin;
  const auto designation = ReadWord(read, table + kAccessListDesignation);
  if (!designation) return Fault(PgmCode::kAddressing);
  const uint32_t number = Bits<16, 31>(alet);
  if (number / 8 > Bits<25, 31>(*designation)) return Fault(PgmCode::kAlenTranslation);
  const uint64_t entry = (*designation & 0x7fffff80) + number * kAccessListEntrySize;
  if (entry >= kStorageEnd) return Fault(PgmCode::kAddressing);

  const auto first = read(GuestReal(entry));
  const auto second = read(GuestReal(entry + 8));
  if (!first || !second) return Fault(PgmCode::kAddressing);
  if (Bit<0>(*first)) return Fault(PgmCode::kAlenTranslation);
  if (Bits<8, 15>(*first) != Bits<8, 15>(alet)) return Fault(PgmCode::kAleSequence);
  const bool is_fetch_only = Bit<6>(*first);
  const bool is_private = Bit<7>(*first);
  const auto authorization = static_cast<uint16_t>(Bits<16, 31>(*first));

  // The ASN-second-table entry that it designates.
  const uint64_t aste = (*second >> 32) & 0x7fffffc0;
  const auto authority = read(GuestReal(aste));
  const auto asce = read(GuestReal(aste + 8));
  const auto sequence = ReadWord(read, aste + 20);
  if (!authority || !asce || !sequence) return Fault(PgmCode::kAddressing);
  if (Bit<0>(*authority)) return Fault(PgmCode::kAsteValidity);
  if (*sequence != static_cast<uint32_t>(*second)) return Fault(PgmCode::kAsteSequence);
  const auto index = static_cast<uint16_t>(Bits<32, 47>(cpu.cr(8)));
  if (is_private && authorization != index) {
    if (const PgmCode code = CheckAuthority(*authority, index, read); code != PgmCode::kNone)
      return Fault(code);
  }
  return {PgmCode::kNone, Asce{*asce}, is_fetch_only};
}

}  // namespace ucontrol
