// Dynamic address translation: one walk through a guest's tables (PoP: Storage, "Dynamic Address
// Translation"). A pure function of the ASCE, the address and what the tables say.
#ifndef HYPERVISOR_STORAGE_DAT_H_
#define HYPERVISOR_STORAGE_DAT_H_

#include <cstdint>
#include <optional>

#include "hypervisor/arch/address.h"
#include "hypervisor/arch/interruption.h"

namespace hypervisor {

// Fields of an address-space-control element.
namespace asce {
inline constexpr uint64_t kOrigin = ~uint64_t{0xfff};
inline constexpr uint64_t kPrivateSpace = 0x100;
inline constexpr uint64_t kStorageAlteration = 0x80;
inline constexpr uint64_t kSpaceSwitchEvent = 0x40;
inline constexpr uint64_t kRealSpace = 0x20;
inline constexpr uint64_t kDesignationType = 0x0c;
inline constexpr uint64_t kTableLength = 0x03;
}  // namespace asce

// Prefixing: real and absolute addresses of the first 8 KiB and of the prefix area trade places.
constexpr GuestAbsolute ApplyPrefix(GuestReal real, uint32_t prefix) {
  const uint64_t block = real.raw() & ~uint64_t{0x1fff};
  if (block == 0) return GuestAbsolute(real.raw() + prefix);
  if (block == prefix) return GuestAbsolute(real.raw() - prefix);
  return GuestAbsolute(real.raw());
}

// Which of the optional parts of DAT are active: facility installed and control bit one.
struct DatFeatures {
  bool edat1 = false;
  bool edat2 = false;
  bool iep = false;
  // Large frames have absolute addresses: what they are as real ones depends on the prefix.
  uint32_t prefix = 0;
};

struct DatResult {
  PgmCode exception = PgmCode::kNone;
  bool table_unreadable = false;  // `read` gave nothing: it has said why
  GuestReal address;
  bool protection = false;          // DAT protection at any level
  bool no_execute = false;          // instruction-execution protection
  uint64_t frame_size = kPageSize;  // 4 KiB, 1 MiB or 2 GiB
  GuestAbsolute entry_address;      // of the last entry read, and its content
  uint64_t entry = 0;

  bool ok() const { return exception == PgmCode::kNone && !table_unreadable; }
};

constexpr bool IsValidPageTableEntry(uint64_t entry) {
  return (entry & 0xc00) == 0;
}

// `read(GuestAbsolute)` fetches a doubleword table entry, or nothing if it can't.
template <typename ReadEntry>
DatResult Translate(uint64_t asce_word, GuestLogical logical, DatFeatures features,
                    ReadEntry read) {
  const uint64_t address = logical.raw();
  DatResult result;
  const auto fail = [&result](PgmCode code) {
    result.exception = code;
    return result;
  };
  const auto in_frame = [&](uint64_t entry) {
    const uint64_t offset = result.frame_size - 1;
    // Prefixing is its own inverse.
    const GuestReal absolute((entry & ~offset) | (address & offset));
    return GuestReal(ApplyPrefix(absolute, features.prefix).raw());
  };
  if (asce_word & asce::kRealSpace) {
    result.address = GuestReal(address);
    return result;
  }

  // Level 3 is the region-first table, 0 the segment table: the designation and table types.
  int level = static_cast<int>((asce_word & asce::kDesignationType) >> 2);
  const int top_bits = 31 + 11 * level;
  if (top_bits < 64 && address >> top_bits != 0) return fail(PgmCode::kAsceType);

  constexpr PgmCode kLevelException[] = {
      PgmCode::kSegmentTranslation, PgmCode::kRegionThirdTranslation,
      PgmCode::kRegionSecondTranslation, PgmCode::kRegionFirstTranslation};
  uint64_t origin = asce_word & asce::kOrigin;
  uint64_t first_unit = 0;  // table offset and length, in units of 4 KiB
  uint64_t last_unit = asce_word & asce::kTableLength;
  for (;; --level) {
    const uint64_t index = address >> (20 + 11 * level) & 0x7ff;
    if (index >> 9 < first_unit || index >> 9 > last_unit) return fail(kLevelException[level]);
    result.entry_address = GuestAbsolute(origin + index * 8);
    const std::optional<uint64_t> entry = read(result.entry_address);
    if (!entry) {
      result.table_unreadable = true;
      return result;
    }
    result.entry = *entry;
    if (*entry & 0x20) return fail(kLevelException[level]);
    if ((*entry & 0xc) >> 2 != static_cast<uint64_t>(level))
      return fail(PgmCode::kTranslationSpecification);
    if (features.edat1 && (*entry & 0x200)) result.protection = true;

    const bool format_control = (*entry & 0x400) != 0;
    if (level == 1 && features.edat2 && format_control) {
      result.no_execute = features.iep && (*entry & 0x100);
      result.frame_size = uint64_t{1} << 31;
      result.address = in_frame(*entry);
      return result;
    }
    if (level == 0) {
      // A common segment may not be reached through a private space.
      if ((*entry & 0x10) && (asce_word & asce::kPrivateSpace)) {
        return fail(PgmCode::kTranslationSpecification);
      }
      if (features.edat1 && format_control) {
        result.no_execute = features.iep && (*entry & 0x100);
        result.frame_size = kSegmentSize;
        result.address = in_frame(*entry);
        return result;
      }
      if (*entry & 0x200) result.protection = true;
      origin = *entry & ~uint64_t{0x7ff};
      break;
    }
    origin = *entry & asce::kOrigin;
    first_unit = *entry >> 6 & 3;
    last_unit = *entry & 3;
  }

  result.entry_address = GuestAbsolute(origin + (address >> 12 & 0xff) * 8);
  const std::optional<uint64_t> entry = read(result.entry_address);
  if (!entry) {
    result.table_unreadable = true;
    return result;
  }
  result.entry = *entry;
  if (*entry & 0x400) return fail(PgmCode::kPageTranslation);
  if (*entry & 0x800) return fail(PgmCode::kTranslationSpecification);
  if (*entry & 0x200) result.protection = true;
  result.no_execute = features.iep && (*entry & 0x100);
  result.address = GuestReal((*entry & ~kPageMask) | (address & kPageMask));
  return result;
}

}  // namespace hypervisor

#endif  // HYPERVISOR_STORAGE_DAT_H_
