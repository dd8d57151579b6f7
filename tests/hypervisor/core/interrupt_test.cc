// KVM_S390_IRQ, KVM_S390_INTERRUPT on both files, KVM_S390_GET/SET_IRQ_STATE.
#include <cerrno>
#include <vector>

#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

class InterruptTest : public VcpuTest {
 protected:
  InterruptTest() {
    regular_ = NewVm(0);
    regular_vcpu_ = NewVcpu(regular_, 0);
    block_->cpuflags |= uapi::kCpuStopped;
  }
  static uapi::Irq Of(uint64_t type) {
    uapi::Irq irq{};
    irq.type = type;
    return irq;
  }
  std::vector<uapi::Irq> Pending() {
    std::vector<uapi::Irq> irqs(300);
    const uapi::IrqState state{reinterpret_cast<uint64_t>(irqs.data()),
                               0,
                               static_cast<uint32_t>(irqs.size() * sizeof(uapi::Irq)),
                               {}};
    const int64_t bytes = Vcpu(uapi::kGetIrqState, state);
    EXPECT_GE(bytes, 0);
    irqs.resize(bytes / sizeof(uapi::Irq));
    return irqs;
  }
  int regular_ = -1;
  int regular_vcpu_ = -1;
};

TEST_F(InterruptTest, LocalTypesBecomePending) {
  const struct {
    const char* name;
    uint64_t type;
    int64_t answer;
    size_t pending;
    uint32_t flags;
  } rows[] = {
      {"SIGP_STOP of a stopped CPU", uapi::kSigpStop, 0, 0, 0},
      {"PROGRAM_INT", uapi::kProgramInt, 0, 1, 0},
      {"SIGP_SET_PREFIX", uapi::kSigpSetPrefix, 0, 1, 0},
      {"RESTART", uapi::kRestart, 0, 1, 0},
      {"INT_PFAULT_INIT", uapi::kIntPfaultInit, 0, 1, uapi::kCpuExtInt},
      {"INT_PFAULT_DONE", uapi::kIntPfaultDone, -EINVAL, 0, 0},
      {"MCHK without a condition", uapi::kMchk, 0, 0, 0},
      {"INT_CLOCK_COMP", uapi::kIntClockComp, 0, 1, uapi::kCpuExtInt},
      {"INT_CPU_TIMER", uapi::kIntCpuTimer, 0, 1, uapi::kCpuExtInt},
      {"INT_EMERGENCY", uapi::kIntEmergency, 0, 1, uapi::kCpuExtInt},
      {"INT_EXTERNAL_CALL", uapi::kIntExternalCall, 0, 1, uapi::kCpuExtInt},
      {"INT_SERVICE", uapi::kIntService, -EINVAL, 0, 0},
      {"INT_VIRTIO", uapi::kIntVirtio, -EINVAL, 0, 0},
      {"INT_IO, lowest", 0, -EINVAL, 0, 0},
      {"INT_IO, highest", uapi::kIntIoMax, -EINVAL, 0, 0},
      {"unknown", 0xfffe0006, -EINVAL, 0, 0},
      {"beyond 32 bits", uint64_t{1} << 32 | uapi::kRestart, -EINVAL, 0, 0},
  };
  for (const auto& row : rows) {
    block_->cpuflags &= ~(uapi::kCpuExtInt | uapi::kCpuStopInt | uapi::kCpuIoInt);
    EXPECT_EQ(Vcpu(uapi::kIrq, Of(row.type)), row.answer) << row.name;
    const auto pending = Pending();
    ASSERT_EQ(pending.size(), row.pending) << row.name;
    if (row.pending) {
      EXPECT_EQ(pending[0].type, row.type) << row.name;
    }
    EXPECT_EQ(block_->cpuflags & (uapi::kCpuExtInt | uapi::kCpuStopInt | uapi::kCpuIoInt),
              row.flags)
        << row.name;
    EXPECT_EQ(Vcpu(uapi::kNormalReset, 0), 0);
  }
  EXPECT_EQ(Vcpu(uapi::kIrq, kBadPointer), -EFAULT);
}

TEST_F(InterruptTest, AStopIsRequestedOnceOfARunningCpu) {
  block_->cpuflags &= ~uapi::kCpuStopped;
  uapi::Irq stop = Of(uapi::kSigpStop);
  stop.stop.flags = 2;
  EXPECT_EQ(Vcpu(uapi::kIrq, stop), -EINVAL);
  stop.stop.flags = 1;
  EXPECT_EQ(Vcpu(uapi::kIrq, stop), 0);
  EXPECT_TRUE(block_->cpuflags & uapi::kCpuStopInt);
  EXPECT_EQ(Vcpu(uapi::kIrq, stop), -EBUSY);
  ASSERT_EQ(Pending().size(), 1u);
  EXPECT_EQ(Pending()[0].stop.flags, 1u);
}

TEST_F(InterruptTest, StopAndStoreStatusOfAStoppedCpuStoresAtOnce) {
  uapi::Irq stop = Of(uapi::kSigpStop);
  stop.stop.flags = 1;
  EXPECT_EQ(Vcpu(uapi::kIrq, stop), -EFAULT);  // nothing is at absolute 0x1200
  EXPECT_TRUE(Pending().empty());
}

TEST_F(InterruptTest, SetPrefixNeedsAStoppedCpu) {
  uapi::Irq prefix = Of(uapi::kSigpSetPrefix);
  prefix.prefix.address = 0x4000;
  EXPECT_EQ(Vcpu(uapi::kIrq, prefix), 0);
  EXPECT_EQ(Pending()[0].prefix.address, 0x4000u);
  block_->cpuflags &= ~uapi::kCpuStopped;
  EXPECT_EQ(Vcpu(uapi::kIrq, prefix), -EBUSY);
}

TEST_F(InterruptTest, SignalsNeedASource) {
  uapi::Irq call = Of(uapi::kIntExternalCall);
  uapi::Irq emergency = Of(uapi::kIntEmergency);
  call.extcall.code = emergency.emerg.code = 1;
  EXPECT_EQ(Vcpu(uapi::kIrq, call), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kIrq, emergency), -EINVAL);
  call.extcall.code = emergency.emerg.code = 0xffff;
  EXPECT_EQ(Vcpu(uapi::kIrq, call), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kIrq, emergency), -EINVAL);
  NewVcpu(vm_, 1);
  call.extcall.code = emergency.emerg.code = 1;
  EXPECT_EQ(Vcpu(uapi::kIrq, call), 0);
  EXPECT_EQ(Vcpu(uapi::kIrq, call), -EBUSY);
  EXPECT_EQ(Vcpu(uapi::kIrq, emergency), 0);
  EXPECT_EQ(Vcpu(uapi::kIrq, emergency), 0);
  emergency.emerg.code = 0;
  EXPECT_EQ(Vcpu(uapi::kIrq, emergency), 0);
  // One external call, then an emergency signal for each source.
  const auto pending = Pending();
  ASSERT_EQ(pending.size(), 3u);
  EXPECT_EQ(pending[0].extcall.code, 1);
  EXPECT_EQ(pending[1].emerg.code, 0);
  EXPECT_EQ(pending[2].emerg.code, 1);
}

TEST_F(InterruptTest, PerAndOtherProgramInterruptionsMerge) {
  uapi::Irq program = Of(uapi::kProgramInt);
  program.pgm.code = 0x10;
  program.pgm.trans_exc_code = 0x4000;
  EXPECT_EQ(Vcpu(uapi::kIrq, program), 0);
  uapi::Irq per = Of(uapi::kProgramInt);
  per.pgm.code = 0x80;
  per.pgm.per_address = 0x1000;
  per.pgm.per_code = 0x40;
  EXPECT_EQ(Vcpu(uapi::kIrq, per), 0);
  const auto pending = Pending();
  ASSERT_EQ(pending.size(), 1u);
  EXPECT_EQ(pending[0].pgm.code, 0x90);
  EXPECT_EQ(pending[0].pgm.trans_exc_code, 0x4000u);
  EXPECT_EQ(pending[0].pgm.per_address, 0x1000u);
  EXPECT_TRUE(pending[0].pgm.flags & 1);

  uapi::Irq both = Of(uapi::kProgramInt);
  both.pgm.code = 0x84;
  EXPECT_EQ(Vcpu(uapi::kIrq, both), 0);
  EXPECT_EQ(Pending()[0].pgm.per_address, 0u);
}

TEST_F(InterruptTest, TheLengthCodeIsThatOfTheLastInterception) {
  const struct {
    uint8_t icptcode;
    uint8_t icptstatus;
    uint16_t ipa;
    uint16_t pgmilc;
    uint8_t ilc;
  } rows[] = {
      {0x04, 0, 0x0a00, 0, 2},    {0x04, 0, 0x8300, 0, 4},    {0x2c, 0, 0xe300, 0, 6},
      {0x04, 0x61, 0x8300, 0, 6}, {0x04, 0x01, 0x0a00, 0, 4}, {0x08, 0, 0, 6, 6},
      {0x1c, 0, 0x8300, 4, 0},
  };
  for (const auto& row : rows) {
    block_->icptcode = row.icptcode;
    block_->icptstatus = row.icptstatus;
    block_->ipa = row.ipa;
    block_->pgmilc = row.pgmilc;
    EXPECT_EQ(Vcpu(uapi::kIrq, Of(uapi::kProgramInt)), 0);
    EXPECT_EQ(Pending()[0].pgm.flags, 1 | row.ilc) << int{row.icptcode};
    Vcpu(uapi::kNormalReset, 0);
  }
  uapi::Irq given = Of(uapi::kProgramInt);
  given.pgm.flags = 1 | 2;
  EXPECT_EQ(Vcpu(uapi::kIrq, given), 0);
  EXPECT_EQ(Pending()[0].pgm.flags, 3);
}

TEST_F(InterruptTest, MachineChecksAreOred) {
  uapi::Irq check = Of(uapi::kMchk);
  check.mchk.mcic = uint64_t{1} << 55;
  check.mchk.cr14 = 1;
  check.mchk.failing_storage_address = 0x1000;
  EXPECT_EQ(Vcpu(uapi::kIrq, check), 0);
  check.mchk.mcic = uint64_t{1} << 63;
  check.mchk.cr14 = 2;
  check.mchk.failing_storage_address = 0x2000;
  EXPECT_EQ(Vcpu(uapi::kIrq, check), 0);
  const auto pending = Pending();
  ASSERT_EQ(pending.size(), 2u);  // the exigent and the repressible one
  EXPECT_EQ(pending[0].mchk.mcic, uint64_t{1} << 63 | uint64_t{1} << 55);
  EXPECT_EQ(pending[0].mchk.cr14, 3u);
  EXPECT_EQ(pending[0].mchk.failing_storage_address, 0x2000u);
}

TEST_F(InterruptTest, TheShortFormIsRefusedForUcontrolVms) {
  const uapi::Interrupt restart{uapi::kRestart, 0, 0};
  EXPECT_EQ(Vcpu(uapi::kInterrupt, restart), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kInterrupt, kBadPointer), -EINVAL);
  const uapi::Interrupt service{uapi::kIntService, 0, 0};
  EXPECT_EQ(Vm(uapi::kInterrupt, service), -EINVAL);
  EXPECT_EQ(Vm(uapi::kInterrupt, kBadPointer), -EINVAL);
}

TEST_F(InterruptTest, TheShortFormOfARegularVcpu) {
  const struct {
    uapi::Interrupt interrupt;
    int64_t answer;
  } rows[] = {
      {{uapi::kProgramInt, 0x10, 0}, 0},
      {{uapi::kProgramInt, 0x10001, 0}, -EINVAL},
      {{uapi::kSigpSetPrefix, 0x2000, 0}, 0},
      {{uapi::kSigpStop, 0, 0}, 0},
      {{uapi::kSigpStop, 4, 0}, -EINVAL},
      {{uapi::kRestart, 0, 0}, 0},
      {{uapi::kIntPfaultInit, 1, 2}, 0},
      {{uapi::kIntClockComp, 0, 0}, 0},
      {{uapi::kIntCpuTimer, 0, 0}, 0},
      {{uapi::kIntExternalCall, 0, 0}, 0},
      {{uapi::kIntExternalCall, 0, 0}, -EBUSY},
      {{uapi::kIntExternalCall, 5, 0}, -EINVAL},
      {{uapi::kIntExternalCall, 0x10000, 0}, -EINVAL},
      {{uapi::kIntEmergency, 0, 0}, 0},
      {{uapi::kIntEmergency, 9, 0}, -EINVAL},
      {{uapi::kMchk, 0, uint64_t{1} << 62}, 0},
      {{uapi::kIntVirtio, 0, 0}, -EINVAL},
      {{uapi::kIntService, 0, 0}, -EINVAL},
      {{uapi::kIntPfaultDone, 0, 0}, -EINVAL},
      {{0, 0, 0}, -EINVAL},
  };
  for (const auto& row : rows)
    EXPECT_EQ(Ask(regular_vcpu_, uapi::kInterrupt, row.interrupt), row.answer)
        << std::hex << row.interrupt.type << " " << row.interrupt.parm;
  EXPECT_EQ(Ask(regular_vcpu_, uapi::kInterrupt, kBadPointer), -EFAULT);
}

TEST_F(InterruptTest, FloatingTypesOfARegularVm) {
  const struct {
    uint32_t type;
    int64_t answer;
  } rows[] = {
      {uapi::kIntVirtio, 0},
      {uapi::kIntService, 0},
      {uapi::kIntPfaultDone, 0},
      {uapi::kMchk, 0},
      {0, 0},
      {0x04000000, 0},
      {uapi::kIntIoMax, 0},
      {uapi::kProgramInt, -EINVAL},
      {uapi::kSigpStop, -EINVAL},
      {uapi::kSigpSetPrefix, -EINVAL},
      {uapi::kRestart, -EINVAL},
      {uapi::kIntPfaultInit, -EINVAL},
      {uapi::kIntClockComp, -EINVAL},
      {uapi::kIntCpuTimer, -EINVAL},
      {uapi::kIntEmergency, -EINVAL},
      {uapi::kIntExternalCall, -EINVAL},
  };
  for (const auto& row : rows)
    EXPECT_EQ(Ask(regular_, uapi::kInterrupt, uapi::Interrupt{row.type, 0, 0}), row.answer)
        << std::hex << row.type;
  EXPECT_EQ(Ask(regular_, uapi::kInterrupt, kBadPointer), -EFAULT);
}

TEST_F(InterruptTest, IrqStateChecksItsArguments) {
  uapi::Irq irqs[2] = {Of(uapi::kRestart), Of(uapi::kIntCpuTimer)};
  const auto state = [](const void* buffer, uint32_t length) {
    return uapi::IrqState{reinterpret_cast<uint64_t>(buffer), 0, length, {}};
  };
  const auto* bad = reinterpret_cast<const void*>(kBadPointer);
  EXPECT_EQ(Vcpu(uapi::kSetIrqState, kBadPointer), -EFAULT);
  EXPECT_EQ(Vcpu(uapi::kGetIrqState, kBadPointer), -EFAULT);
  EXPECT_EQ(Vcpu(uapi::kSetIrqState, state(irqs, 0)), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kSetIrqState, state(irqs, 71)), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kSetIrqState, state(irqs, 72 * 288)), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kSetIrqState, state(bad, 144)), -EFAULT);
  EXPECT_EQ(Vcpu(uapi::kSetIrqState, state(irqs, 144)), 0);
  EXPECT_EQ(Vcpu(uapi::kSetIrqState, state(irqs, 144)), -EBUSY);
  EXPECT_EQ(Vcpu(uapi::kGetIrqState, state(irqs, 0)), -EINVAL);
  EXPECT_EQ(Vcpu(uapi::kGetIrqState, state(irqs, 72)), -ENOBUFS);
  EXPECT_EQ(Vcpu(uapi::kGetIrqState, state(bad, 144)), -EFAULT);
  EXPECT_EQ(Vcpu(uapi::kGetIrqState, state(irqs, 144)), 144);

  Vcpu(uapi::kNormalReset, 0);
  irqs[0] = Of(uapi::kIntService);
  EXPECT_EQ(Vcpu(uapi::kSetIrqState, state(irqs, 72)), -EINVAL);
}

}  // namespace
}  // namespace hypervisor
