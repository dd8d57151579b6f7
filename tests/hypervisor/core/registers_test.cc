// KVM_GET/SET_REGS, _SREGS, _FPU, _ONE_REG, KVM_S390_SET_INITIAL_PSW, KVM_TRANSLATE.
#include <cerrno>

#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

using RegistersTest = VcpuTest;

TEST_F(RegistersTest, RegsAreThoseOfKvmRun) {
  uapi::Regs regs{};
  for (int i = 0; i < 16; ++i) regs.gprs[i] = 0x100 + i;
  EXPECT_EQ(Vcpu(uapi::kSetRegs, regs), 0);
  EXPECT_EQ(run_->s.regs.gprs[15], 0x10fu);
  run_->s.regs.gprs[1] = 0x77;
  EXPECT_EQ(Vcpu(uapi::kGetRegs, regs), 0);
  EXPECT_EQ(regs.gprs[1], 0x77u);
}

TEST_F(RegistersTest, SregsAreAccessRegistersAndTheBlocksControlRegisters) {
  uapi::Sregs sregs{};
  sregs.acrs[3] = 0x33;
  sregs.crs[4] = 0x44;
  EXPECT_EQ(Vcpu(uapi::kSetSregs, sregs), 0);
  EXPECT_EQ(run_->s.regs.acrs[3], 0x33u);
  EXPECT_EQ(block_->gcr[4], 0x44u);
  EXPECT_EQ(run_->s.regs.crs[4], 0u);  // until the next KVM_RUN
  block_->gcr[5] = 0x55;
  EXPECT_EQ(Vcpu(uapi::kGetSregs, sregs), 0);
  EXPECT_EQ(sregs.crs[5], 0x55u);
}

TEST_F(RegistersTest, FpuTakesAnyFpc) {
  uapi::Fpu fpu{};
  fpu.fpc = 0xffffffff;
  for (int i = 0; i < 16; ++i) fpu.fprs[i] = 0x400 + i;
  EXPECT_EQ(Vcpu(uapi::kSetFpu, fpu), 0);
  EXPECT_EQ(run_->s.regs.fpc, 0xffffffffu);
  EXPECT_EQ(run_->s.regs.fprs[15], 0x40fu);
  uapi::Fpu back{};
  EXPECT_EQ(Vcpu(uapi::kGetFpu, back), 0);
  EXPECT_EQ(back.fprs[2], 0x402u);
  EXPECT_EQ(back.fpc, 0xffffffffu);
}

TEST_F(RegistersTest, WithVectorsTheFpuIsTheirLeftHalves) {
  Machine machine = TestMachine();
  machine.facilities.Set(129, true);
  SoftwareDevice device({.machine = machine});
  const int vm = static_cast<int>(device.Ioctl(device.Open(), uapi::kCreateVm, 1));
  const int vcpu = static_cast<int>(device.Ioctl(vm, uapi::kCreateVcpu, 0));
  uapi::Fpu fpu{};
  fpu.fprs[3] = 0x33;
  ASSERT_EQ(device.Ioctl(vcpu, uapi::kSetFpu, reinterpret_cast<uint64_t>(&fpu)), 0);
  EXPECT_EQ(static_cast<uapi::Run*>(device.Mmap(vcpu, 0))->s.regs.vrs[3][0], 0x33u);
}

TEST_F(RegistersTest, BadPointersAreEfault) {
  for (const uint32_t request :
       {uapi::kGetRegs, uapi::kSetRegs, uapi::kGetSregs, uapi::kSetSregs, uapi::kGetFpu,
        uapi::kSetFpu, uapi::kGetOneReg, uapi::kSetOneReg, uapi::kSetInitialPsw})
    EXPECT_EQ(Vcpu(request, kBadPointer), -EFAULT) << std::hex << request;
}

TEST_F(RegistersTest, OneRegNamesTheBlocksRegisters) {
  const struct {
    uint64_t id;
    const void* place;
  } rows[] = {
      {uapi::kRegEpochdiff, &block_->epoch}, {uapi::kRegCpuTimer, &block_->cputm},
      {uapi::kRegClockComp, &block_->ckc},   {uapi::kRegPftoken, nullptr},
      {uapi::kRegPfcompare, nullptr},        {uapi::kRegPfselect, nullptr},
      {uapi::kRegGbea, &block_->gbea},
  };
  for (const auto& row : rows) {
    uint64_t value = 0x1122334455667788;
    uint64_t back = 0;
    const uapi::OneReg set{row.id, reinterpret_cast<uint64_t>(&value)};
    const uapi::OneReg get{row.id, reinterpret_cast<uint64_t>(&back)};
    EXPECT_EQ(Vcpu(uapi::kSetOneReg, set), 0) << std::hex << row.id;
    EXPECT_EQ(Vcpu(uapi::kGetOneReg, get), 0) << std::hex << row.id;
    EXPECT_EQ(back, value) << std::hex << row.id;
    if (row.place) {
      EXPECT_EQ(*static_cast<const uint64_t*>(row.place), value) << std::hex << row.id;
    }
    const uapi::OneReg bad{row.id, kBadPointer};
    EXPECT_EQ(Vcpu(uapi::kSetOneReg, bad), -EFAULT) << std::hex << row.id;
    EXPECT_EQ(Vcpu(uapi::kGetOneReg, bad), -EFAULT) << std::hex << row.id;
  }
}

TEST_F(RegistersTest, OneRegOfAWordAndOfAnUnalignedField) {
  uint32_t todpr[2] = {0x1234, 0x5678};
  const uapi::OneReg word{uapi::kRegTodpr, reinterpret_cast<uint64_t>(todpr)};
  EXPECT_EQ(Vcpu(uapi::kSetOneReg, word), 0);
  EXPECT_EQ(block_->todpr, 0x1234u);
  block_->todpr = 0x4321;
  EXPECT_EQ(Vcpu(uapi::kGetOneReg, word), 0);
  EXPECT_EQ(todpr[0], 0x4321u);
  EXPECT_EQ(todpr[1], 0x5678u);
  const uapi::OneReg bad{uapi::kRegTodpr, kBadPointer};
  EXPECT_EQ(Vcpu(uapi::kSetOneReg, bad), -EFAULT);
  EXPECT_EQ(Vcpu(uapi::kGetOneReg, bad), -EFAULT);

  uint64_t pp = 0x99;
  const uapi::OneReg parameter{uapi::kRegPp, reinterpret_cast<uint64_t>(&pp)};
  EXPECT_EQ(Vcpu(uapi::kSetOneReg, parameter), 0);
  EXPECT_EQ(uint64_t{block_->pp}, 0x99u);  // not aligned in the block
  pp = 0;
  EXPECT_EQ(Vcpu(uapi::kGetOneReg, parameter), 0);
  EXPECT_EQ(pp, 0x99u);
}

TEST_F(RegistersTest, UnknownRegistersAreRefused) {
  uint64_t value = 0x5a;
  for (const uint64_t id : {uint64_t{0}, uint64_t{0x503000000000000a}, uint64_t{0x5030000000000001},
                            uint64_t{0x5020000000000008}, uint64_t{0x2030000000000001}}) {
    const uapi::OneReg reg{id, reinterpret_cast<uint64_t>(&value)};
    EXPECT_EQ(Vcpu(uapi::kGetOneReg, reg), -EINVAL) << std::hex << id;
    EXPECT_EQ(Vcpu(uapi::kSetOneReg, reg), -EINVAL) << std::hex << id;
  }
  EXPECT_EQ(value, 0x5au);
}

TEST_F(RegistersTest, TheInitialPswNeedsAStoppedCpu) {
  const uapi::PswArgument psw{~uint64_t{0}, 1};  // any is taken
  EXPECT_EQ(Vcpu(uapi::kSetInitialPsw, psw), -EBUSY);
  block_->cpuflags |= uapi::kCpuStopped;
  EXPECT_EQ(Vcpu(uapi::kSetInitialPsw, psw), 0);
  EXPECT_EQ(run_->psw_mask, ~uint64_t{0});
  EXPECT_EQ(run_->psw_addr, 1u);
}

TEST_F(RegistersTest, ThereIsNoTranslation) {
  EXPECT_EQ(Vcpu(uapi::kTranslate, memory_), -EINVAL);
}

}  // namespace
}  // namespace hypervisor
