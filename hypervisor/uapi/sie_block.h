// The SIE state description of one vCPU, 512 bytes, in host byte order (struct kvm_s390_sie_block).
//
// User space maps it at page 1 of a vCPU's file. cpuflags is changed atomically by both sides while
// the CPU runs (use std::atomic_ref); every other field belongs to whoever holds the vCPU.
#ifndef HYPERVISOR_UAPI_SIE_BLOCK_H_
#define HYPERVISOR_UAPI_SIE_BLOCK_H_

#include <cstddef>
#include <cstdint>

namespace hypervisor::uapi {

#pragma pack(push, 1)
struct SieBlock {
  uint32_t cpuflags;        // 0x000
  uint32_t prefix_and_ibc;  // 0x004: 1 bit unused, prefix >> 12 (19 bits), ibc (12 bits)
  uint32_t reserved08;
  uint32_t prog0c;
  uint8_t pv_handles[16];  // 0x010
  uint32_t prog20;
  uint32_t reserved24;
  uint64_t cputm;      // 0x028
  uint64_t ckc;        // 0x030
  uint64_t epoch;      // 0x038
  uint32_t svcc;       // 0x040
  uint16_t lctl;       // 0x044
  uint16_t icpua;      // 0x046
  uint32_t ictl;       // 0x048
  uint32_t eca;        // 0x04c
  uint8_t icptcode;    // 0x050
  uint8_t icptstatus;  // 0x051
  uint16_t ihcpu;      // 0x052
  uint8_t reserved54;
  uint8_t iictl;   // 0x055
  uint16_t ipa;    // 0x056
  uint32_t ipb;    // 0x058
  uint32_t scaoh;  // 0x05c
  uint8_t fpf;     // 0x060
  uint8_t ecb;     // 0x061
  uint8_t ecb2;    // 0x062
  uint8_t ecb3;    // 0x063
  uint32_t scaol;  // 0x064
  uint8_t sdf;     // 0x068
  uint8_t epdx;    // 0x069
  uint8_t cpnc;    // 0x06a
  uint8_t reserved6b;
  uint32_t todpr;  // 0x06c
  uint32_t gd;     // 0x070
  uint8_t reserved74[12];
  uint64_t mso;        // 0x080
  uint64_t msl;        // 0x088
  uint64_t gpsw_mask;  // 0x090
  uint64_t gpsw_addr;  // 0x098
  uint64_t gg14;       // 0x0a0
  uint64_t gg15;       // 0x0a8
  uint64_t reservedb0;
  uint8_t hpid;  // 0x0b8
  uint8_t reservedb9[7];
  // Interruption parameters: real 0x80-0xb3 of the prefix area, at +0x40.
  uint32_t eiparams;    // 0x0c0
  uint16_t extcpuaddr;  // 0x0c4
  uint16_t eic;         // 0x0c6
  uint32_t reservedc8;
  uint16_t pgmilc;   // 0x0cc: length in bytes, 0, 2, 4 or 6
  uint16_t iprcc;    // 0x0ce
  uint32_t dxc;      // 0x0d0
  uint16_t mcn;      // 0x0d4
  uint8_t perc;      // 0x0d6
  uint8_t peratmid;  // 0x0d7
  uint64_t peraddr;  // 0x0d8
  uint8_t eai;       // 0x0e0
  uint8_t peraid;    // 0x0e1
  uint8_t oai;       // 0x0e2
  uint8_t armid;     // 0x0e3
  uint32_t reservede4;
  uint64_t tecmc;  // 0x0e8: translation-exception identification or monitor code
  uint8_t reservedf0[12];
  uint32_t crycbd;   // 0x0fc
  uint64_t gcr[16];  // 0x100
  uint64_t gbea;     // 0x180
  uint64_t reserved188;
  uint64_t sdnxo;  // 0x190
  uint64_t reserved198;
  uint32_t fac;  // 0x1a0
  uint8_t reserved1a4[20];
  uint64_t cbrlo;  // 0x1b8
  uint64_t reserved1c0;
  uint32_t ecd;  // 0x1c8
  uint8_t reserved1cc[18];
  uint64_t pp;  // 0x1de
  uint16_t reserved1e6;
  uint64_t itdba;   // 0x1e8
  uint64_t riccbd;  // 0x1f0
  uint64_t gvrd;    // 0x1f8

  uint32_t prefix() const { return ((prefix_and_ibc >> 12) & 0x7ffff) << 12; }
  void set_prefix(uint32_t prefix) {
    prefix_and_ibc = (prefix_and_ibc & 0x80000fff) | ((prefix & 0x7fffe000) >> 12 << 12);
  }
};
#pragma pack(pop)

static_assert(sizeof(SieBlock) == 512);
static_assert(offsetof(SieBlock, cputm) == 0x28 && offsetof(SieBlock, lctl) == 0x44 &&
              offsetof(SieBlock, eca) == 0x4c);
static_assert(offsetof(SieBlock, ipa) == 0x56 && offsetof(SieBlock, ecb) == 0x61 &&
              offsetof(SieBlock, todpr) == 0x6c);
static_assert(offsetof(SieBlock, mso) == 0x80 && offsetof(SieBlock, gpsw_mask) == 0x90 &&
              offsetof(SieBlock, gg14) == 0xa0);
static_assert(offsetof(SieBlock, hpid) == 0xb8 && offsetof(SieBlock, eiparams) == 0xc0 &&
              offsetof(SieBlock, pgmilc) == 0xcc);
static_assert(offsetof(SieBlock, peraddr) == 0xd8 && offsetof(SieBlock, tecmc) == 0xe8 &&
              offsetof(SieBlock, crycbd) == 0xfc);
static_assert(offsetof(SieBlock, gcr) == 0x100 && offsetof(SieBlock, fac) == 0x1a0 &&
              offsetof(SieBlock, ecd) == 0x1c8);
static_assert(offsetof(SieBlock, pp) == 0x1de && offsetof(SieBlock, itdba) == 0x1e8 &&
              offsetof(SieBlock, gvrd) == 0x1f8);

// cpuflags: CPUSTAT_*.
inline constexpr uint32_t kCpuStopped = 0x80000000;  // CPUSTAT_STOPPED
inline constexpr uint32_t kCpuWait = 0x10000000;     // CPUSTAT_WAIT
inline constexpr uint32_t kCpuStopInt = 0x04000000;  // CPUSTAT_STOP_INT
inline constexpr uint32_t kCpuIoInt = 0x02000000;    // CPUSTAT_IO_INT
inline constexpr uint32_t kCpuExtInt = 0x01000000;   // CPUSTAT_EXT_INT
inline constexpr uint32_t kCpuRunning = 0x00800000;  // CPUSTAT_RUNNING
inline constexpr uint32_t kCpuRrf = 0x00008000;      // CPUSTAT_RRF
inline constexpr uint32_t kCpuZarch = 0x00000800;    // CPUSTAT_ZARCH
inline constexpr uint32_t kCpuKss = 0x00000200;      // CPUSTAT_KSS
inline constexpr uint32_t kCpuMcds = 0x00000100;     // CPUSTAT_MCDS
inline constexpr uint32_t kCpuSm = 0x00000080;       // CPUSTAT_SM
inline constexpr uint32_t kCpuIbs = 0x00000040;      // CPUSTAT_IBS
inline constexpr uint32_t kCpuGed2 = 0x00000010;     // CPUSTAT_GED2
inline constexpr uint32_t kCpuGed = 0x00000004;      // CPUSTAT_GED
inline constexpr uint32_t kCpuPer = 0x00000001;      // CPUSTAT_P

// ictl: ICTL_*.
inline constexpr uint32_t kIctlOperexc = 0x80000000;  // ICTL_OPEREXC
inline constexpr uint32_t kIctlPrivop = 0x40000000;
inline constexpr uint32_t kIctlPint = 0x20000000;  // ICTL_PINT
inline constexpr uint32_t kIctlFacility = 0x10000000;
inline constexpr uint32_t kIctlIpteCsp = 0x01000000;
inline constexpr uint32_t kIctlLpsw = 0x00400000;   // ICTL_LPSW
inline constexpr uint32_t kIctlPtlb = 0x00200000;   // ICTL_PTLB
inline constexpr uint32_t kIctlSsm = 0x00100000;    // ICTL_SSM
inline constexpr uint32_t kIctlBsa = 0x00080000;    // ICTL_BSA
inline constexpr uint32_t kIctlStctl = 0x00040000;  // ICTL_STCTL
inline constexpr uint32_t kIctlStnsm = 0x00020000;
inline constexpr uint32_t kIctlStosm = 0x00010000;
inline constexpr uint32_t kIctlStck = 0x00008000;   // ICTL_STCK
inline constexpr uint32_t kIctlIske = 0x00004000;   // ICTL_ISKE
inline constexpr uint32_t kIctlSske = 0x00002000;   // ICTL_SSKE
inline constexpr uint32_t kIctlRrbe = 0x00001000;   // ICTL_RRBE
inline constexpr uint32_t kIctlPc = 0x00000800;     // ICTL_PC
inline constexpr uint32_t kIctlPt = 0x00000400;     // ICTL_PT
inline constexpr uint32_t kIctlTprot = 0x00000200;  // ICTL_TPROT
inline constexpr uint32_t kIctlLasp = 0x00000100;   // ICTL_LASP
inline constexpr uint32_t kIctlSpt = 0x00000040;
inline constexpr uint32_t kIctlSckc = 0x00000020;
inline constexpr uint32_t kIctlPr = 0x00000008;
inline constexpr uint32_t kIctlBakr = 0x00000004;  // ICTL_BAKR

// eca, ecb, ecb2, ecb3, ecd: ECA_*, ECB_*, ECB2_*, ECB3_*, ECD_*.
inline constexpr uint32_t kEcaCei = 0x80000000;          // ECA_CEI
inline constexpr uint32_t kEcaIb = 0x40000000;           // ECA_IB
inline constexpr uint32_t kEcaSigpi = 0x10000000;        // ECA_SIGPI
inline constexpr uint32_t kEcaMvpgi = 0x01000000;        // ECA_MVPGI
inline constexpr uint32_t kEcaAiv = 0x00200000;          // ECA_AIV
inline constexpr uint32_t kEcaVx = 0x00020000;           // ECA_VX
inline constexpr uint32_t kEcaProtexci = 0x00002000;     // ECA_PROTEXCI
inline constexpr uint32_t kEcaApie = 0x00000008;         // ECA_APIE
inline constexpr uint32_t kEcaSii = 0x00000001;          // ECA_SII
inline constexpr uint8_t kEcbGs = 0x40;                  // ECB_GS
inline constexpr uint8_t kEcbTe = 0x10;                  // ECB_TE
inline constexpr uint8_t kEcbSpeci = 0x08;               // ECB_SPECI
inline constexpr uint8_t kEcbSrsi = 0x04;                // ECB_SRSI
inline constexpr uint8_t kEcbHostprotint = 0x02;         // ECB_HOSTPROTINT
inline constexpr uint8_t kEcbPtf = 0x01;                 // ECB_PTF
inline constexpr uint8_t kEcb2Cmma = 0x80;               // ECB2_CMMA
inline constexpr uint8_t kEcb2Iep = 0x20;                // ECB2_IEP
inline constexpr uint8_t kEcb2Pfmfi = 0x08;              // ECB2_PFMFI
inline constexpr uint8_t kEcb2Esca = 0x04;               // ECB2_ESCA
inline constexpr uint8_t kEcb3Dea = 0x08;                // ECB3_DEA
inline constexpr uint8_t kEcb3Aes = 0x04;                // ECB3_AES
inline constexpr uint8_t kEcb3Ri = 0x01;                 // ECB3_RI
inline constexpr uint32_t kEcdHostregmgmt = 0x20000000;  // ECD_HOSTREGMGMT
inline constexpr uint32_t kEcdMef = 0x08000000;          // ECD_MEF
inline constexpr uint32_t kEcdEtokenf = 0x02000000;      // ECD_ETOKENF

// icptcode.
enum class Interception : uint8_t {
  kNone = 0x00,
  kInstruction = 0x04,            // ICPT_INST
  kProgram = 0x08,                // ICPT_PROGI
  kInstructionAndProgram = 0x0c,  // ICPT_INSTPROGI
  kExternalRequest = 0x10,        // ICPT_EXTREQ
  kExternalInterruption = 0x14,   // ICPT_EXTINT
  kIoRequest = 0x18,              // ICPT_IOREQ
  kWait = 0x1c,                   // ICPT_WAIT
  kValidity = 0x20,               // ICPT_VALIDITY
  kStop = 0x28,                   // ICPT_STOP
  kOperationException = 0x2c,     // ICPT_OPEREXC
  kPartialExecution = 0x38,       // ICPT_PARTEXEC
  kIoInstruction = 0x40,          // ICPT_IOINST
  kKeylessSubset = 0x5c,          // ICPT_KSS
};

// icptstatus.
inline constexpr uint8_t kIcptExecute = 0x01;    // the instruction was the target of an EXECUTE
inline constexpr uint8_t kIcptPerIfetch = 0x02;  // concurrent PER instruction-fetching event
inline constexpr uint8_t kIcptExecuteLength =
    0x60;  // of the EXECUTE: 0x40 or 0 four bytes, 0x60 six

}  // namespace hypervisor::uapi

#endif  // HYPERVISOR_UAPI_SIE_BLOCK_H_
