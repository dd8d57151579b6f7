#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include "tests/hypervisor/core/fixture.h"

namespace hypervisor {
namespace {

using RunTest = VcpuTest;

TEST_F(RunTest, AnInterceptionLeavesItsCodeAndInstruction) {
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(run_->exit_reason, 13u);
  EXPECT_EQ(run_->s390_sieic.icptcode, 0x04);
  EXPECT_EQ(run_->s390_sieic.ipa, 0x8300);
  EXPECT_EQ(run_->s390_sieic.ipb, 0x00440000u);
  EXPECT_EQ(block_->ipa, 0x8300);
}

TEST_F(RunTest, RefusesAnArgument) {
  EXPECT_EQ(Vcpu(uapi::kRun, uint64_t{1}), -EINVAL);
}

TEST_F(RunTest, ImmediateExitTouchesNothing) {
  run_->immediate_exit = 1;
  run_->exit_reason = 77;
  run_->kvm_dirty_regs = uapi::kSyncCrs;
  block_->cpuflags |= uapi::kCpuStopped;
  EXPECT_EQ(KvmRun(), -EINTR);
  EXPECT_EQ(run_->exit_reason, 77u);
  EXPECT_EQ(run_->kvm_dirty_regs, uapi::kSyncCrs);
  EXPECT_TRUE(block_->cpuflags & uapi::kCpuStopped);
}

TEST_F(RunTest, RefusesUnknownSyncBits) {
  run_->kvm_dirty_regs = 0x2000;
  EXPECT_EQ(KvmRun(), -EINVAL);
  run_->kvm_dirty_regs = 0;
  run_->kvm_valid_regs |= 0x80000000;
  EXPECT_EQ(KvmRun(), -EINVAL);
}

TEST_F(RunTest, StartsAStoppedCpuUntilUserSpaceKeepsItsState) {
  block_->cpuflags |= uapi::kCpuStopped;
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_FALSE(block_->cpuflags & uapi::kCpuStopped);

  uapi::MpState stopped{uapi::kMpStateStopped};
  EXPECT_EQ(Vcpu(uapi::kSetMpState, &stopped), 0);
  EXPECT_EQ(KvmRun(), -EINVAL);
}

TEST_F(RunTest, GeneralRegistersAreLiveAndTheOthersNeedTheirDirtyBit) {
  CpuState seen;
  script_ = [&](ScriptedSie&, uapi::SieBlock& block, CpuState& cpu) {
    seen = cpu;
    cpu.gpr[3] = 0x33;
    cpu.cr[3] = 0x3333;
    cpu.psw.address = 0x2000;
    cpu.clock_comparator = 0xcc;
    block.icptcode = 0x1c;
    return SieExit{SieExit::Reason::kIntercepted, VcpuAddress()};
  };
  uapi::SyncRegs& regs = run_->s.regs;
  regs.gprs[2] = 0x22;
  regs.acrs[4] = 0x44;
  regs.fpc = 0x800;
  regs.fprs[5] = 0x55;
  regs.crs[6] = 0x66;  // not marked
  regs.ckc = 0x77;     // not marked
  regs.prefix = 0x8000;
  run_->psw_mask = 0x180000000;
  run_->psw_addr = 0x1000;
  block_->gcr[9] = 0x99;
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(seen.gpr[2], 0x22u);
  EXPECT_EQ(seen.ar[4], 0x44u);
  EXPECT_EQ(seen.fpc, 0x800u);
  EXPECT_EQ(seen.vr[5].high, 0x55u);
  EXPECT_EQ(seen.cr[6], 0u);
  EXPECT_EQ(seen.cr[9], 0x99u);
  EXPECT_EQ(seen.clock_comparator, 0u);
  EXPECT_EQ(seen.prefix, 0u);
  EXPECT_EQ(seen.psw.mask, 0x180000000u);
  EXPECT_EQ(seen.psw.address, 0x1000u);
  EXPECT_EQ(regs.gprs[3], 0x33u);
  EXPECT_EQ(regs.crs[3], 0x3333u);
  EXPECT_EQ(block_->gcr[3], 0x3333u);
  EXPECT_EQ(run_->psw_addr, 0x2000u);
  EXPECT_EQ(block_->gpsw_addr, 0x2000u);
  EXPECT_EQ(regs.ckc, 0xccu);
  EXPECT_EQ(block_->ckc, 0xccu);

  regs.crs[6] = 0x66;
  regs.ckc = 0x77;
  regs.prefix = 0x8fff;  // 8 KiB granularity
  regs.todpr = 5;
  run_->kvm_dirty_regs = uapi::kSyncCrs | uapi::kSyncArch0 | uapi::kSyncPrefix;
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(run_->kvm_dirty_regs, 0u);
  EXPECT_EQ(seen.cr[6], 0x66u);
  EXPECT_EQ(seen.clock_comparator, 0x77u);
  EXPECT_EQ(seen.prefix, 0x8000u);
  EXPECT_EQ(seen.tod_programmable, 5u);
  EXPECT_EQ(regs.prefix, 0x8000u);
}

TEST_F(RunTest, ASegmentFaultNamesThePage) {
  script_ = [](ScriptedSie&, uapi::SieBlock&, CpuState&) {
    return SieExit{SieExit::Reason::kSegmentMissing, VcpuAddress(0x400123)};
  };
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(run_->exit_reason, 20u);
  EXPECT_EQ(run_->s390_ucontrol.trans_exc_code, 0x400000u);
  EXPECT_EQ(run_->s390_ucontrol.pgm_code, 0x10u);
}

TEST_F(RunTest, MissingMemoryBehindAMappedSegmentIsEfault) {
  script_ = [](ScriptedSie&, uapi::SieBlock&, CpuState&) {
    return SieExit{SieExit::Reason::kBackingMissing, VcpuAddress(0x3000)};
  };
  EXPECT_EQ(KvmRun(), -EFAULT);
}

TEST_F(RunTest, AnUnmappedPrefixEndsTheRunBeforeItStarts) {
  bool entered = false;
  script_ = [&](ScriptedSie&, uapi::SieBlock&, CpuState&) {
    entered = true;
    return SieExit{SieExit::Reason::kIntercepted, VcpuAddress()};
  };
  run_->s.regs.prefix = 0x400000;
  run_->kvm_dirty_regs = uapi::kSyncPrefix;
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(run_->exit_reason, 20u);
  EXPECT_EQ(run_->s390_ucontrol.trans_exc_code, 0x400000u);
  EXPECT_FALSE(entered);

  EXPECT_EQ(Map(memory() + (1 << 20), 0x400000, 1 << 20), 0);
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_TRUE(entered);

  EXPECT_EQ(Unmap(0x400000, 1 << 20), 0);
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(run_->exit_reason, 20u);
}

TEST_F(RunTest, APrefixWithoutMemoryIsEfault) {
  munmap(memory_, 4096);
  EXPECT_EQ(KvmRun(), -EFAULT);
  munmap(memory_, 1 << 20);
  EXPECT_EQ(KvmRun(), -EFAULT);
}

TEST_F(RunTest, AKickEndsThePresentRunOrTheNext) {
  device_.Kick(vcpu_);
  EXPECT_EQ(KvmRun(), -EINTR);
  EXPECT_EQ(run_->exit_reason, 10u);
  EXPECT_EQ(KvmRun(), 0);

  std::atomic<bool> inside = false;
  script_ = [&](ScriptedSie& sie, uapi::SieBlock&, CpuState&) {
    inside = true;
    while (!sie.TakeKick()) std::this_thread::yield();
    return SieExit{SieExit::Reason::kKicked, VcpuAddress()};
  };
  std::thread other([&] {
    while (!inside) std::this_thread::yield();
    device_.Kick(vcpu_);
  });
  EXPECT_EQ(KvmRun(), -EINTR);
  other.join();
}

TEST_F(RunTest, OnlyIrqsGetPastARunningCpu) {
  std::atomic<bool> inside = false;
  script_ = [&](ScriptedSie& sie, uapi::SieBlock& block, CpuState&) {
    inside = true;
    // Injected by the other thread while this one holds the vCPU.
    while (!(std::atomic_ref(block.cpuflags).load() & uapi::kCpuExtInt)) std::this_thread::yield();
    sie.ClearKick();
    block.icptcode = 0x10;
    return SieExit{SieExit::Reason::kIntercepted, VcpuAddress()};
  };
  std::thread other([&] {
    while (!inside) std::this_thread::yield();
    uapi::Irq irq{};
    irq.type = uapi::kIntCpuTimer;
    EXPECT_EQ(Vcpu(uapi::kIrq, &irq), 0);
  });
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(run_->s390_sieic.icptcode, 0x10);
  other.join();
}

TEST_F(RunTest, WhateverElseNeedsTheVcpuWaitsForItsRun) {
  std::atomic<bool> inside = false;
  std::atomic<bool> asked = false;
  std::atomic<bool> left = false;
  script_ = [&](ScriptedSie&, uapi::SieBlock& block, CpuState& cpu) {
    inside = true;
    while (!asked) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    cpu.gpr[3] = 0x33;
    block.icptcode = 0x04;
    left = true;
    return SieExit{SieExit::Reason::kIntercepted, VcpuAddress()};
  };
  std::thread other([&] {
    while (!inside) std::this_thread::yield();
    EXPECT_EQ(Vcpu(0xae00u, uint64_t{0}), -ENOTTY);  // needs no vCPU
    EXPECT_FALSE(left);
    asked = true;
    uapi::Regs regs{};
    EXPECT_EQ(Vcpu(uapi::kGetRegs, &regs), 0);
    EXPECT_TRUE(left);
    EXPECT_EQ(regs.gprs[3], 0x33u);
  });
  EXPECT_EQ(KvmRun(), 0);
  other.join();
}

TEST_F(RunTest, OneThreadAtATimeRunsAVcpu) {
  int inside = 0;  // no atomic one: the vCPU belongs to who is here
  script_ = [&](ScriptedSie& sie, uapi::SieBlock& block, CpuState&) {
    EXPECT_EQ(++inside, 1);
    sie.ClearKick();
    block.icptcode = 0x04;
    --inside;
    return SieExit{SieExit::Reason::kIntercepted, VcpuAddress()};
  };
  constexpr int kRounds = 5000;
  const auto run = [&] {
    for (int i = 0; i < kRounds; ++i) {
      const int64_t result = KvmRun();
      EXPECT_TRUE(result == 0 || result == -EINTR);
    }
  };
  std::thread second(run);
  std::thread reader([&] {
    uapi::Regs regs{};
    for (int i = 0; i < kRounds; ++i) EXPECT_EQ(Vcpu(uapi::kGetRegs, &regs), 0);
  });
  std::thread kicker([&] {
    for (int i = 0; i < kRounds; ++i) device_.Kick(vcpu_);
  });
  run();
  second.join();
  reader.join();
  kicker.join();
}

TEST_F(RunTest, AVcpuThatIsClosedWhileItRunsIsGoneAfterwards) {
  script_ = [&](ScriptedSie&, uapi::SieBlock& block, CpuState&) {
    device_.Close(vcpu_);
    EXPECT_EQ(device_.Ioctl(vcpu_, uapi::kGetMpState, 0), -EBADF);
    block.icptcode = 0x04;
    return SieExit{SieExit::Reason::kIntercepted, VcpuAddress()};
  };
  EXPECT_EQ(KvmRun(), 0);
  EXPECT_EQ(KvmRun(), -EBADF);
  EXPECT_EQ(device_.Open(), vcpu_);  // the lowest free number
}

}  // namespace
}  // namespace hypervisor
