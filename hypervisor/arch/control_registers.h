// Fields of the control registers (PoP: Control, "Control Registers").
#ifndef HYPERVISOR_ARCH_CONTROL_REGISTERS_H_
#define HYPERVISOR_ARCH_CONTROL_REGISTERS_H_

#include <cstdint>

#include "hypervisor/arch/bits.h"

namespace hypervisor {

namespace cr0 {
inline constexpr uint64_t kTransactionalExecution = Mask<8, 8>();
inline constexpr uint64_t kClockComparatorSign = Mask<10, 10>();
inline constexpr uint64_t kSsmSuppression = Mask<33, 33>();
inline constexpr uint64_t kLowAddressProtection = Mask<35, 35>();
inline constexpr uint64_t kExtractionAuthority = Mask<36, 36>();
inline constexpr uint64_t kSecondarySpace = Mask<37, 37>();
inline constexpr uint64_t kFetchProtectionOverride = Mask<38, 38>();
inline constexpr uint64_t kStorageProtectionOverride = Mask<39, 39>();
inline constexpr uint64_t kEnhancedDat = Mask<40, 40>();
inline constexpr uint64_t kInstructionExecutionProtection = Mask<43, 43>();
inline constexpr uint64_t kAsnAndLxReuse = Mask<44, 44>();
inline constexpr uint64_t kAfpRegister = Mask<45, 45>();
inline constexpr uint64_t kVector = Mask<46, 46>();
inline constexpr uint64_t kMalfunctionAlert = Mask<48, 48>();
inline constexpr uint64_t kEmergencySignal = Mask<49, 49>();
inline constexpr uint64_t kExternalCall = Mask<50, 50>();
inline constexpr uint64_t kClockComparator = Mask<52, 52>();
inline constexpr uint64_t kCpuTimer = Mask<53, 53>();
inline constexpr uint64_t kServiceSignal = Mask<54, 54>();
inline constexpr uint64_t kInterruptKey = Mask<57, 57>();
}  // namespace cr0

namespace cr9 {
inline constexpr uint64_t kPerSuccessfulBranching = Mask<32, 32>();
inline constexpr uint64_t kPerInstructionFetching = Mask<33, 33>();
inline constexpr uint64_t kPerStorageAlteration = Mask<34, 34>();
inline constexpr uint64_t kPerStorageKeyAlteration = Mask<35, 35>();
inline constexpr uint64_t kPerStoreUsingRealAddress = Mask<36, 36>();
inline constexpr uint64_t kPerZeroAddressDetection = Mask<37, 37>();
inline constexpr uint64_t kPerTransactionEnd = Mask<38, 38>();
inline constexpr uint64_t kPerInstructionFetchingNullification = Mask<39, 39>();
inline constexpr uint64_t kPerBranchAddressControl = Mask<40, 40>();
inline constexpr uint64_t kPerEventSuspension = Mask<41, 41>();
inline constexpr uint64_t kPerStorageAlterationSpace = Mask<42, 42>();
}  // namespace cr9

namespace cr14 {
inline constexpr uint64_t kChannelReport = Mask<35, 35>();
}  // namespace cr14

// The primary, secondary and home ASCEs.
inline constexpr int kPrimaryAsce = 1;
inline constexpr int kSecondaryAsce = 7;
inline constexpr int kHomeAsce = 13;

}  // namespace hypervisor

#endif  // HYPERVISOR_ARCH_CONTROL_REGISTERS_H_
