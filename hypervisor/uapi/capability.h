// Capability numbers of KVM_CHECK_EXTENSION and KVM_ENABLE_CAP: KVM_CAP_*.
#ifndef HYPERVISOR_UAPI_CAPABILITY_H_
#define HYPERVISOR_UAPI_CAPABILITY_H_

#include <cstdint>

namespace hypervisor::uapi {

inline constexpr uint32_t kCapUserMemory = 3;
inline constexpr uint32_t kCapNrVcpus = 9;
inline constexpr uint32_t kCapNrMemslots = 10;
inline constexpr uint32_t kCapMpState = 14;
inline constexpr uint32_t kCapSyncMmu = 16;
inline constexpr uint32_t kCapDestroyMemoryRegionWorks = 21;
inline constexpr uint32_t kCapSetGuestDebug = 23;
inline constexpr uint32_t kCapIrqRouting = 25;
inline constexpr uint32_t kCapJoinMemoryRegionsWorks = 30;
inline constexpr uint32_t kCapIrqfd = 32;
inline constexpr uint32_t kCapIoeventfd = 36;
inline constexpr uint32_t kCapInternalErrorData = 40;
inline constexpr uint32_t kCapS390Psw = 42;
inline constexpr uint32_t kCapEnableCap = 54;
inline constexpr uint32_t kCapAsyncPf = 59;
inline constexpr uint32_t kCapMaxVcpus = 66;
inline constexpr uint32_t kCapOneReg = 70;
inline constexpr uint32_t kCapS390Gmap = 71;
inline constexpr uint32_t kCapS390Ucontrol = 73;
inline constexpr uint32_t kCapSyncRegs = 74;
inline constexpr uint32_t kCapS390Cow = 79;
inline constexpr uint32_t kCapIrqfdResample = 82;
inline constexpr uint32_t kCapS390CssSupport = 85;
inline constexpr uint32_t kCapDeviceCtrl = 89;
inline constexpr uint32_t kCapEnableCapVm = 98;
inline constexpr uint32_t kCapS390Irqchip = 99;
inline constexpr uint32_t kCapVmAttributes = 101;
inline constexpr uint32_t kCapCheckExtensionVm = 105;
inline constexpr uint32_t kCapS390UserSigp = 106;
inline constexpr uint32_t kCapS390VectorRegisters = 107;
inline constexpr uint32_t kCapS390MemOp = 108;
inline constexpr uint32_t kCapS390UserStsi = 109;
inline constexpr uint32_t kCapS390Skeys = 110;
inline constexpr uint32_t kCapS390InjectIrq = 113;
inline constexpr uint32_t kCapS390IrqState = 114;
inline constexpr uint32_t kCapIoeventfdAnyLength = 122;
inline constexpr uint32_t kCapS390Ri = 124;
inline constexpr uint32_t kCapMaxVcpuId = 128;
inline constexpr uint32_t kCapS390UserInstr0 = 130;
inline constexpr uint32_t kCapImmediateExit = 136;
inline constexpr uint32_t kCapS390Gs = 140;
inline constexpr uint32_t kCapS390Ais = 141;
inline constexpr uint32_t kCapS390CmmaMigration = 145;
inline constexpr uint32_t kCapS390AisMigration = 150;
inline constexpr uint32_t kCapS390Bpb = 152;
inline constexpr uint32_t kCapS390Hpage1m = 156;
inline constexpr uint32_t kCapS390VcpuResets = 179;
inline constexpr uint32_t kCapHaltPoll = 182;
inline constexpr uint32_t kCapS390Diag318 = 186;
inline constexpr uint32_t kCapSetGuestDebug2 = 195;
inline constexpr uint32_t kCapBinaryStatsFd = 203;
inline constexpr uint32_t kCapS390MemOpExtension = 211;
inline constexpr uint32_t kCapSystemEventData = 215;
inline constexpr uint32_t kCapS390CpuTopology = 222;
inline constexpr uint32_t kCapUserMemory2 = 231;
inline constexpr uint32_t kCapPreFaultMemory = 236;
inline constexpr uint32_t kCapS390UserOperexec = 246;
inline constexpr uint32_t kCapS390Keyop = 247;
inline constexpr uint32_t kCapS390VsieEsamode = 248;
inline constexpr uint32_t kCapS390Hpage2g = 249;

}  // namespace hypervisor::uapi

#endif  // HYPERVISOR_UAPI_CAPABILITY_H_
