// Assigned storage locations: real addresses of the 8 KiB prefix area (PoP: Storage, "Assigned
// Storage Locations").
#ifndef HYPERVISOR_ARCH_PREFIX_AREA_H_
#define HYPERVISOR_ARCH_PREFIX_AREA_H_

#include <cstdint>

namespace hypervisor::prefix_area {

inline constexpr uint64_t kSize = 8192;

inline constexpr uint64_t kExternalParameter = 0x80;      // u32
inline constexpr uint64_t kExternalCpuAddress = 0x84;     // u16
inline constexpr uint64_t kExternalCode = 0x86;           // u16
inline constexpr uint64_t kSvcIlc = 0x88;                 // u16
inline constexpr uint64_t kSvcCode = 0x8a;                // u16
inline constexpr uint64_t kProgramIlc = 0x8c;             // u16
inline constexpr uint64_t kProgramCode = 0x8e;            // u16
inline constexpr uint64_t kDataExceptionCode = 0x90;      // u32
inline constexpr uint64_t kMonitorClass = 0x94;           // u16
inline constexpr uint64_t kPerCode = 0x96;                // u8
inline constexpr uint64_t kPerAtmid = 0x97;               // u8
inline constexpr uint64_t kPerAddress = 0x98;             // u64
inline constexpr uint64_t kExceptionAccessId = 0xa0;      // u8
inline constexpr uint64_t kPerAccessId = 0xa1;            // u8
inline constexpr uint64_t kOperandAccessId = 0xa2;        // u8
inline constexpr uint64_t kArchitecturalModeId = 0xa3;    // u8
inline constexpr uint64_t kTranslationException = 0xa8;   // u64
inline constexpr uint64_t kMonitorCode = 0xb0;            // u64
inline constexpr uint64_t kSubchannelId = 0xb8;           // u16 id, u16 number
inline constexpr uint64_t kIoParameter = 0xbc;            // u32
inline constexpr uint64_t kIoWord = 0xc0;                 // u32
inline constexpr uint64_t kStfl = 0xc8;                   // u32
inline constexpr uint64_t kMachineCheckCode = 0xe8;       // u64
inline constexpr uint64_t kExternalDamageCode = 0xf4;     // u32
inline constexpr uint64_t kFailingStorageAddress = 0xf8;  // u64
inline constexpr uint64_t kBreakingEventAddress = 0x110;  // u64
inline constexpr uint64_t kRestartOldPsw = 0x120;
inline constexpr uint64_t kExternalOldPsw = 0x130;
inline constexpr uint64_t kSvcOldPsw = 0x140;
inline constexpr uint64_t kProgramOldPsw = 0x150;
inline constexpr uint64_t kMachineCheckOldPsw = 0x160;
inline constexpr uint64_t kIoOldPsw = 0x170;
inline constexpr uint64_t kRestartNewPsw = 0x1a0;
inline constexpr uint64_t kExternalNewPsw = 0x1b0;
inline constexpr uint64_t kSvcNewPsw = 0x1c0;
inline constexpr uint64_t kProgramNewPsw = 0x1d0;
inline constexpr uint64_t kMachineCheckNewPsw = 0x1e0;
inline constexpr uint64_t kIoNewPsw = 0x1f0;
inline constexpr uint64_t kMachineCheckExtendedSave = 0x11b0;  // u64
inline constexpr uint64_t kExternalParameter64 = 0x11b8;       // u64
inline constexpr uint64_t kStoreStatus = 0x1200;               // 512 bytes, as below

// Offsets in the 512-byte area of STORE STATUS.
inline constexpr uint64_t kStatusFprs = 0x000;
inline constexpr uint64_t kStatusGprs = 0x080;
inline constexpr uint64_t kStatusPsw = 0x100;
inline constexpr uint64_t kStatusPrefix = 0x118;           // u32
inline constexpr uint64_t kStatusFpc = 0x11c;              // u32
inline constexpr uint64_t kStatusTodProgrammable = 0x124;  // u32
inline constexpr uint64_t kStatusCpuTimer = 0x128;         // u64
inline constexpr uint64_t kStatusClockComparator = 0x130;  // u64, shifted right by 8
inline constexpr uint64_t kStatusAccessRegisters = 0x140;
inline constexpr uint64_t kStatusControlRegisters = 0x180;
inline constexpr uint64_t kStatusSize = 0x200;

}  // namespace hypervisor::prefix_area

#endif  // HYPERVISOR_ARCH_PREFIX_AREA_H_
