// What the kernel's own tests of UCONTROL VMs check, on any device: UCONTROL_DEVICE=linux asks the
// kernel, preload the kernel that libucontrol_kvm.so plays, everything else the software device.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>

#include "hypervisor/core/software_device.h"
#include "hypervisor/linux/linux_device.h"
#include "hypervisor/uapi/capability.h"
#include "hypervisor/uapi/device_control.h"
#include "hypervisor/uapi/kvm.h"
#include "hypervisor/uapi/sie_block.h"

namespace hypervisor {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kMemorySize = 6 * kMiB;
constexpr uint64_t kMapped = 4 * kMiB;
constexpr uint64_t kCode = 3 * kMiB;

std::string WantedDevice() {
  const char* wanted = std::getenv("UCONTROL_DEVICE");
  return wanted ? wanted : "software";
}

std::unique_ptr<Device> MakeDevice() {
  if (WantedDevice() == "software") return std::make_unique<SoftwareDevice>();
  return std::make_unique<LinuxDevice>();
}

class UcontrolCases : public ::testing::Test {
 protected:
  template <typename Argument>
  int64_t Ask(int fd, uint32_t request, const Argument& argument) {
    if constexpr (std::is_integral_v<Argument>)
      return device_->Ioctl(fd, request, static_cast<uint64_t>(argument));
    else
      return device_->Ioctl(fd, request, reinterpret_cast<uint64_t>(&argument));
  }

  void SetUp() override {
    device_ = MakeDevice();
    system_ = device_->Open();
    if (WantedDevice() != "linux") {
      ASSERT_GE(system_, 0) << std::strerror(-system_);
    }
    if (system_ < 0) GTEST_SKIP() << "/dev/kvm of an s390x kernel: " << std::strerror(-system_);
    if (Ask(system_, uapi::kCheckExtension, uapi::kCapS390Ucontrol) <= 0)
      GTEST_SKIP() << "this kernel has no UCONTROL VMs";
    vm_ = static_cast<int>(Ask(system_, uapi::kCreateVm, uapi::kUcontrolVm));
    if (vm_ < 0) GTEST_SKIP() << "UCONTROL VMs need CAP_SYS_ADMIN";
    if (WithVcpu()) CreateVcpu();
  }
  void TearDown() override {
    for (const int fd : {vcpu_, vm_, system_}) {
      if (fd >= 0) device_->Close(fd);
    }
    if (space_) munmap(space_, kMemorySize + kMiB);
  }
  virtual bool WithVcpu() const { return true; }

  void CreateVcpu() {
    uapi::CpuModelProcessor model{};
    const uapi::DeviceAttr attr{0, uapi::kVmCpuModel, 0, reinterpret_cast<uint64_t>(&model)};
    ASSERT_EQ(Ask(vm_, uapi::kGetDeviceAttr, attr), 0);
    vcpu_ = static_cast<int>(Ask(vm_, uapi::kCreateVcpu, 0));
    ASSERT_GE(vcpu_, 0);
    ASSERT_GE(Ask(system_, uapi::kGetVcpuMmapSize, 0), int64_t{sizeof(uapi::Run)});
    run_ = static_cast<uapi::Run*>(device_->Mmap(vcpu_, 0));
    block_ = static_cast<uapi::SieBlock*>(device_->Mmap(vcpu_, uapi::kSiePageOffset));
    ASSERT_NE(run_, nullptr);
    ASSERT_NE(block_, nullptr);
    space_ = mmap(nullptr, kMemorySize + kMiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    ASSERT_NE(space_, MAP_FAILED);
    memory_ =
        reinterpret_cast<uint8_t*>((reinterpret_cast<uint64_t>(space_) + kMiB - 1) / kMiB * kMiB);
    ASSERT_EQ(Ask(vcpu_, uapi::kUcasMap, uapi::UcasMapping{User(0), 0, kMapped}), 0);
    ASSERT_EQ(Ask(vcpu_, uapi::kVcpuFault, 0), 0);
    block_->cpuflags &= ~uapi::kCpuStopped;
    run_->psw_mask = 0x0000000180000000;
    run_->psw_addr = kCode;
  }

  uint64_t User(uint64_t offset) const { return reinterpret_cast<uint64_t>(memory_) + offset; }
  void LoadProgram(std::initializer_list<uint8_t> code) {
    std::memcpy(memory_ + kCode, code.begin(), code.size());
  }
  int64_t KvmRun() { return Ask(vcpu_, uapi::kRun, 0); }
  uint64_t& Gpr(int number) { return run_->s.regs.gprs[number]; }

  // The guest said DIAGNOSE 0x44.
  void ExpectDiagnose() {
    ASSERT_EQ(run_->exit_reason, 13u);
    EXPECT_EQ(run_->s390_sieic.icptcode, 0x04);
    EXPECT_EQ(run_->s390_sieic.ipa, 0x8300);
    EXPECT_EQ(run_->s390_sieic.ipb, 0x00440000u);
    EXPECT_EQ(block_->icptcode, 0x04);
    EXPECT_EQ(block_->ipa, 0x8300);
    EXPECT_EQ(block_->ipb, 0x00440000u);
  }
  void ExpectSegmentFault(uint64_t address) {
    ASSERT_EQ(run_->exit_reason, 20u);
    EXPECT_EQ(run_->s390_ucontrol.pgm_code, 0x10u);
    EXPECT_EQ(run_->s390_ucontrol.trans_exc_code, address);
  }

  std::unique_ptr<Device> device_;
  int system_ = -1;
  int vm_ = -1;
  int vcpu_ = -1;
  uapi::Run* run_ = nullptr;
  uapi::SieBlock* block_ = nullptr;
  void* space_ = nullptr;
  uint8_t* memory_ = nullptr;
};

class UcontrolCasesWithoutVcpu : public UcontrolCases {
 protected:
  bool WithVcpu() const override { return false; }
};

TEST_F(UcontrolCases, SpecificationExceptionsAreNotInterpreted) {
  EXPECT_EQ(block_->ecb & uapi::kEcbSpeci, 0);
}

TEST_F(UcontrolCases, ThereIsNoMemoryLimit) {
  uint64_t limit = 0;
  const uapi::DeviceAttr attr{0, uapi::kVmMemCtrl, uapi::kMemLimitSize,
                              reinterpret_cast<uint64_t>(&limit)};
  EXPECT_EQ(Ask(vm_, uapi::kHasDeviceAttr, attr), 0);
  EXPECT_EQ(Ask(vm_, uapi::kGetDeviceAttr, attr), 0);
  EXPECT_EQ(limit, ~uint64_t{0});
  EXPECT_EQ(Ask(vm_, uapi::kSetDeviceAttr, attr), -EINVAL);
}

TEST_F(UcontrolCases, ThereIsNoDirtyLog) {
  EXPECT_EQ(Ask(vm_, uapi::kGetDirtyLog, uapi::DirtyLog{}), -EINVAL);
}

TEST_F(UcontrolCasesWithoutVcpu, ThereAreNoHugePages) {
  uapi::EnableCap cap{};
  cap.cap = uapi::kCapS390Hpage1m;
  EXPECT_EQ(Ask(vm_, uapi::kCheckExtension, uapi::kCapS390Hpage1m), 0);
  EXPECT_EQ(Ask(vm_, uapi::kEnableCap, cap), -EINVAL);
  const auto vcpu = static_cast<int>(Ask(vm_, uapi::kCreateVcpu, 0));
  ASSERT_GE(vcpu, 0);
  EXPECT_EQ(Ask(vm_, uapi::kEnableCap, cap), -EBUSY);
  device_->Close(vcpu);
}

TEST_F(UcontrolCases, MemoryRegionsAreRefused) {
  const uapi::UserMemoryRegion region{1, 0, kCode, 2 * kMiB, User(kCode)};
  const uapi::UserMemoryRegion2 second{1, 0, kCode, 2 * kMiB, User(kCode), 0, 0, 0, {}};
  for (const int64_t answer : {Ask(vm_, uapi::kSetUserMemoryRegion, region),
                               Ask(vm_, uapi::kSetUserMemoryRegion2, second)})
    EXPECT_TRUE(answer == -EEXIST || answer == -EINVAL) << answer;
}

TEST_F(UcontrolCases, SegmentsAreMappedWhenTheGuestFaults) {
  LoadProgram({
      0xb9, 0x82, 0x00, 0x00,  //    xgr  r0,r0
      0xa7, 0x0a, 0x00, 0x01,  // 0: ahi  r0,1
      0x50, 0x15, 0x60, 0x00,  //    st   r1,0(r5,r6)
      0xb9, 0x82, 0x00, 0x11,  //    xgr  r1,r1
      0x58, 0x15, 0x60, 0x00,  //    l    r1,0(r5,r6)
      0xa7, 0x0a, 0x00, 0x01,  //    ahi  r0,1
      0x83, 0x00, 0x00, 0x44,  //    diag 0,0,0x44
      0xa7, 0xf4, 0xff, 0xf4,  //    j    0b
  });
  Gpr(1) = 0x55;
  Gpr(5) = 0;
  Gpr(6) = kMapped + 1;
  run_->kvm_dirty_regs = uapi::kSyncGprs;
  ASSERT_EQ(KvmRun(), 0);
  ExpectSegmentFault(kMapped);
  EXPECT_EQ(Gpr(0), 1u);

  const uapi::UcasMapping odd{User(kMapped) + 1, kMapped + 1, 2 * kMiB};
  EXPECT_LT(Ask(vcpu_, uapi::kUcasMap, odd), 0);
  const uapi::UcasMapping two{User(kMapped), kMapped, 2 * kMiB};
  ASSERT_EQ(Ask(vcpu_, uapi::kUcasMap, two), 0);
  ASSERT_EQ(KvmRun(), 0);
  ExpectDiagnose();
  EXPECT_EQ(Gpr(0), 2u);
  EXPECT_EQ(Gpr(1), 0x55u);
  const uint8_t stored[4] = {0, 0, 0, 0x55};
  EXPECT_EQ(std::memcmp(memory_ + kMapped + 1, stored, 4), 0);

  ASSERT_EQ(Ask(vcpu_, uapi::kUcasUnmap, two), 0);
  ASSERT_EQ(KvmRun(), 0);
  ExpectSegmentFault(kMapped);
  EXPECT_EQ(Gpr(0), 3u);
  const uapi::UcasMapping one{User(kMapped), run_->s390_ucontrol.trans_exc_code, kMiB};
  ASSERT_EQ(Ask(vcpu_, uapi::kUcasMap, one), 0);
  ASSERT_EQ(KvmRun(), 0);
  ExpectDiagnose();
  EXPECT_EQ(Gpr(0), 4u);
}

TEST_F(UcontrolCases, GeneralRegistersComeAndGo) {
  LoadProgram({
      0xb9, 0x82, 0x00, 0x00,              //    xgr  r0,r0
      0xc0, 0x11, 0x00, 0x00, 0x00, 0x01,  //    lgfi r1,1
      0xc0, 0x21, 0x00, 0x00, 0x00, 0x02,  //    lgfi r2,2
      0xc0, 0x31, 0x00, 0x00, 0x00, 0x03,  //    lgfi r3,3
      0xc0, 0x41, 0x00, 0x00, 0x00, 0x04,  //    lgfi r4,4
      0xc0, 0x51, 0x00, 0x00, 0x00, 0x05,  //    lgfi r5,5
      0xc0, 0x61, 0x00, 0x00, 0x00, 0x06,  //    lgfi r6,6
      0xc0, 0x71, 0x00, 0x00, 0x00, 0x07,  //    lgfi r7,7
      0x83, 0x00, 0x00, 0x44,              // 0: diag 0,0,0x44
      0xa7, 0x0a, 0x00, 0x01,              //    ahi  r0,1
      0xa7, 0xf4, 0xff, 0xfc,              //    j    0b
  });
  for (int i = 0; i < 8; ++i) Gpr(i) = 8;
  run_->kvm_dirty_regs = uapi::kSyncGprs;
  ASSERT_EQ(KvmRun(), 0);
  ExpectDiagnose();
  uapi::Regs regs{};
  ASSERT_EQ(Ask(vcpu_, uapi::kGetRegs, regs), 0);
  for (uint64_t i = 0; i < 8; ++i) {
    EXPECT_EQ(regs.gprs[i], i);
    EXPECT_EQ(Gpr(static_cast<int>(i)), i);
  }
  EXPECT_EQ(run_->kvm_dirty_regs, 0u);
  ASSERT_EQ(KvmRun(), 0);
  ExpectDiagnose();
  EXPECT_EQ(Gpr(0), 1u);
}

// The first storage-key instruction leaves SIE, with the keyless subset or with an instruction
// interception; the monitor turns that off, and the machine interprets keys from then on.
class UcontrolKeys : public UcontrolCases {
 protected:
  void SkipKeyInterception() {
    ASSERT_EQ(run_->exit_reason, 13u);
    constexpr uint32_t kKeys = uapi::kIctlIske | uapi::kIctlSske | uapi::kIctlRrbe;
    if (run_->s390_sieic.icptcode == 0x5c) {
      block_->cpuflags &= ~uapi::kCpuKss;
    } else {
      ASSERT_EQ(run_->s390_sieic.icptcode, 0x04);
      ASSERT_EQ(run_->s390_sieic.ipa, 0xb22b);
      run_->psw_addr -= 4;
    }
    block_->ictl &= ~kKeys;
  }
};

TEST_F(UcontrolKeys, KeysAreInterpretedOnceTheMonitorAllowsIt) {
  LoadProgram({
      0xb9, 0x82, 0x00, 0x00,  //    xgr  r0,r0
      0xa7, 0x0a, 0x00, 0x01,  // 0: ahi  r0,1
      0x50, 0x15, 0x60, 0x00,  //    st   r1,0(r5,r6)
      0xb2, 0x2b, 0x00, 0x16,  //    sske r1,r6
      0xb9, 0x82, 0x00, 0x11,  //    xgr  r1,r1
      0xb2, 0x29, 0x00, 0x16,  //    iske r1,r6
      0xa7, 0x0a, 0x00, 0x01,  //    ahi  r0,1
      0x83, 0x00, 0x00, 0x44,  //    diag 0,0,0x44
      0xb2, 0x2a, 0x00, 0x16,  //    rrbe r1,r6
      0xb2, 0x29, 0x00, 0x16,  //    iske r1,r6
      0xa7, 0x0a, 0x00, 0x01,  //    ahi  r0,1
      0x83, 0x00, 0x00, 0x44,  //    diag 0,0,0x44
      0xa7, 0xf4, 0xff, 0xea,  //    j    0b
  });
  Gpr(1) = 0x34;
  Gpr(5) = 0;
  Gpr(6) = kMapped - kMiB / 2;
  run_->kvm_dirty_regs = uapi::kSyncGprs;
  ASSERT_EQ(KvmRun(), 0);
  SkipKeyInterception();
  EXPECT_EQ(Gpr(0), 1u);

  Gpr(1) = 0x34;
  ASSERT_EQ(KvmRun(), 0);
  EXPECT_FALSE(block_->cpuflags & uapi::kCpuKss);
  EXPECT_FALSE(block_->ictl & (uapi::kIctlIske | uapi::kIctlSske | uapi::kIctlRrbe));
  if (run_->s390_sieic.ipa == 0xb22b) GTEST_SKIP() << "this machine does not interpret keys";
  ExpectDiagnose();
  EXPECT_EQ(Gpr(0), 2u);
  EXPECT_EQ(Gpr(1), 0x34u);

  Gpr(1) = 0x34;
  ASSERT_EQ(KvmRun(), 0);
  ExpectDiagnose();
  EXPECT_EQ(Gpr(0), 3u);
  EXPECT_EQ(Gpr(1), 0x30u);  // RRBE took the reference bit
}

TEST_F(UcontrolCases, TheFlicTakesWhatAUcontrolVmMayHave) {
  uapi::CreateDevice device{uapi::kDeviceFlic, 0, 0};
  ASSERT_EQ(Ask(vm_, uapi::kCreateDevice, device), 0);
  const auto flic = static_cast<int>(device.fd);
  static uint8_t page[4096];
  const uapi::IoAdapter adapter{};
  const uapi::IoAdapterRequest request{};
  const uapi::AisRequest mode{};
  uint64_t zero = 0;
  const struct {
    uint32_t group;
    uint64_t attr;
    const void* address;
    int64_t read;
    int64_t set;
  } rows[] = {
      {uapi::kFlicGetAllIrqs, 4096, page, 0, -EINVAL},
      {uapi::kFlicEnqueue, 0, &zero, -EINVAL, 0},
      {uapi::kFlicClearIrqs, 0, &zero, -EINVAL, 0},
      {uapi::kFlicAdapterRegister, 0, &adapter, -EINVAL, 0},
      {uapi::kFlicAdapterModify, 0, &request, -EINVAL, -EINVAL},
      {uapi::kFlicClearIoIrq, 32, &zero, -EINVAL, -EINVAL},
      {uapi::kFlicAism, 0, &mode, -EINVAL, -EOPNOTSUPP},
      {uapi::kFlicAirqInject, 0, &zero, -EINVAL, 0},
      {uapi::kFlicAismAll, 2, &zero, -EOPNOTSUPP, -EOPNOTSUPP},
      {uapi::kFlicApfEnable, 0, &zero, -EINVAL, -EINVAL},
      {uapi::kFlicApfDisableWait, 0, &zero, -EINVAL, -EINVAL},
  };
  for (const auto& row : rows) {
    const uapi::DeviceAttr attr{0, row.group, row.attr, reinterpret_cast<uint64_t>(row.address)};
    EXPECT_EQ(Ask(flic, uapi::kHasDeviceAttr, attr), 0) << row.group;
    EXPECT_EQ(Ask(flic, uapi::kGetDeviceAttr, attr), row.read) << row.group;
    EXPECT_EQ(Ask(flic, uapi::kSetDeviceAttr, attr), row.set) << row.group;
  }
  device_->Close(flic);
}

TEST_F(UcontrolCases, AKickEndsALoopAndTheNextRunGoesOn) {
  LoadProgram({0xa7, 0x0b, 0x00, 0x01,    // 0: aghi r0,1
               0xa7, 0xf4, 0xff, 0xfe});  //    j    0b
  uint64_t count = 0;
  for (int i = 0; i < 3; ++i) {
    std::atomic<bool> started = false;
    std::thread kicker([&] {
      while (!started) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      device_->Kick(vcpu_);
    });
    started = true;
    EXPECT_EQ(KvmRun(), -EINTR);
    kicker.join();
    EXPECT_EQ(run_->exit_reason, 10u);
    EXPECT_GT(Gpr(0), count);
    count = Gpr(0);
  }
  // One that comes between two runs ends the next.
  device_->Kick(vcpu_);
  EXPECT_EQ(KvmRun(), -EINTR);
}

TEST_F(UcontrolCases, AdapterRoutesAreRefused) {
  struct {
    uapi::IrqRouting header;
    uapi::IrqRoutingEntry entry;
  } table = {{1, 0}, {}};
  table.entry.gsi = 1;
  table.entry.type = uapi::kRoutingS390Adapter;
  EXPECT_EQ(Ask(vm_, uapi::kSetGsiRouting, table), -EINVAL);
}

}  // namespace
}  // namespace hypervisor
