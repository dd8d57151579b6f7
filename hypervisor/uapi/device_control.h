// KVM_CREATE_DEVICE and the attributes of a VM and of the floating-interrupt controller (FLIC).
#ifndef HYPERVISOR_UAPI_DEVICE_CONTROL_H_
#define HYPERVISOR_UAPI_DEVICE_CONTROL_H_

#include <cstddef>
#include <cstdint>

namespace hypervisor::uapi {

// KVM_DEV_TYPE_*.
inline constexpr uint32_t kDeviceVfio = 4;
inline constexpr uint32_t kDeviceFlic = 6;
inline constexpr uint32_t kCreateDeviceTest = 1;  // KVM_CREATE_DEVICE_TEST

// Attributes of kVmMemCtrl: KVM_S390_VM_MEM_*.
inline constexpr uint64_t kMemEnableCmma = 0;
inline constexpr uint64_t kMemClrCmma = 1;
inline constexpr uint64_t kMemLimitSize = 2;
inline constexpr uint64_t kNoMemLimit = ~uint64_t{0};  // KVM_S390_NO_MEM_LIMIT

// Of kVmTod: KVM_S390_VM_TOD_*.
inline constexpr uint64_t kTodLow = 0;
inline constexpr uint64_t kTodHigh = 1;
inline constexpr uint64_t kTodExt = 2;

struct TodClock {
  uint8_t epoch_idx;
  uint8_t pad[7];
  uint64_t tod;
};  // struct kvm_s390_vm_tod_clock

// Of kVmCrypto: KVM_S390_VM_CRYPTO_*.
inline constexpr uint64_t kCryptoEnableAesKw = 0;
inline constexpr uint64_t kCryptoEnableDeaKw = 1;
inline constexpr uint64_t kCryptoDisableAesKw = 2;
inline constexpr uint64_t kCryptoDisableDeaKw = 3;
inline constexpr uint64_t kCryptoEnableApie = 4;
inline constexpr uint64_t kCryptoDisableApie = 5;

// Of kVmCpuModel: KVM_S390_VM_CPU_*.
inline constexpr uint64_t kCpuProcessor = 0;
inline constexpr uint64_t kCpuMachine = 1;
inline constexpr uint64_t kCpuProcessorFeat = 2;
inline constexpr uint64_t kCpuMachineFeat = 3;
inline constexpr uint64_t kCpuProcessorSubfunc = 4;
inline constexpr uint64_t kCpuMachineSubfunc = 5;
inline constexpr uint64_t kCpuProcessorUvFeat = 6;
inline constexpr uint64_t kCpuMachineUvFeat = 7;

// Of kVmMigration: KVM_S390_VM_MIGRATION_*.
inline constexpr uint64_t kMigrationStop = 0;
inline constexpr uint64_t kMigrationStart = 1;
inline constexpr uint64_t kMigrationStatus = 2;

// Groups of a FLIC: KVM_DEV_FLIC_*.
inline constexpr uint32_t kFlicGetAllIrqs = 1;
inline constexpr uint32_t kFlicEnqueue = 2;
inline constexpr uint32_t kFlicClearIrqs = 3;
inline constexpr uint32_t kFlicApfEnable = 4;
inline constexpr uint32_t kFlicApfDisableWait = 5;
inline constexpr uint32_t kFlicAdapterRegister = 6;
inline constexpr uint32_t kFlicAdapterModify = 7;
inline constexpr uint32_t kFlicClearIoIrq = 8;
inline constexpr uint32_t kFlicAism = 9;
inline constexpr uint32_t kFlicAirqInject = 10;
inline constexpr uint32_t kFlicAismAll = 11;

struct IoAdapter {
  uint32_t id;
  uint8_t isc;
  uint8_t maskable;
  uint8_t swap;
  uint8_t flags;
};                                                  // struct kvm_s390_io_adapter
inline constexpr uint8_t kAdapterSuppressible = 1;  // KVM_S390_ADAPTER_SUPPRESSIBLE

struct IoAdapterRequest {
  uint32_t id;
  uint8_t type;
  uint8_t mask;
  uint16_t pad;
  uint64_t addr;
};                                             // struct kvm_s390_io_adapter_req
inline constexpr uint8_t kIoAdapterMask = 1;   // KVM_S390_IO_ADAPTER_MASK
inline constexpr uint8_t kIoAdapterMap = 2;    // KVM_S390_IO_ADAPTER_MAP
inline constexpr uint8_t kIoAdapterUnmap = 3;  // KVM_S390_IO_ADAPTER_UNMAP

struct AisRequest {
  uint8_t isc;
  uint8_t pad;
  uint16_t mode;
};                                             // struct kvm_s390_ais_req
inline constexpr uint16_t kAisModeAll = 0;     // KVM_S390_AIS_MODE_ALL
inline constexpr uint16_t kAisModeSingle = 1;  // KVM_S390_AIS_MODE_SINGLE

struct AisAll {
  uint8_t simm;
  uint8_t nimm;
};  // struct kvm_s390_ais_all

// KVM_SET_GSI_ROUTING.
struct IrqRouting {
  uint32_t nr;
  uint32_t flags;
};  // struct kvm_irq_routing, followed by the entries
struct IrqRoutingEntry {
  uint32_t gsi;
  uint32_t type;
  uint32_t flags;
  uint32_t pad;
  uint64_t ind_addr;
  uint64_t summary_addr;
  uint64_t ind_offset;
  uint32_t summary_offset;
  uint32_t adapter_id;
};                                                  // struct kvm_irq_routing_entry
inline constexpr uint32_t kRoutingS390Adapter = 3;  // KVM_IRQ_ROUTING_S390_ADAPTER

struct Irqfd {
  uint32_t fd;
  uint32_t gsi;
  uint32_t flags;
  uint32_t resamplefd;
  uint8_t pad[16];
};                                             // struct kvm_irqfd
inline constexpr uint32_t kIrqfdDeassign = 1;  // KVM_IRQFD_FLAG_DEASSIGN
inline constexpr uint32_t kIrqfdResample = 2;  // KVM_IRQFD_FLAG_RESAMPLE

struct Ioeventfd {
  uint64_t datamatch;
  uint64_t addr;
  uint32_t len;
  int32_t fd;
  uint32_t flags;
  uint8_t pad[36];
};                                                  // struct kvm_ioeventfd
inline constexpr uint32_t kIoeventfdDatamatch = 1;  // KVM_IOEVENTFD_FLAG_DATAMATCH
inline constexpr uint32_t kIoeventfdPio = 2;        // KVM_IOEVENTFD_FLAG_PIO
inline constexpr uint32_t kIoeventfdDeassign = 4;   // KVM_IOEVENTFD_FLAG_DEASSIGN
inline constexpr uint32_t kIoeventfdVirtioCcw = 8;  // KVM_IOEVENTFD_FLAG_VIRTIO_CCW_NOTIFY

struct UserMemoryRegion2 {
  uint32_t slot;
  uint32_t flags;
  uint64_t guest_phys_addr;
  uint64_t memory_size;
  uint64_t userspace_addr;
  uint64_t guest_memfd_offset;
  uint32_t guest_memfd;
  uint32_t pad1;
  uint64_t pad2[14];
};  // struct kvm_userspace_memory_region2

struct PreFaultMemory {
  uint64_t gpa;
  uint64_t size;
  uint64_t flags;
  uint64_t padding[5];
};  // struct kvm_pre_fault_memory

static_assert(sizeof(TodClock) == 16 && sizeof(IoAdapter) == 8 && sizeof(IoAdapterRequest) == 16);
static_assert(sizeof(AisRequest) == 4 && sizeof(AisAll) == 2);
static_assert(sizeof(IrqRouting) == 8 && sizeof(IrqRoutingEntry) == 48 &&
              offsetof(IrqRoutingEntry, summary_offset) == 40);
static_assert(sizeof(Irqfd) == 32 && sizeof(Ioeventfd) == 64 && offsetof(Ioeventfd, flags) == 24);
static_assert(sizeof(UserMemoryRegion2) == 160 && sizeof(PreFaultMemory) == 64);

}  // namespace hypervisor::uapi

#endif  // HYPERVISOR_UAPI_DEVICE_CONTROL_H_
