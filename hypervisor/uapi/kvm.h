// The KVM user-space interface as an s390 kernel defines it: requests, structures, constants.
//
// Structures are in host byte order, so one set of definitions serves the real device on s390x and
// the software device everywhere. Layouts are those of the s390x UAPI headers (asserted below).
// Source: linux/kvm.h and asm/kvm.h; each constant names its kernel spelling.
#ifndef HYPERVISOR_UAPI_KVM_H_
#define HYPERVISOR_UAPI_KVM_H_

#include <cstddef>
#include <cstdint>

namespace hypervisor::uapi {

// System requests.
inline constexpr uint32_t kGetApiVersion = 0xae00;    // KVM_GET_API_VERSION
inline constexpr uint32_t kCreateVm = 0xae01;         // KVM_CREATE_VM
inline constexpr uint32_t kCheckExtension = 0xae03;   // KVM_CHECK_EXTENSION, also on a VM
inline constexpr uint32_t kGetVcpuMmapSize = 0xae04;  // KVM_GET_VCPU_MMAP_SIZE
inline constexpr uint32_t kEnableSie = 0xae06;        // KVM_S390_ENABLE_SIE

inline constexpr int kApiVersion = 12;
inline constexpr uint64_t kUcontrolVm = 1;  // KVM_VM_S390_UCONTROL

// VM requests.
inline constexpr uint32_t kCreateVcpu = 0xae41;                // KVM_CREATE_VCPU
inline constexpr uint32_t kGetDirtyLog = 0x4010ae42;           // KVM_GET_DIRTY_LOG
inline constexpr uint32_t kSetUserMemoryRegion = 0x4020ae46;   // KVM_SET_USER_MEMORY_REGION
inline constexpr uint32_t kSetUserMemoryRegion2 = 0x40a0ae49;  // KVM_SET_USER_MEMORY_REGION2
inline constexpr uint32_t kCreateIrqchip = 0xae60;             // KVM_CREATE_IRQCHIP
inline constexpr uint32_t kSetGsiRouting = 0x4008ae6a;         // KVM_SET_GSI_ROUTING
inline constexpr uint32_t kIrqfd = 0x4020ae76;                 // KVM_IRQFD
inline constexpr uint32_t kIoeventfd = 0x4040ae79;             // KVM_IOEVENTFD
inline constexpr uint32_t kInterrupt = 0x4010ae94;             // KVM_S390_INTERRUPT, also on a vCPU
inline constexpr uint32_t kEnableCap = 0x4068aea3;             // KVM_ENABLE_CAP, also on a vCPU
inline constexpr uint32_t kMemOp = 0x4040aeb1;                 // KVM_S390_MEM_OP, also on a vCPU
inline constexpr uint32_t kGetSkeys = 0x4040aeb2;              // KVM_S390_GET_SKEYS
inline constexpr uint32_t kSetSkeys = 0x4040aeb3;              // KVM_S390_SET_SKEYS
inline constexpr uint32_t kKeyop = 0xc010ae53;                 // KVM_S390_KEYOP
inline constexpr uint32_t kGetCmmaBits = 0xc020aeb8;           // KVM_S390_GET_CMMA_BITS
inline constexpr uint32_t kSetCmmaBits = 0x4020aeb9;           // KVM_S390_SET_CMMA_BITS
inline constexpr uint32_t kClearDirtyLog = 0xc018aec0;         // KVM_CLEAR_DIRTY_LOG
inline constexpr uint32_t kPvCommand = 0xc020aec5;             // KVM_S390_PV_COMMAND
inline constexpr uint32_t kResetDirtyRings = 0xaec7;           // KVM_RESET_DIRTY_RINGS
inline constexpr uint32_t kGetStatsFd = 0xaece;                // KVM_GET_STATS_FD
inline constexpr uint32_t kZpciOp = 0x4048aed1;                // KVM_S390_ZPCI_OP
inline constexpr uint32_t kCreateDevice = 0xc00caee0;          // KVM_CREATE_DEVICE
inline constexpr uint32_t kSetDeviceAttr = 0x4018aee1;         // KVM_SET_DEVICE_ATTR
inline constexpr uint32_t kGetDeviceAttr = 0x4018aee2;         // KVM_GET_DEVICE_ATTR
inline constexpr uint32_t kHasDeviceAttr = 0x4018aee3;         // KVM_HAS_DEVICE_ATTR

// vCPU requests.
inline constexpr uint32_t kUcasMap = 0x4018ae50;    // KVM_S390_UCAS_MAP
inline constexpr uint32_t kUcasUnmap = 0x4018ae51;  // KVM_S390_UCAS_UNMAP
inline constexpr uint32_t kVcpuFault =
    0x4008ae52;                           // KVM_S390_VCPU_FAULT: the argument is the address itself
inline constexpr uint32_t kRun = 0xae80;  // KVM_RUN
inline constexpr uint32_t kGetRegs = 0x8080ae81;        // KVM_GET_REGS
inline constexpr uint32_t kSetRegs = 0x4080ae82;        // KVM_SET_REGS
inline constexpr uint32_t kGetSregs = 0x80c0ae83;       // KVM_GET_SREGS
inline constexpr uint32_t kSetSregs = 0x40c0ae84;       // KVM_SET_SREGS
inline constexpr uint32_t kTranslate = 0xc018ae85;      // KVM_TRANSLATE
inline constexpr uint32_t kSetSignalMask = 0x4004ae8b;  // KVM_SET_SIGNAL_MASK
inline constexpr uint32_t kGetFpu = 0x8088ae8c;         // KVM_GET_FPU
inline constexpr uint32_t kSetFpu = 0x4088ae8d;         // KVM_SET_FPU
inline constexpr uint32_t kStoreStatus =
    0x4008ae95;  // KVM_S390_STORE_STATUS: the argument is the address itself
inline constexpr uint32_t kSetInitialPsw = 0x4010ae96;   // KVM_S390_SET_INITIAL_PSW
inline constexpr uint32_t kInitialReset = 0xae97;        // KVM_S390_INITIAL_RESET
inline constexpr uint32_t kGetMpState = 0x8004ae98;      // KVM_GET_MP_STATE
inline constexpr uint32_t kSetMpState = 0x4004ae99;      // KVM_SET_MP_STATE
inline constexpr uint32_t kSetGuestDebug = 0x4018ae9b;   // KVM_SET_GUEST_DEBUG
inline constexpr uint32_t kGetOneReg = 0x4010aeab;       // KVM_GET_ONE_REG
inline constexpr uint32_t kSetOneReg = 0x4010aeac;       // KVM_SET_ONE_REG
inline constexpr uint32_t kIrq = 0x4048aeb4;             // KVM_S390_IRQ
inline constexpr uint32_t kSetIrqState = 0x4020aeb5;     // KVM_S390_SET_IRQ_STATE
inline constexpr uint32_t kGetIrqState = 0x4020aeb6;     // KVM_S390_GET_IRQ_STATE
inline constexpr uint32_t kNormalReset = 0xaec3;         // KVM_S390_NORMAL_RESET
inline constexpr uint32_t kClearReset = 0xaec4;          // KVM_S390_CLEAR_RESET
inline constexpr uint32_t kPvCpuCommand = 0xc020aed0;    // KVM_S390_PV_CPU_COMMAND
inline constexpr uint32_t kPreFaultMemory = 0xc040aed5;  // KVM_PRE_FAULT_MEMORY

// KVM_S390_STORE_STATUS addresses.
inline constexpr uint64_t kStoreStatusNoAddr = ~uint64_t{0};  // KVM_S390_STORE_STATUS_NOADDR
inline constexpr uint64_t kStoreStatusPrefixed =
    ~uint64_t{0} - 1;  // KVM_S390_STORE_STATUS_PREFIXED

// Page of a vCPU's file at which its SIE block is mapped.
inline constexpr uint64_t kSiePageOffset = 1;  // KVM_S390_SIE_PAGE_OFFSET

// kvm_run.exit_reason.
enum class ExitReason : uint32_t {
  kUnknown = 0,        // KVM_EXIT_UNKNOWN
  kDebug = 4,          // KVM_EXIT_DEBUG
  kInterrupted = 10,   // KVM_EXIT_INTR
  kSieIntercept = 13,  // KVM_EXIT_S390_SIEIC
  kUcontrol = 20,      // KVM_EXIT_S390_UCONTROL
};

// kvm_valid_regs and kvm_dirty_regs: KVM_SYNC_*.
inline constexpr uint64_t kSyncPrefix = 1u << 0;
inline constexpr uint64_t kSyncGprs = 1u << 1;
inline constexpr uint64_t kSyncAcrs = 1u << 2;
inline constexpr uint64_t kSyncCrs = 1u << 3;
inline constexpr uint64_t kSyncArch0 = 1u << 4;
inline constexpr uint64_t kSyncPfault = 1u << 5;
inline constexpr uint64_t kSyncVrs = 1u << 6;
inline constexpr uint64_t kSyncRiccb = 1u << 7;
inline constexpr uint64_t kSyncFprs = 1u << 8;
inline constexpr uint64_t kSyncGscb = 1u << 9;
inline constexpr uint64_t kSyncBpbc = 1u << 10;
inline constexpr uint64_t kSyncEtoken = 1u << 11;
inline constexpr uint64_t kSyncDiag318 = 1u << 12;
inline constexpr uint64_t kSyncAll = (1u << 13) - 1;

// struct kvm_sync_regs.
struct SyncRegs {
  uint64_t prefix;
  uint64_t gprs[16];
  uint32_t acrs[16];
  uint64_t crs[16];
  uint64_t todpr;
  uint64_t cputm;
  uint64_t ckc;
  uint64_t pp;
  uint64_t gbea;
  uint64_t pft;
  uint64_t pfs;
  uint64_t pfc;
  union {
    uint64_t vrs[32][2];
    uint64_t fprs[16];
  };
  uint8_t reserved[512];
  uint32_t fpc;
  uint8_t bpbc;  // leftmost bit
  uint8_t reserved2[51];
  uint8_t riccb[64];
  uint64_t diag318;
  uint8_t padding1[184];
  // The SDNX area, 256 bytes.
  struct {
    uint64_t reserved[2];
    uint64_t gscb[4];
    uint64_t etoken;
    uint64_t etoken_extension;
    uint8_t padding[192];
  } sdnx;
};

// struct kvm_run.
struct Run {
  uint8_t request_interrupt_window;
  uint8_t immediate_exit;
  uint8_t padding1[6];
  uint32_t exit_reason;
  uint8_t ready_for_interrupt_injection;
  uint8_t if_flag;
  uint16_t flags;
  uint64_t cr8;
  uint64_t apic_base;
  uint64_t psw_mask;
  uint64_t psw_addr;
  union {
    struct {
      uint8_t icptcode;
      uint16_t ipa;
      uint32_t ipb;
    } s390_sieic;
    struct {
      uint64_t trans_exc_code;
      uint32_t pgm_code;
    } s390_ucontrol;
    struct {
      uint64_t addr;
      uint8_t type;
      uint8_t pad[7];
    } debug;
    uint8_t padding[256];
  };
  uint64_t kvm_valid_regs;
  uint64_t kvm_dirty_regs;
  union {
    SyncRegs regs;
    uint8_t regs_padding[2048];
  } s;
};

struct Regs {
  uint64_t gprs[16];
};  // struct kvm_regs
struct Sregs {
  uint32_t acrs[16];
  uint64_t crs[16];
};  // struct kvm_sregs
struct Fpu {
  uint32_t fpc;
  uint32_t pad;
  uint64_t fprs[16];
};  // struct kvm_fpu
struct OneReg {
  uint64_t id;
  uint64_t addr;
};  // struct kvm_one_reg
struct PswArgument {
  uint64_t mask;
  uint64_t addr;
};  // struct kvm_s390_psw
struct MpState {
  uint32_t mp_state;
};  // struct kvm_mp_state
struct UcasMapping {
  uint64_t user_addr;
  uint64_t vcpu_addr;
  uint64_t length;
};  // struct kvm_s390_ucas_mapping
struct DeviceAttr {
  uint32_t flags;
  uint32_t group;
  uint64_t attr;
  uint64_t addr;
};  // struct kvm_device_attr
struct CreateDevice {
  uint32_t type;
  uint32_t fd;
  uint32_t flags;
};  // struct kvm_create_device
struct EnableCap {
  uint32_t cap;
  uint32_t flags;
  uint64_t args[4];
  uint8_t pad[64];
};  // struct kvm_enable_cap
struct DirtyLog {
  uint32_t slot;
  uint32_t padding1;
  uint64_t dirty_bitmap;
};  // struct kvm_dirty_log
struct UserMemoryRegion {
  uint32_t slot;
  uint32_t flags;
  uint64_t guest_phys_addr;
  uint64_t memory_size;
  uint64_t userspace_addr;
};  // struct kvm_userspace_memory_region
struct Skeys {
  uint64_t start_gfn;
  uint64_t count;
  uint64_t skeydata_addr;
  uint32_t flags;
  uint32_t reserved[9];
};  // struct kvm_s390_skeys
struct Keyop {
  uint64_t guest_addr;
  uint8_t key;
  uint8_t operation;
  uint8_t pad[6];
};  // struct kvm_s390_keyop
struct CmmaLog {
  uint64_t start_gfn;
  uint32_t count;
  uint32_t flags;
  uint64_t remaining_or_mask;
  uint64_t values;
};              // struct kvm_s390_cmma_log
struct MemOp {  // struct kvm_s390_mem_op
  uint64_t gaddr;
  uint64_t flags;
  uint32_t size;
  uint32_t op;
  uint64_t buf;
  union {
    struct {
      uint8_t ar;
      uint8_t key;
      uint8_t pad[6];
      uint64_t old_addr;
    };
    uint32_t sida_offset;
    uint8_t reserved[32];
  };
};
struct GuestDebug {
  uint32_t control;
  uint32_t pad;
  uint32_t nr_hw_bp;
  uint32_t pad2;
  uint64_t hw_bp;
};  // struct kvm_guest_debug
struct HwBreakpoint {
  uint64_t addr;
  uint64_t phys_addr;
  uint64_t len;
  uint8_t type;
  uint8_t pad[7];
};  // struct kvm_hw_breakpoint
struct SignalMask {
  uint32_t len;
};  // struct kvm_signal_mask, followed by the set

// struct kvm_s390_interrupt.
struct Interrupt {
  uint32_t type;
  uint32_t parm;
  uint64_t parm64;
};

inline constexpr uint32_t kSigpStop = 0xfffe0000;         // KVM_S390_SIGP_STOP
inline constexpr uint32_t kProgramInt = 0xfffe0001;       // KVM_S390_PROGRAM_INT
inline constexpr uint32_t kSigpSetPrefix = 0xfffe0002;    // KVM_S390_SIGP_SET_PREFIX
inline constexpr uint32_t kRestart = 0xfffe0003;          // KVM_S390_RESTART
inline constexpr uint32_t kIntPfaultInit = 0xfffe0004;    // KVM_S390_INT_PFAULT_INIT
inline constexpr uint32_t kIntPfaultDone = 0xfffe0005;    // KVM_S390_INT_PFAULT_DONE
inline constexpr uint32_t kMchk = 0xfffe1000;             // KVM_S390_MCHK
inline constexpr uint32_t kIntClockComp = 0xffff1004;     // KVM_S390_INT_CLOCK_COMP
inline constexpr uint32_t kIntCpuTimer = 0xffff1005;      // KVM_S390_INT_CPU_TIMER
inline constexpr uint32_t kIntEmergency = 0xffff1201;     // KVM_S390_INT_EMERGENCY
inline constexpr uint32_t kIntExternalCall = 0xffff1202;  // KVM_S390_INT_EXTERNAL_CALL
inline constexpr uint32_t kIntService = 0xffff2401;       // KVM_S390_INT_SERVICE
inline constexpr uint32_t kIntVirtio = 0xffff2603;        // KVM_S390_INT_VIRTIO
inline constexpr uint32_t kIntIoMin = 0x00000000;         // KVM_S390_INT_IO_MIN
inline constexpr uint32_t kIntIoMax = 0xfffdffff;         // KVM_S390_INT_IO_MAX

// struct kvm_s390_irq.
struct Irq {
  uint64_t type;
  union {
    struct {
      uint16_t subchannel_id;
      uint16_t subchannel_nr;
      uint32_t io_int_parm;
      uint32_t io_int_word;
    } io;
    struct {
      uint32_t ext_params;
      uint32_t pad;
      uint64_t ext_params2;
    } ext;
    struct {
      uint64_t trans_exc_code;
      uint64_t mon_code;
      uint64_t per_address;
      uint32_t data_exc_code;
      uint16_t code;
      uint16_t mon_class_nr;
      uint8_t per_code;
      uint8_t per_atmid;
      uint8_t exc_access_id;
      uint8_t per_access_id;
      uint8_t op_access_id;
      uint8_t flags;
      uint8_t pad[2];
    } pgm;
    struct {
      uint16_t code;
    } emerg;
    struct {
      uint16_t code;
    } extcall;
    struct {
      uint32_t address;
    } prefix;
    struct {
      uint32_t flags;
    } stop;
    struct {
      uint64_t cr14;
      uint64_t mcic;
      uint64_t failing_storage_address;
      uint32_t ext_damage_code;
      uint32_t pad;
      uint8_t fixed_logout[16];
    } mchk;
    uint8_t reserved[64];
  };
};
struct IrqState {
  uint64_t buf;
  uint32_t flags;
  uint32_t len;
  uint32_t reserved[4];
};  // struct kvm_s390_irq_state

// Multiprocessing states of KVM_SET_MP_STATE.
inline constexpr uint32_t kMpStateStopped = 5;    // KVM_MP_STATE_STOPPED
inline constexpr uint32_t kMpStateCheckStop = 6;  // KVM_MP_STATE_CHECK_STOP
inline constexpr uint32_t kMpStateOperating = 7;  // KVM_MP_STATE_OPERATING
inline constexpr uint32_t kMpStateLoad = 8;       // KVM_MP_STATE_LOAD

// KVM_GET/SET_ONE_REG.
inline constexpr uint64_t kRegTodpr = 0x5020000000000001;      // KVM_REG_S390_TODPR
inline constexpr uint64_t kRegEpochdiff = 0x5030000000000002;  // KVM_REG_S390_EPOCHDIFF
inline constexpr uint64_t kRegCpuTimer = 0x5030000000000003;   // KVM_REG_S390_CPU_TIMER
inline constexpr uint64_t kRegClockComp = 0x5030000000000004;  // KVM_REG_S390_CLOCK_COMP
inline constexpr uint64_t kRegPftoken = 0x5030000000000005;    // KVM_REG_S390_PFTOKEN
inline constexpr uint64_t kRegPfcompare = 0x5030000000000006;  // KVM_REG_S390_PFCOMPARE
inline constexpr uint64_t kRegPfselect = 0x5030000000000007;   // KVM_REG_S390_PFSELECT
inline constexpr uint64_t kRegPp = 0x5030000000000008;         // KVM_REG_S390_PP
inline constexpr uint64_t kRegGbea = 0x5030000000000009;       // KVM_REG_S390_GBEA

// VM device-attribute groups: KVM_S390_VM_*.
inline constexpr uint32_t kVmMemCtrl = 0;
inline constexpr uint32_t kVmTod = 1;
inline constexpr uint32_t kVmCrypto = 2;
inline constexpr uint32_t kVmCpuModel = 3;
inline constexpr uint32_t kVmMigration = 4;
inline constexpr uint32_t kVmCpuTopology = 5;

struct CpuModelProcessor {
  uint64_t cpuid;
  uint16_t ibc;
  uint8_t pad[6];
  uint64_t fac_list[256];
};  // struct kvm_s390_vm_cpu_processor
struct CpuModelMachine {
  uint64_t cpuid;
  uint32_t ibc;
  uint8_t pad[4];
  uint64_t fac_mask[256];
  uint64_t fac_list[256];
};  // struct kvm_s390_vm_cpu_machine

static_assert(sizeof(SyncRegs) == 1984 && offsetof(SyncRegs, gprs) == 8 &&
              offsetof(SyncRegs, acrs) == 136 && offsetof(SyncRegs, crs) == 200 &&
              offsetof(SyncRegs, todpr) == 328 && offsetof(SyncRegs, pft) == 368 &&
              offsetof(SyncRegs, vrs) == 392 && offsetof(SyncRegs, fpc) == 1416 &&
              offsetof(SyncRegs, riccb) == 1472 && offsetof(SyncRegs, diag318) == 1536 &&
              offsetof(SyncRegs, sdnx) == 1728 && offsetof(SyncRegs, sdnx.gscb) == 1744 &&
              offsetof(SyncRegs, sdnx.etoken) == 1776);
static_assert(sizeof(Run) == 2368 && offsetof(Run, exit_reason) == 8 &&
              offsetof(Run, psw_mask) == 32 && offsetof(Run, s390_sieic) == 48 &&
              offsetof(Run, kvm_valid_regs) == 304 && offsetof(Run, s) == 320);
static_assert(offsetof(Run, s390_sieic.ipa) == 50 && offsetof(Run, s390_sieic.ipb) == 52 &&
              offsetof(Run, s390_ucontrol.pgm_code) == 56);
static_assert(sizeof(Regs) == 128 && sizeof(Sregs) == 192 && sizeof(Fpu) == 136 &&
              sizeof(EnableCap) == 104);
static_assert(sizeof(Irq) == 72 && sizeof(IrqState) == 32 && sizeof(MemOp) == 64 &&
              sizeof(Skeys) == 64);
static_assert(sizeof(CpuModelProcessor) == 2064 && sizeof(CpuModelMachine) == 4112 &&
              sizeof(GuestDebug) == 24);
static_assert(offsetof(Irq, pgm.code) == 8 + 28 && offsetof(Irq, mchk.fixed_logout) == 8 + 32);

}  // namespace hypervisor::uapi

#endif  // HYPERVISOR_UAPI_KVM_H_
