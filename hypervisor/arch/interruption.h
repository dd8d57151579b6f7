// Program- and external-interruption codes (PoP: Interruptions).
#ifndef HYPERVISOR_ARCH_INTERRUPTION_H_
#define HYPERVISOR_ARCH_INTERRUPTION_H_

#include <cstdint>

namespace hypervisor {

// As stored at real location 0x8e.
enum class PgmCode : uint16_t {
  kNone = 0,
  kOperation = 0x01,
  kPrivilegedOperation = 0x02,
  kExecute = 0x03,
  kProtection = 0x04,
  kAddressing = 0x05,
  kSpecification = 0x06,
  kData = 0x07,
  kFixedPointOverflow = 0x08,
  kFixedPointDivide = 0x09,
  kDecimalOverflow = 0x0a,
  kDecimalDivide = 0x0b,
  kHfpExponentOverflow = 0x0c,
  kHfpExponentUnderflow = 0x0d,
  kHfpSignificance = 0x0e,
  kHfpDivide = 0x0f,
  kSegmentTranslation = 0x10,
  kPageTranslation = 0x11,
  kTranslationSpecification = 0x12,
  kSpecialOperation = 0x13,
  kOperand = 0x15,
  kTraceTable = 0x16,
  kTransactionConstraint = 0x18,
  kVectorProcessing = 0x1b,
  kSpaceSwitch = 0x1c,
  kHfpSquareRoot = 0x1d,
  kPcTranslationSpecification = 0x1f,
  kAfxTranslation = 0x20,
  kAsxTranslation = 0x21,
  kLxTranslation = 0x22,
  kExTranslation = 0x23,
  kPrimaryAuthority = 0x24,
  kSecondaryAuthority = 0x25,
  kLfxTranslation = 0x26,
  kLsxTranslation = 0x27,
  kAletSpecification = 0x28,
  kAlenTranslation = 0x29,
  kAleSequence = 0x2a,
  kAsteValidity = 0x2b,
  kAsteSequence = 0x2c,
  kExtendedAuthority = 0x2d,
  kLsteSequence = 0x2e,
  kAsteInstance = 0x2f,
  kStackFull = 0x30,
  kStackEmpty = 0x31,
  kStackSpecification = 0x32,
  kStackType = 0x33,
  kStackOperation = 0x34,
  kAsceType = 0x38,
  kRegionFirstTranslation = 0x39,
  kRegionSecondTranslation = 0x3a,
  kRegionThirdTranslation = 0x3b,
  kMonitorEvent = 0x40,
  kPerEvent = 0x80,
  kCryptoOperation = 0x119,
};

// Where the old PSW points: at the instruction (nullification) or behind it (the other three).
constexpr bool IsNullifying(PgmCode code) {
  switch (code) {
    case PgmCode::kSegmentTranslation:
    case PgmCode::kPageTranslation:
    case PgmCode::kTraceTable:
    case PgmCode::kAsceType:
    case PgmCode::kRegionFirstTranslation:
    case PgmCode::kRegionSecondTranslation:
    case PgmCode::kRegionThirdTranslation:
    case PgmCode::kCryptoOperation:
      return true;
    default: {
      const auto raw = static_cast<uint16_t>(code);
      if (raw >= 0x20 && raw <= 0x27) return true;
      return raw >= 0x29 && raw <= 0x34;
    }
  }
}

// As stored at real location 0x86.
enum class ExternalCode : uint16_t {
  kInterruptKey = 0x0040,
  kClockComparator = 0x1004,
  kCpuTimer = 0x1005,
  kMalfunctionAlert = 0x1200,
  kEmergencySignal = 0x1201,
  kExternalCall = 0x1202,
  kTimingAlert = 0x1406,
  kMeasurementAlert = 0x1407,
  kServiceSignal = 0x2401,
  kVirtio = 0x2603,
};

// Data-exception codes (PoP: Interruptions, "Data-Exception Code").
inline constexpr uint8_t kDxcDecimalOperand = 0x00;
inline constexpr uint8_t kDxcAfpRegister = 0x01;
inline constexpr uint8_t kDxcBfpInstruction = 0x02;
inline constexpr uint8_t kDxcDfpInstruction = 0x03;
inline constexpr uint8_t kDxcVectorInstruction = 0xfe;
inline constexpr uint8_t kDxcCompareAndTrap = 0xff;

// All that a program interruption stores besides the PSWs.
struct ProgramInterruption {
  PgmCode code = PgmCode::kNone;
  uint8_t exception_access_id = 0;     // real 0xa0
  uint8_t operand_access_id = 0;       // real 0xa2
  uint8_t monitor_class = 0;           // real 0x95
  uint32_t data_exception_code = 0;    // real 0x90
  uint64_t translation_exception = 0;  // TEID, real 0xa8
  uint64_t monitor_code = 0;           // real 0xb0
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ARCH_INTERRUPTION_H_
