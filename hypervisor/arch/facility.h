// Facility bits as STORE FACILITY LIST EXTENDED stores them (PoP: Control, "Facility Indications").
#ifndef HYPERVISOR_ARCH_FACILITY_H_
#define HYPERVISOR_ARCH_FACILITY_H_

#include <array>
#include <cstdint>
#include <initializer_list>

namespace hypervisor {

enum class Facility : uint8_t {
  kN3 = 0,     // instructions of z/Architecture available in ESA/390
  kZArch = 1,  // z/Architecture installed
  kZArchActive = 2,
  kDatEnhancement1 = 3,  // IDTE
  kIdteSegment = 4,
  kIdteRegion = 5,
  kAsnAndLxReuse = 6,
  kStfle = 7,
  kEdat1 = 8,
  kSenseRunning = 9,
  kConditionalSske = 10,
  kTopology = 11,
  kIpteRange = 13,
  kNonquiescingKeySetting = 14,
  kExtendedTranslation2 = 16,  // also decimal for z/Architecture
  kMsa = 17,
  kLongDisplacement = 18,
  kLongDisplacementFast = 19,
  kHfpMultiplyAdd = 20,
  kExtendedImmediate = 21,
  kExtendedTranslation3 = 22,
  kHfpUnnormalized = 23,
  kEtf2Enhancement = 24,
  kStoreClockFast = 25,
  kParsingEnhancement = 26,
  kMvcos = 27,
  kTodClockSteering = 28,
  kEtf3Enhancement = 30,
  kExtractCpuTime = 31,
  kCompareAndSwapAndStore = 32,
  kCompareAndSwapAndStore2 = 33,
  kGeneralInstructionsExtension = 34,
  kExecuteExtensions = 35,
  kEnhancedMonitor = 36,
  kFloatingPointExtension = 37,
  kOrderPreservingCompression = 38,
  kSetProgramParameter = 40,
  kFloatingPointSupport =
      41,  // FPR-GR transfer, FPS-sign-handling, DFP rounding, IEEE exception simulation
  kDfp = 42,
  kDfpHighPerformance = 43,
  kPfpo = 44,
  kDistinctOperands = 45,   // also LOC, interlocked access 1, population count, high word
  kMiscInstructions1 = 49,  // also execution hint, load and trap, processor assist
  kConstrainedTransactions = 50,
  kDfpZonedConversion = 48,
  kLocalTlbClearing = 51,
  kInterlockedAccess2 = 52,
  kLoadStoreOnCondition2 = 53,
  kMsa5 = 57,
  kMiscInstructions2 = 58,
  kMiscInstructions3 = 61,
  kResetReferenceBitsMultiple = 66,
  kTransactionalExecution = 73,
  kSthyi = 74,
  kAccessExceptionIndication = 75,
  kMsa3 = 76,
  kMsa4 = 77,
  kEdat2 = 78,
  kVector = 129,
  kInstructionExecutionProtection = 130,
  kVectorPackedDecimal = 134,
  kVectorEnhancements1 = 135,
  kCzam = 138,  // configuration z/Architecture architectural mode
  kMultipleEpoch = 139,
  kExtendedLengthSccb = 140,
  kMsa8 = 146,
  kVectorEnhancements2 = 148,
  kVectorPackedDecimalEnhancement1 = 152,
  kMsa9 = 155,
  kNever = 255,  // a row that no machine of ours offers
};

// A facility list: bit n is bit n % 64 (leftmost 0) of doubleword n / 64, in host byte order.
class FacilityList {
 public:
  static constexpr int kDoublewords = 4;

  constexpr FacilityList() = default;
  constexpr FacilityList(std::initializer_list<int> bits) {
    for (int bit : bits) Set(bit, true);
  }

  constexpr bool Has(int bit) const {
    return bit < kDoublewords * 64 && (words_[bit / 64] & BitOf(bit)) != 0;
  }
  constexpr bool Has(Facility facility) const { return Has(static_cast<int>(facility)); }
  constexpr void Set(int bit, bool present) {
    if (present)
      words_[bit / 64] |= BitOf(bit);
    else
      words_[bit / 64] &= ~BitOf(bit);
  }
  constexpr uint64_t doubleword(int index) const { return words_[index]; }
  constexpr void set_doubleword(int index, uint64_t word) { words_[index] = word; }

  friend constexpr bool operator==(const FacilityList&, const FacilityList&) = default;

 private:
  static constexpr uint64_t BitOf(int bit) { return uint64_t{1} << (63 - bit % 64); }
  std::array<uint64_t, kDoublewords> words_{};
};

}  // namespace hypervisor

#endif  // HYPERVISOR_ARCH_FACILITY_H_
