// Resets, KVM_GET/SET_MP_STATE and KVM_S390_STORE_STATUS.
#include <cerrno>
#include <cstring>

#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

class CpuStateTest : public VcpuTest {
 protected:
  // Every register gets a value of its own.
  void Fill() {
    uapi::SyncRegs& regs = run_->s.regs;
    for (int i = 0; i < 16; ++i) {
      regs.gprs[i] = 0x100 + i;
      regs.acrs[i] = 0x300 + i;
      regs.fprs[i] = 0x400 + i;
      block_->gcr[i] = 0x200 + i;
      regs.crs[i] = 0x250 + i;
    }
    regs.fpc = 1;
    std::memset(regs.riccb, 0xff, sizeof(regs.riccb));
    regs.sdnx.gscb[2] = 5;
    regs.sdnx.etoken = 6;
    regs.diag318 = 7;
    block_->todpr = 0x1234;
    block_->cputm = 0x1002;
    block_->ckc = 0x1003;
    block_->pp = 0x1007;
    block_->gbea = 0x1008;
    block_->fpf = 0x20;
    block_->cpnc = 9;
    block_->set_prefix(0x8000);
    block_->gpsw_mask = 0x0000008180000000;
    block_->gpsw_addr = 0x7777;
    run_->psw_mask = 0x180000000;
    run_->psw_addr = 0x7777;
    SetToken(0x5555);
    uapi::Irq irq{};
    irq.type = uapi::kIntEmergency;
    Vcpu(uapi::kIrq, irq);
  }
  void SetToken(uint64_t token) {
    const uapi::OneReg reg{uapi::kRegPftoken, reinterpret_cast<uint64_t>(&token)};
    Vcpu(uapi::kSetOneReg, reg);
  }
  uint64_t Token() {
    uint64_t token = 0;
    const uapi::OneReg reg{uapi::kRegPftoken, reinterpret_cast<uint64_t>(&token)};
    Vcpu(uapi::kGetOneReg, reg);
    return token;
  }
  int64_t PendingBytes() {
    uint8_t buffer[720];
    const uapi::IrqState state{reinterpret_cast<uint64_t>(buffer), 0, sizeof(buffer), {}};
    return Vcpu(uapi::kGetIrqState, state);
  }
  void ExpectNormalReset() {
    EXPECT_EQ(Token(), ~uint64_t{0});
    EXPECT_EQ(run_->s.regs.riccb[5], 0);
    EXPECT_EQ(PendingBytes(), 0);
    EXPECT_TRUE(block_->cpuflags & uapi::kCpuStopped);
  }
  void ExpectInitialReset() {
    ExpectNormalReset();
    EXPECT_EQ(run_->psw_mask | run_->psw_addr | block_->gpsw_mask | block_->gpsw_addr, 0u);
    EXPECT_EQ(block_->prefix(), 0u);
    for (int i = 0; i < 16; ++i) {
      const uint64_t expected = i == 0 ? 0xe0 : i == 14 ? 0xc2000000 : 0;
      EXPECT_EQ(block_->gcr[i], expected) << i;
      EXPECT_EQ(run_->s.regs.crs[i], expected) << i;
    }
    EXPECT_EQ(block_->cputm | block_->ckc | block_->pp | block_->todpr, 0u);
    EXPECT_EQ(block_->gbea, 1u);
    EXPECT_EQ(run_->s.regs.gbea, 1u);
    EXPECT_EQ(run_->s.regs.fpc, 0u);
    EXPECT_EQ(block_->fpf, 0);
    EXPECT_EQ(block_->cpnc, 9);
    EXPECT_TRUE(block_->cpuflags & uapi::kCpuZarch);
  }
};

TEST_F(CpuStateTest, NormalResetKeepsTheRegisters) {
  Fill();
  EXPECT_EQ(Vcpu(uapi::kNormalReset, 0), 0);
  ExpectNormalReset();
  EXPECT_EQ(block_->gpsw_mask, 0x0000000180000000u);  // runtime instrumentation off
  EXPECT_EQ(run_->psw_addr, 0x7777u);
  EXPECT_EQ(block_->gcr[2], 0x202u);
  EXPECT_EQ(block_->prefix(), 0x8000u);
  EXPECT_EQ(run_->s.regs.gprs[1], 0x101u);
  EXPECT_EQ(run_->s.regs.fpc, 1u);
}

TEST_F(CpuStateTest, InitialResetKeepsGeneralAccessAndFloatingPointRegisters) {
  Fill();
  EXPECT_EQ(Vcpu(uapi::kInitialReset, 0), 0);
  ExpectInitialReset();
  EXPECT_EQ(run_->s.regs.gprs[1], 0x101u);
  EXPECT_EQ(run_->s.regs.acrs[1], 0x301u);
  EXPECT_EQ(run_->s.regs.fprs[1], 0x401u);
  EXPECT_EQ(run_->s.regs.sdnx.gscb[2], 5u);
}

TEST_F(CpuStateTest, ClearResetClearsThemToo) {
  Fill();
  EXPECT_EQ(Vcpu(uapi::kClearReset, 0), 0);
  ExpectInitialReset();
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(run_->s.regs.gprs[i], 0u);
    EXPECT_EQ(run_->s.regs.acrs[i], 0u);
    EXPECT_EQ(run_->s.regs.fprs[i], 0u);
  }
  EXPECT_EQ(run_->s.regs.sdnx.gscb[2] | run_->s.regs.sdnx.etoken, 0u);
  EXPECT_EQ(run_->s.regs.diag318, 7u);
}

TEST_F(CpuStateTest, ResetsLeaveAUserControlledStateAlone) {
  ASSERT_EQ(Vcpu(uapi::kSetMpState, uapi::MpState{uapi::kMpStateOperating}), 0);
  for (const uint32_t reset : {uapi::kNormalReset, uapi::kInitialReset, uapi::kClearReset}) {
    EXPECT_EQ(Vcpu(reset, 0), 0);
    EXPECT_FALSE(block_->cpuflags & uapi::kCpuStopped);
  }
}

TEST_F(CpuStateTest, TheStateIsTheResultOfGetMpState) {
  EXPECT_EQ(Vcpu(uapi::kGetMpState, kBadPointer), 7);
  block_->cpuflags |= uapi::kCpuStopped;
  uapi::MpState untouched{0x77};
  EXPECT_EQ(Vcpu(uapi::kGetMpState, untouched), 5);
  EXPECT_EQ(untouched.mp_state, 0x77u);
}

TEST_F(CpuStateTest, SetMpStateTakesStoppedAndOperating) {
  const struct {
    uint32_t state;
    int64_t answer;
    int64_t after;
    uint32_t requests;
  } rows[] = {
      {0, -ENXIO, 7, 0},
      {1, -ENXIO, 7, 0},
      {2, -ENXIO, 7, 0},
      {3, -ENXIO, 7, 0},
      {4, -ENXIO, 7, 0},
      {7, 0, 7, 0},
      {8, -ENXIO, 7, 0},
      {6, -ENXIO, 7, 0},
      {9, -ENXIO, 7, 0},
      {5, 0, 5, uapi::kCpuStopInt},
      {5, 0, 5, uapi::kCpuStopInt},
      {7, 0, 7, uapi::kCpuStopInt},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Vcpu(uapi::kSetMpState, uapi::MpState{row.state}), row.answer) << row.state;
    EXPECT_EQ(Vcpu(uapi::kGetMpState, 0), row.after) << row.state;
    EXPECT_EQ(block_->cpuflags & uapi::kCpuStopInt, row.requests) << row.state;
  }
  EXPECT_EQ(Vcpu(uapi::kSetMpState, kBadPointer), -EFAULT);
}

TEST_F(CpuStateTest, AnyMpStateMakesTheStateUsersOwn) {
  block_->cpuflags |= uapi::kCpuStopped;
  EXPECT_EQ(Vcpu(uapi::kSetMpState, uapi::MpState{8}), -ENXIO);
  EXPECT_EQ(KvmRun(), -EINVAL);
}

TEST_F(CpuStateTest, AStopTakesThePendingStopBack) {
  uapi::Irq irq{};
  irq.type = uapi::kSigpStop;
  EXPECT_EQ(Vcpu(uapi::kIrq, irq), 0);
  EXPECT_EQ(PendingBytes(), 72);
  EXPECT_EQ(Vcpu(uapi::kSetMpState, uapi::MpState{uapi::kMpStateStopped}), 0);
  EXPECT_EQ(PendingBytes(), 0);
}

TEST_F(CpuStateTest, StartingASecondCpuAsksTheFirstToLeave) {
  const int other = NewVcpu(vm_, 1);
  EXPECT_EQ(Ask(other, uapi::kSetMpState, uapi::MpState{uapi::kMpStateOperating}), 0);
  EXPECT_TRUE(block_->cpuflags & uapi::kCpuStopInt);
}

TEST_F(CpuStateTest, StatusIsStoredAtAUserAddress) {
  Fill();
  uint8_t area[512];
  std::memset(area, 0xee, sizeof(area));
  EXPECT_EQ(Vcpu(uapi::kStoreStatus, static_cast<uint8_t*>(area)), 0);
  const auto word = [&area](size_t offset) {
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | area[offset + i];
    return value;
  };
  EXPECT_EQ(word(0x008), 0x401u);
  EXPECT_EQ(word(0x088), 0x101u);
  EXPECT_EQ(word(0x100), 0x0000008180000000u);
  EXPECT_EQ(word(0x108), 0x7777u);
  EXPECT_EQ(word(0x110), 0xeeeeeeeeeeeeeeeeu);  // not part of the status
  EXPECT_EQ(word(0x118), 0x0000800000000001u);  // prefix, FPC
  EXPECT_EQ(word(0x120), 0xeeeeeeee00001234u);  // TOD programmable register
  EXPECT_EQ(word(0x128), 0x1002u);
  EXPECT_EQ(word(0x130), 0x10u);
  EXPECT_EQ(word(0x140), 0x0000030000000301u);
  EXPECT_EQ(word(0x188), 0x201u);
}

TEST_F(CpuStateTest, StatusWithoutMemoryIsEfault) {
  for (const uint64_t address :
       {uapi::kStoreStatusNoAddr, uapi::kStoreStatusPrefixed, uint64_t{0x2000}, uint64_t{1} << 60})
    EXPECT_EQ(Vcpu(uapi::kStoreStatus, address), -EFAULT) << std::hex << address;
}

TEST_F(CpuStateTest, StatusOfARegularVmGoesToItsStorage) {
  const int vm = NewVm(0);
  const int vcpu = NewVcpu(vm, 0);
  auto& run = *static_cast<uapi::Run*>(device_.Mmap(vcpu, 0));
  run.s.regs.gprs[1] = 0x1234;
  EXPECT_EQ(Ask(vcpu, uapi::kStoreStatus, uapi::kStoreStatusNoAddr), -EFAULT);
  const uapi::UserMemoryRegion region{0, 0, 0, 1 << 20, memory()};
  ASSERT_EQ(Ask(vm, uapi::kSetUserMemoryRegion, region), 0);
  EXPECT_EQ(Ask(vcpu, uapi::kStoreStatus, uapi::kStoreStatusNoAddr), 0);
  EXPECT_EQ(memory_[163], 1);
  EXPECT_EQ(memory_[0x1280 + 14], 0x12);
  memory_[163] = 0;
  EXPECT_EQ(Ask(vcpu, uapi::kStoreStatus, uapi::kStoreStatusPrefixed), 0);
  EXPECT_EQ(memory_[163], 1);
  EXPECT_EQ(Ask(vcpu, uapi::kStoreStatus, 0x4000), 0);
  EXPECT_EQ(memory_[0x4080 + 14], 0x12);
}

}  // namespace
}  // namespace hypervisor
