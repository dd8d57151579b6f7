// The run loop: exits of a scripted device and what the monitor makes of them.
#include "ucontrol/vcpu.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/interruption.h"
#include "tests/ucontrol/machine_fixture.h"

namespace ucontrol {
namespace {

namespace prefix_area = hypervisor::prefix_area;
namespace uapi = hypervisor::uapi;
using hypervisor::GuestAbsolute;
using hypervisor::kSegmentSize;
using hypervisor::PgmCode;
using hypervisor::Psw;
using uapi::Interception;

// A table of one instruction: DIAGNOSE, whose function code says what to do.
Disposition FakeDiagnose(Vcpu& vcpu) {
  switch (vcpu.ipb() >> 16) {
    case 0x44:
      return Disposition::Resume();
    case 0x501:
      return Disposition::Breakpoint();
    case 0x308:
      return Disposition::Load(LoadKind::kClear);
    case 1:
      return Disposition::Stop();
    case 2:
      return Disposition::Interrupt(PgmCode::kSpecification);
    case 3:
      return Disposition::Interrupt(PgmCode::kPageTranslation);
    default:
      return Disposition::Client();
  }
}
InstructionHandler FakeTable(uint16_t ipa, uint32_t) {
  return ipa >> 8 == 0x83 ? &FakeDiagnose : nullptr;
}

class VcpuTest : public MachineFixture {
 protected:
  void SetUp() override { Make(1, &FakeTable); }

  // Starts at 0x5000, 64-bit mode, `mask` besides.
  void Start(uint64_t mask = 0) {
    ASSERT_TRUE(vcpu().SetInitialPsw({k64Bit | mask, 0x5000}).ok());
    vcpu().Start();
  }
  void StopThere() {
    fake().Then([](FakeVcpu& fake) { return fake.Intercept(0x8300, 0x00010000); });
  }
  bool AwaitStopped() {
    return Await([this] { return vcpu().state() == Vcpu::State::kStopped; });
  }
};

TEST_F(VcpuTest, AHandledInstructionIsComplete) {
  fake().Then([](FakeVcpu& fake) { return fake.Intercept(0x8300, 0x00440000); });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(cpu().psw().address, 0x5008u);
  EXPECT_TRUE(listener.AwaitState(MachineState::kStopped));
}

TEST_F(VcpuTest, AnUnknownInstructionIsAnOperationException) {
  fake().Then([](FakeVcpu& fake) { return fake.Intercept(0xb214, 0); });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramCode), 0x01);
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramIlc), 4);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kProgramOldPsw + 8), 0x5004u);
}

TEST_F(VcpuTest, SuppressionLeavesThePswBehindTheInstructionAndNullificationAtIt) {
  fake().Then([](FakeVcpu& fake) { return fake.Intercept(0x8300, 0x00020000); });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramCode), 0x06);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kProgramOldPsw + 8), 0x5004u);

  fake().Then([](FakeVcpu& fake) { return fake.Intercept(0x8300, 0x00030000); });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramCode), 0x11);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kProgramOldPsw + 8), 0x5000u);
}

TEST_F(VcpuTest, TheTargetOfAnExecuteHasTheExecutesLength) {
  fake().Then([](FakeVcpu& fake) {
    fake.Intercept(0x8300, 0x00020000);
    fake.run.psw_addr += 2;  // EXRL has six bytes
    fake.block.icptstatus = uapi::kIcptExecute | 0x60;
    return int64_t{0};
  });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramIlc), 6);
}

TEST_F(VcpuTest, APerEventComesAfterTheInstruction) {
  fake().Then([](FakeVcpu& fake) {
    fake.Intercept(0x8300, 0x00440000);
    fake.block.icptstatus = uapi::kIcptPerIfetch;
    return int64_t{0};
  });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramCode), 0x80);
  EXPECT_EQ(Load<uint8_t>(prefix_area::kPerCode), 0x40);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kPerAddress), 0x5000u);
}

TEST_F(VcpuTest, AProgramInterceptionIsForwardedWithItsParameters) {
  fake().Then([](FakeVcpu& fake) {
    fake.block.iprcc = 0x04;
    fake.block.pgmilc = 6;
    fake.block.tecmc = 0x123408;
    fake.block.eai = 5;
    fake.run.psw_addr += 6;
    return fake.Intercept(Interception::kProgram);
  });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramCode), 0x04);
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramIlc), 6);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kTranslationException), 0x123408u);
  EXPECT_EQ(Load<uint8_t>(prefix_area::kExceptionAccessId), 5);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kProgramOldPsw + 8), 0x5006u);
}

TEST_F(VcpuTest, ASegmentIsMappedWhenItIsTouched) {
  fake().Then([](FakeVcpu& fake) { return fake.Fault(0x234000); });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  ASSERT_EQ(fake().mapped.size(), 1u);
  EXPECT_EQ(fake().mapped[0].vcpu_addr, 0u);
  EXPECT_EQ(fake().mapped[0].length, kStorageSize);
  EXPECT_EQ(fake().mapped[0].user_addr, machine->memories().Locate("ram", 0, 1)->raw());
}

TEST_F(VcpuTest, WhatAVcpuMappedForItselfStays) {
  ASSERT_TRUE(machine->memories().Create("own", {.size = kSegmentSize}).ok());
  const uint64_t own = machine->memories().Locate("own", 0, 1)->raw();
  ASSERT_TRUE(vcpu().Map({own, kSegmentSize, kSegmentSize}).ok());
  fake().Then([](FakeVcpu& fake) { return fake.Fault(0x234000); });
  fake().Then([](FakeVcpu& fake) { return fake.Fault(0x1000); });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  ASSERT_EQ(fake().mapped.size(), 3u);
  EXPECT_EQ(fake().mapped[1].vcpu_addr, 2 * kSegmentSize);
  EXPECT_EQ(fake().mapped[1].length, kStorageSize - 2 * kSegmentSize);
  EXPECT_EQ(fake().mapped[2].vcpu_addr, 0u);
  EXPECT_EQ(fake().mapped[2].length, kSegmentSize);
  On(0, [&] { EXPECT_EQ(vcpu().Resolve(GuestAbsolute(kSegmentSize + 8))->raw(), own + 8); });
  EXPECT_EQ(machine->DeleteMemory("own").code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(vcpu().Unmap({0, kSegmentSize, kSegmentSize}).ok());
  EXPECT_TRUE(machine->DeleteMemory("own").ok());
}

TEST_F(VcpuTest, BehindTheEndOfStorageIsAnAddressingException) {
  Store<uint8_t>(0x5000, 0xe3);  // an instruction of six bytes
  fake().Then([](FakeVcpu& fake) { return fake.Fault(kStorageSize); });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramCode), 0x05);
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramIlc), 6);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kProgramOldPsw + 8), 0x5006u);
}

TEST_F(VcpuTest, StorageThatIsUnmappedIsGoneForEveryVcpu) {
  fake().Then([](FakeVcpu& fake) { return fake.Fault(0); });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  ASSERT_TRUE(machine->UnmapStorage(GuestAbsolute(kSegmentSize), kSegmentSize).ok());
  EXPECT_EQ(fake().unmapped.back().vcpu_addr, kSegmentSize);
  EXPECT_EQ(machine->Find(GuestAbsolute(kSegmentSize), 1), nullptr);
  EXPECT_EQ(machine->Find(GuestAbsolute(kSegmentSize - 1), 2), nullptr);
  uint8_t bytes[4];
  EXPECT_FALSE(machine->Read(GuestAbsolute(kSegmentSize - 2), bytes, 4));
  EXPECT_TRUE(machine->Read(GuestAbsolute(kSegmentSize - 4), bytes, 4));
}

TEST_F(VcpuTest, StorageKeysAreTheEnginesFromTheirFirstUse) {
  vcpu().kvm().SetFlags(uapi::kCpuKss);
  fake().Then([](FakeVcpu& fake) { return fake.Intercept(Interception::kKeylessSubset); });
  StopThere();
  Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(vcpu().kvm().Flags() & uapi::kCpuKss, 0u);
  EXPECT_EQ(cpu().psw().address, 0x5004u);  // only the DIAGNOSE that stops moved it
}

TEST_F(VcpuTest, ADisabledWaitIsACrashWithItsPsw) {
  fake().Then([](FakeVcpu& fake) {
    fake.run.psw_mask |= Psw::kWait;
    fake.run.psw_addr = 0xdead0;
    fake.run.s.regs.gprs[2] = 0x77;
    return fake.Intercept(Interception::kWait);
  });
  Start();
  const auto crash = listener.AwaitCrash();
  ASSERT_TRUE(crash);
  EXPECT_EQ(crash->cause, CrashCause::kDisabledWait);
  EXPECT_EQ(crash->cpu.psw.address, 0xdead0u);
  EXPECT_EQ(crash->cpu.gpr[2], 0x77u);
  EXPECT_EQ(crash->cpu.icptcode, 0x1c);
  EXPECT_TRUE(listener.AwaitState(MachineState::kCrashed));
  EXPECT_EQ(machine->Resume().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(VcpuTest, ADisabledWaitOfAGuestThatShutDownStops) {
  fake().Then([](FakeVcpu& fake) {
    fake.run.psw_mask |= Psw::kWait;
    fake.run.psw_addr = 0xfff;
    return fake.Intercept(Interception::kWait);
  });
  Start();
  EXPECT_TRUE(AwaitStopped());
  EXPECT_TRUE(listener.AwaitState(MachineState::kStopped));
}

// Two CPUs: one waits disabled, which is the end only when the other stops.
TEST_F(VcpuTest, ADisabledWaitIsNoCrashAsLongAsAnotherCpuRuns) {
  ASSERT_TRUE(machine->AddVcpu(1).ok());
  ASSERT_TRUE(vcpu(1).SetInitialPsw({k64Bit, 0x6000}).ok());
  vcpu(1).Start();
  ASSERT_TRUE(vcpu().SetInitialPsw({k64Bit | Psw::kWait, 0x7000}).ok());
  vcpu().Start();
  ASSERT_TRUE(Await([this] { return vcpu().is_waiting(); }));
  EXPECT_EQ(machine->state(), MachineState::kRunning);
  vcpu(1).RequestStop();
  const auto crash = listener.AwaitCrash();
  ASSERT_TRUE(crash);
  EXPECT_EQ(crash->cause, CrashCause::kDisabledWait);
  EXPECT_EQ(crash->cpu.cpu_address, 0);
  EXPECT_EQ(crash->cpu.psw.address, 0x7000u);
}

TEST_F(VcpuTest, ARestartEndsADisabledWait) {
  ASSERT_TRUE(machine->AddVcpu(1).ok());
  ASSERT_TRUE(vcpu(1).SetInitialPsw({k64Bit, 0x6000}).ok());
  vcpu(1).Start();
  ASSERT_TRUE(vcpu().SetInitialPsw({k64Bit | Psw::kWait, 0x7000}).ok());
  vcpu().Start();
  ASSERT_TRUE(Await([this] { return vcpu().is_waiting(); }));
  StopThere();
  vcpu().Restart();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint64_t>(prefix_area::kRestartOldPsw + 8), 0x7000u);
}

TEST_F(VcpuTest, AnInvalidProgramNewPswIsACrash) {
  Store<uint64_t>(prefix_area::kProgramNewPsw, ~uint64_t{0} & ~Psw::kWait);
  fake().Then([](FakeVcpu& fake) { return fake.Intercept(0x8300, 0x00020000); });
  Start();
  EXPECT_EQ(listener.AwaitCrash()->cause, CrashCause::kProgramInterruptionLoop);
}

TEST_F(VcpuTest, AnInvalidInstructionAtTheProgramNewPswIsACrash) {
  for (int i = 0; i < 2; ++i) fake().Then([](FakeVcpu& fake) { return fake.Intercept(0xb214, 0); });
  Start();
  const auto crash = listener.AwaitCrash();
  EXPECT_EQ(crash->cause, CrashCause::kOperationExceptionLoop);
  EXPECT_EQ(crash->cpu.psw.address, NewPswAddress(prefix_area::kProgramNewPsw) + 4);
}

TEST_F(VcpuTest, AProgramNewPswOutsideStorageIsACrash) {
  Store<uint64_t>(prefix_area::kProgramNewPsw + 8, kStorageSize);
  for (int i = 0; i < 2; ++i) fake().Then([](FakeVcpu& fake) { return fake.Fault(kStorageSize); });
  Start();
  EXPECT_EQ(listener.AwaitCrash()->cause, CrashCause::kProgramInterruptionLoop);
}

TEST_F(VcpuTest, ValidityAndLostMemoryAreCrashes) {
  fake().Then([](FakeVcpu& fake) { return fake.Intercept(Interception::kValidity); });
  Start();
  EXPECT_EQ(listener.AwaitCrash()->cause, CrashCause::kValidity);
}

TEST_F(VcpuTest, LostMemoryIsACrash) {
  fake().Then([](FakeVcpu&) { return int64_t{-EFAULT}; });
  Start();
  EXPECT_EQ(listener.AwaitCrash()->cause, CrashCause::kBackingLost);
}

TEST_F(VcpuTest, ABreakpointPausesTheMachineAndSaysWhere) {
  fake().Then([](FakeVcpu& fake) { return fake.Intercept(0x8320, 0x05010000); });
  StopThere();
  Start();
  const auto breakpoint = listener.AwaitBreakpoint();
  ASSERT_TRUE(breakpoint);
  EXPECT_EQ(breakpoint->psw.address, 0x5004u);
  EXPECT_EQ(breakpoint->ipa, 0x8320);
  EXPECT_TRUE(listener.AwaitState(MachineState::kPaused));
  EXPECT_EQ(vcpu().state(), Vcpu::State::kOperating);
  // Guest time stands still with it.
  const uint64_t tod = machine->clock().Tod();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(machine->clock().Tod(), tod);
  ASSERT_TRUE(machine->Resume().ok());
  EXPECT_TRUE(AwaitStopped());
  EXPECT_GT(machine->clock().Tod(), tod);
}

TEST_F(VcpuTest, ALoadRequestResetsAndLoadsAnew) {
  fake().Then([](FakeVcpu& fake) {
    fake.run.s.regs.gprs[9] = 9;
    return fake.Intercept(0x8300, 0x03080000);
  });
  StopThere();
  Start();
  // The reset stops the CPU too.
  ASSERT_TRUE(Await([this] { return fake().runs >= 2; }));
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(loads, 1);
  EXPECT_EQ(cpu().psw().address, 0x11004u);
  EXPECT_EQ(cpu().gpr(9), 0u);
}

TEST_F(VcpuTest, LoadNormalTakesTheShortPswAtAbsoluteZero) {
  Store<uint64_t>(0, 0x0008000080012340);
  StopThere();
  On(0, [&] { cpu().set_gpr(9, 9); });
  ASSERT_TRUE(machine->Load(LoadKind::kNormal).ok());
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(cpu().psw().mask, 0x80000000u);
  EXPECT_EQ(cpu().psw().address, 0x12344u);
  EXPECT_EQ(cpu().gpr(9), 9u);
}

TEST_F(VcpuTest, AShortPswWithoutItsBitTwelveLoadsAnInvalidPsw) {
  Store<uint64_t>(0, 0x0000000080012340);
  fake().Then([](FakeVcpu& fake) { return fake.Intercept(Interception::kValidity); });
  ASSERT_TRUE(machine->Load(LoadKind::kModifiedClear).ok());
  EXPECT_FALSE(listener.AwaitCrash()->cpu.psw.IsValid());
}

TEST_F(VcpuTest, AStopStoresTheStatusIfAsked) {
  Start();
  ASSERT_TRUE(Await([this] { return fake().runs > 0; }));
  EXPECT_TRUE(vcpu().RequestStop(/*store_status=*/true));
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint64_t>(0x1308), 0x5000u);
  EXPECT_EQ(Load<uint8_t>(prefix_area::kArchitecturalModeId), 1);
}

TEST_F(VcpuTest, ARestartStartsAStoppedCpuWithItsInterruption) {
  StopThere();
  vcpu().Restart();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(cpu().psw().address, NewPswAddress(prefix_area::kRestartNewPsw) + 4);
}

TEST_F(VcpuTest, CommandsRunWhileTheGuestRunsAndAreRefusedAfterwards) {
  Start();
  ASSERT_TRUE(Await([this] { return fake().runs > 0; }));
  int done = 0;
  for (int i = 0; i < 100; ++i) On(0, [&] { ++done; });
  EXPECT_EQ(done, 100);
  EXPECT_EQ(vcpu().Call([] { return absl::AbortedError("no"); }).code(),
            absl::StatusCode::kAborted);
  vcpu().Retire();
  EXPECT_EQ(vcpu().Call([] { return absl::OkStatus(); }).code(), absl::StatusCode::kUnavailable);
}

TEST_F(VcpuTest, AFloatingInterruptionReachesARunningCpu) {
  Start(Psw::kIo);
  On(0, [&] { cpu().set_cr(6, 0xff000000); });
  ASSERT_TRUE(Await([this] { return fake().runs > 0; }));
  StopThere();  // so the test may look; the request comes first or the interruption does
  machine->InjectIo({1, 5, 0, 0});
  ASSERT_TRUE(AwaitStopped());
  if (machine->floating().has_io()) {
    StopThere();
    vcpu().Start();
    ASSERT_TRUE(AwaitStopped());
  }
  EXPECT_EQ(Load<uint32_t>(prefix_area::kSubchannelId), 0x00010005u);
}

class WaitTest : public VcpuTest {
 protected:
  void EnterWait(uint64_t mask) {
    ASSERT_TRUE(vcpu().SetInitialPsw({k64Bit | Psw::kWait | mask, 0x5000}).ok());
    On(0, [&] {
      cpu().set_clock_comparator(~uint64_t{0});
      cpu().set_cpu_timer(uint64_t{1} << 60);
    });
  }
  void AwaitWaiting() {
    ASSERT_TRUE(Await([this] { return vcpu().is_waiting(); }));
  }
};

TEST_F(WaitTest, TheClockComparatorWakesAtItsTime) {
  EnterWait(Psw::kExternal);
  StopThere();
  const uint64_t due = device.tod() + hypervisor::TodFromNanoseconds(20'000'000);
  On(0, [&] {
    cpu().set_cr(0, hypervisor::cr0::kClockComparator);
    cpu().set_clock_comparator(due);
  });
  vcpu().Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_GT(device.tod(), due);
  EXPECT_LT(hypervisor::NanosecondsFromTod(device.tod() - due), 50'000'000u);
  EXPECT_EQ(Load<uint16_t>(prefix_area::kExternalCode), 0x1004);
}

TEST_F(WaitTest, TheCpuTimerRunsOnAndWakes) {
  EnterWait(Psw::kExternal);
  StopThere();
  On(0, [&] {
    cpu().set_cr(0, hypervisor::cr0::kCpuTimer);
    cpu().set_cpu_timer(hypervisor::TodFromNanoseconds(20'000'000));
  });
  vcpu().Start();
  ASSERT_TRUE(AwaitStopped());
  EXPECT_EQ(Load<uint16_t>(prefix_area::kExternalCode), 0x1005);
  EXPECT_EQ(cpu().cpu_timer() >> 63, 1u);
}

TEST_F(WaitTest, CostsNoHostCpuTime) {
  EnterWait(Psw::kExternal | Psw::kIo | Psw::kMachineCheck);
  vcpu().Start();
  AwaitWaiting();
  rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  getrusage(RUSAGE_SELF, &after);
  const auto used = (after.ru_utime.tv_usec - before.ru_utime.tv_usec) +
                    (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000;
  EXPECT_LT(used, 20000);
  EXPECT_LE(after.ru_nvcsw - before.ru_nvcsw, 20);
  EXPECT_EQ(fake().runs, 0);
}

// Each signal is sent to a waiting CPU that goes back to waiting; none may be lost.
TEST_F(WaitTest, NoWakeUpIsLost) {
  EnterWait(Psw::kExternal);
  On(0, [&] { cpu().set_cr(0, hypervisor::cr0::kEmergencySignal); });
  Store<uint64_t>(prefix_area::kExternalNewPsw, k64Bit | Psw::kWait | Psw::kExternal);
  vcpu().Start();
  std::vector<int64_t> latencies;
  for (int i = 0; i < 2000; ++i) {
    if (i % 2) AwaitWaiting();
    const auto begin = std::chrono::steady_clock::now();
    vcpu().pending().AddEmergencySignal(static_cast<uint16_t>(i % 250));
    vcpu().AnnounceExternal();
    while (vcpu().pending().has_external()) {
      ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << i;
      std::this_thread::yield();
    }
    latencies.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(
                            std::chrono::steady_clock::now() - begin)
                            .count());
  }
  std::nth_element(latencies.begin(), latencies.begin() + 1000, latencies.end());
  RecordProperty("median_ns", static_cast<int>(latencies[1000]));
  EXPECT_LT(latencies[1000], 1'000'000);
}

TEST_F(WaitTest, AFloatingInterruptionFindsTheCpuThatCanTakeIt) {
  // A second CPU waits with closed masks.
  ASSERT_TRUE(machine->AddVcpu(1).ok());
  ASSERT_TRUE(vcpu(1).SetInitialPsw({k64Bit | Psw::kWait | Psw::kMachineCheck, 0}).ok());
  vcpu(1).Start();
  EnterWait(Psw::kIo);
  On(0, [&] { cpu().set_cr(6, 0x80000000); });
  StopThere();
  vcpu().Start();
  AwaitWaiting();
  machine->InjectIo({1, 5, 0, 0});
  ASSERT_TRUE(AwaitStopped());
  EXPECT_TRUE(vcpu(1).is_waiting());
}

TEST_F(VcpuTest, APausedMachineRunsNothingAndItsClockStandsStillIfAsked) {
  Start();
  ASSERT_TRUE(Await([this] { return fake().runs > 0; }));
  using HostClock = std::chrono::steady_clock;
  const auto started = HostClock::now();
  const uint64_t tod = machine->clock().Tod();
  ASSERT_TRUE(machine->Pause(ClockWhilePaused::kStops).ok());
  const auto paused = HostClock::now();
  const int runs = fake().runs;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(fake().runs, runs);
  EXPECT_EQ(machine->state(), MachineState::kPaused);
  const uint64_t standing = machine->clock().Tod();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(machine->clock().Tod(), standing);
  // Held is held: another choice of clock would not be kept.
  EXPECT_TRUE(machine->Pause(ClockWhilePaused::kStops).ok());
  EXPECT_EQ(machine->Pause(ClockWhilePaused::kContinues).code(),
            absl::StatusCode::kFailedPrecondition);
  const auto resumed = HostClock::now();
  ASSERT_TRUE(machine->Resume().ok());
  const std::chrono::nanoseconds ran(hypervisor::NanosecondsFromTod(machine->clock().Tod() - tod));
  EXPECT_LE(ran, (paused - started) + (HostClock::now() - resumed) + std::chrono::microseconds(1));
  EXPECT_EQ(machine->Resume().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(VcpuTest, AClockThatContinuesTakesTheCpuTimerAlong) {
  Start();
  ASSERT_TRUE(Await([this] { return fake().runs > 0; }));
  On(0, [&] { cpu().set_cpu_timer(hypervisor::TodFromNanoseconds(1'000'000'000)); });
  ASSERT_TRUE(machine->Pause(ClockWhilePaused::kContinues).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(machine->Resume().ok());
  uint64_t left = 0;
  On(0, [&] { left = cpu().cpu_timer(); });
  EXPECT_LE(hypervisor::NanosecondsFromTod(left), 980'100'000u);
}

TEST_F(VcpuTest, AClientMayBeTheMonitor) {
  EXPECT_EQ(vcpu().RunOnce().status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(vcpu().SetMonitor(Vcpu::Monitor::kClient).ok());
  fake().Then([](FakeVcpu& fake) { return fake.Intercept(0xb214, 0x1234); });
  auto exit = vcpu().RunOnce();
  ASSERT_TRUE(exit.ok());
  EXPECT_EQ(exit->reason, kvm::Exit::Reason::kIntercepted);
  EXPECT_EQ(vcpu().ipa(), 0xb214);

  // Commands don't end a client's run, but CancelRun does.
  std::thread client([&] { exit = vcpu().RunOnce(); });
  ASSERT_TRUE(Await([this] { return fake().runs >= 2; }));
  On(0, [] {});
  vcpu().CancelRun();
  client.join();
  EXPECT_EQ(exit->reason, kvm::Exit::Reason::kKicked);

  // One that comes too early ends the next run.
  vcpu().CancelRun();
  exit = vcpu().RunOnce();
  ASSERT_TRUE(exit.ok());
  EXPECT_EQ(exit->reason, kvm::Exit::Reason::kKicked);

  client = std::thread([&] { exit = vcpu().RunOnce(); });
  const int runs = fake().runs;
  ASSERT_TRUE(Await([&] { return fake().runs > runs; }));
  ASSERT_TRUE(vcpu().SetMonitor(Vcpu::Monitor::kMachine).ok());
  client.join();
  EXPECT_EQ(exit->reason, kvm::Exit::Reason::kKicked);
}

}  // namespace
}  // namespace ucontrol
