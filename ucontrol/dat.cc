#include "ucontrol/dat.h"

#include <array>

#include "hypervisor/arch/bits.h"

namespace ucontrol {

using hypervisor::Bits;
using hypervisor::GuestLogical;
using hypervisor::GuestReal;
using hypervisor::PgmCode;

namespace {

// Fields of table entries.
constexpr uint64_t kOrigin = ~uint64_t{0xfff};
constexpr uint64_t kPageTableOrigin = ~uint64_t{0x7ff};
constexpr uint64_t kFormatControl = 0x400;
constexpr uint64_t kProtection = 0x200;
constexpr uint64_t kInvalid = 0x20;
constexpr uint64_t kCommonSegment = 0x10;
constexpr uint64_t kPageInvalid = 0x400;
constexpr uint64_t kPageReserved = 0x800;
constexpr uint64_t kLargeSegment = ~uint64_t{0xfffff};
constexpr uint64_t kLargeRegion = ~uint64_t{0x7fffffff};

constexpr int TableOffset(uint64_t entry) {
  return static_cast<int>((entry >> 6) & 3);
}
constexpr int TableLength(uint64_t entry) {
  return static_cast<int>(entry & 3);
}
constexpr int TableType(uint64_t entry) {
  return static_cast<int>((entry >> 2) & 3);
}

// Table types 3 to 0: region first, second, third, segment.
struct Level {
  uint64_t index;  // 11 bits
  PgmCode fault;
};

}  // namespace

DatResult TranslateLogical(GuestLogical address, Asce asce, DatControls controls,
                           ReadTableEntry read) {
  const uint64_t raw = address.raw();
  if (asce.is_real_space()) return {PgmCode::kNone, GuestReal(raw), false, false};

  const std::array<Level, 4> levels{{
      {Bits<33, 43>(raw), PgmCode::kSegmentTranslation},
      {Bits<22, 32>(raw), PgmCode::kRegionThirdTranslation},
      {Bits<11, 21>(raw), PgmCode::kRegionSecondTranslation},
      {Bits<0, 10>(raw), PgmCode::kRegionFirstTranslation},
  }};
  const int top = TableType(asce.raw);
  for (int level = 3; level > top; --level)
    if (levels[level].index) return {PgmCode::kAsceType, {}, false, false};

  uint64_t origin = asce.raw & kOrigin;
  int first = 0;
  int last = TableLength(asce.raw);
  bool is_protected = false;
  for (int level = top; level >= 0; --level) {
    const auto quarter = static_cast<int>(levels[level].index >> 9);
    if (quarter < first || quarter > last) return {levels[level].fault, {}, false, false};
    const auto entry = read(GuestReal(origin + levels[level].index * 8));
    if (!entry) return {PgmCode::kAddressing, {}, false, false};
    if (*entry & kInvalid) return {levels[level].fault, {}, false, false};
    if (TableType(*entry) != level) return {PgmCode::kTranslationSpecification, {}, false, false};

    const bool is_segment = level == 0;
    if (is_segment && asce.is_private() && (*entry & kCommonSegment))
      return {PgmCode::kTranslationSpecification, {}, false, false};
    if (is_segment || controls.enhanced_1) is_protected |= (*entry & kProtection) != 0;
    if (is_segment && controls.enhanced_1 && (*entry & kFormatControl)) {
      return {PgmCode::kNone, GuestReal((*entry & kLargeSegment) | (raw & ~kLargeSegment)),
              is_protected, true};
    }
    if (level == 1 && controls.enhanced_2 && (*entry & kFormatControl)) {
      return {PgmCode::kNone, GuestReal((*entry & kLargeRegion) | (raw & ~kLargeRegion)),
              is_protected, true};
    }
    origin = *entry & (is_segment ? kPageTableOrigin : kOrigin);
    first = TableOffset(*entry);
    last = TableLength(*entry);
  }

  const auto entry = read(GuestReal(origin + Bits<44, 51>(raw) * 8));
  if (!entry) return {PgmCode::kAddressing, {}, false, false};
  if (*entry & kPageInvalid) return {PgmCode::kPageTranslation, {}, false, false};
  if (*entry & kPageReserved) return {PgmCode::kTranslationSpecification, {}, false, false};
  is_protected |= (*entry & kProtection) != 0;
  return {PgmCode::kNone, GuestReal((*entry & kOrigin) | (raw & ~kOrigin)), is_protected, false};
}

}  // namespace ucontrol
