// Pending and floating interruptions, their delivery and what may be injected where.
#include <gtest/gtest.h>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/arch/interruption.h"
#include "tests/ucontrol/machine_fixture.h"
#include "ucontrol/interruption_delivery.h"

namespace ucontrol {
namespace {

namespace cr0 = hypervisor::cr0;
namespace prefix_area = hypervisor::prefix_area;
namespace uapi = hypervisor::uapi;
using hypervisor::ExternalCode;
using hypervisor::Psw;

constexpr uint64_t kAllSubclasses = 0xff000000;
constexpr uint64_t kOpen = Psw::kIo | Psw::kExternal | Psw::kMachineCheck;

uapi::Irq Irq(uint64_t type) {
  uapi::Irq irq{};
  irq.type = type;
  return irq;
}

class InterruptionsTest : public MachineFixture {
 protected:
  void Open(uint64_t mask = kOpen) {
    On(0, [&] {
      cpu().set_psw({k64Bit | mask, 0x5000});
      cpu().set_cr(0, ~uint64_t{0} & ~cr0::kClockComparatorSign);
      cpu().set_cr(6, kAllSubclasses);
      cpu().set_cr(14, hypervisor::cr14::kChannelReport);
      cpu().set_clock_comparator(~uint64_t{0});
      cpu().set_cpu_timer(uint64_t{1} << 60);
    });
  }
  void Deliver(bool timers = false) {
    On(0,
       [&] { EXPECT_EQ(DeliverInterruptions(vcpu(), timers).kind(), Disposition::Kind::kResume); });
  }
  uint16_t ExternalCodeStored() { return Load<uint16_t>(prefix_area::kExternalCode); }
};

TEST_F(InterruptionsTest, EachIsTakenUnderTheMasksOfTheOneBefore) {
  Make();
  Open();
  machine->InjectIo({0x0001, 7, 0xabcd, 3u << 27});
  machine->InjectServiceSignal(0x2000);
  vcpu().pending().AddEmergencySignal(0);
  // The external-new PSW lets I/O through and nothing else; so the emergency signal comes, then
  // I/O, and the service signal waits.
  Store<uint64_t>(prefix_area::kExternalNewPsw, k64Bit | Psw::kIo);
  Deliver();
  EXPECT_EQ(cpu().psw().address, NewPswAddress(prefix_area::kIoNewPsw));
  EXPECT_EQ(ExternalCodeStored(), 0x1201);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kExternalOldPsw + 8), 0x5000u);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kIoOldPsw + 8),
            NewPswAddress(prefix_area::kExternalNewPsw));
  EXPECT_EQ(Load<uint32_t>(prefix_area::kSubchannelId), 0x00010007u);
  EXPECT_EQ(Load<uint32_t>(prefix_area::kIoParameter), 0xabcdu);
  EXPECT_EQ(Load<uint32_t>(prefix_area::kIoWord), 3u << 27);
  EXPECT_TRUE(machine->floating().has_external());
}

TEST_F(InterruptionsTest, ExternalOnesComeInTheirOrder) {
  Make();
  machine->InjectServiceSignal(0x2000);
  uapi::Irq virtio = Irq(uapi::kIntVirtio);
  virtio.ext = {7, 0, 9};
  ASSERT_TRUE(machine->Inject(virtio).ok());
  vcpu().pending().AddExternalCall(0);
  vcpu().pending().AddEmergencySignal(200);
  vcpu().pending().AddEmergencySignal(3);
  const std::vector<std::pair<uint16_t, uint16_t>> expected = {
      {0x1201, 3}, {0x1201, 200}, {0x1202, 0}, {0x1004, 0}, {0x1005, 0}, {0x2401, 0}};
  for (const auto& [code, address] : expected) {
    Open(Psw::kExternal);
    On(0, [&] {
      // The two timers are pending while the external call is gone.
      cpu().set_clock_comparator(code == 0x1004 ? 0 : ~uint64_t{0});
      cpu().set_cpu_timer(code == 0x1004 || code == 0x1005 ? ~uint64_t{0} : 1000000);
    });
    Deliver(/*timers=*/true);
    EXPECT_EQ(ExternalCodeStored(), code);
    EXPECT_EQ(Load<uint16_t>(prefix_area::kExternalCpuAddress), address);
  }
  EXPECT_EQ(Load<uint32_t>(prefix_area::kExternalParameter), 0x2000u);
  Open(Psw::kExternal);
  Deliver();
  EXPECT_EQ(ExternalCodeStored(), 0x2603);
  EXPECT_EQ(Load<uint16_t>(prefix_area::kExternalCpuAddress), 0x0d00);
  EXPECT_EQ(Load<uint32_t>(prefix_area::kExternalParameter), 7u);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kExternalParameter64), 9u);
}

TEST_F(InterruptionsTest, IoGoesByInterruptionSubclassThenFirstComeFirstServed) {
  Make();
  machine->InjectIo({1, 1, 0, 5u << 27});
  machine->InjectIo({1, 2, 0, 2u << 27});
  machine->InjectIo({1, 3, 0, 2u << 27});
  machine->InjectIo({1, 4, 0, 0});
  EXPECT_EQ(machine->TakeIo(0x20000000)->subchannel_number, 2);  // ISC 2 alone
  EXPECT_EQ(machine->TakeIo(kAllSubclasses)->subchannel_number, 4);
  EXPECT_FALSE(machine->WithdrawIo(1, 2));
  EXPECT_TRUE(machine->WithdrawIo(1, 3));
  EXPECT_EQ(machine->TakeIo(0x00ff0000), std::nullopt);
  EXPECT_EQ(machine->TakeIo(kAllSubclasses)->subchannel_number, 1);
  EXPECT_FALSE(machine->floating().has_io());
}

TEST_F(InterruptionsTest, AnAdapterInterruptionIsOneIndicationForItsSubclass) {
  Make();
  for (int i = 0; i < 3; ++i) machine->InjectIo({0, 0, 0, 0x80000000 | 1u << 27});
  EXPECT_TRUE(machine->TakeIo(kAllSubclasses));
  EXPECT_FALSE(machine->TakeIo(kAllSubclasses));
}

TEST_F(InterruptionsTest, AMaskedOneMakesTheEngineTellWhenItsMaskOpens) {
  Make();
  machine->InjectIo({1, 1, 0, 5u << 27});
  machine->InjectServiceSignal(8);
  machine->InjectChannelReport();
  On(0, [&] {
    cpu().set_psw({k64Bit, 0});
    ClearInterceptionRequests(vcpu());
    SetInterceptionRequests(vcpu());
  });
  EXPECT_EQ(vcpu().kvm().Flags() & (uapi::kCpuIoInt | uapi::kCpuExtInt),
            uapi::kCpuIoInt | uapi::kCpuExtInt);
  EXPECT_EQ(fake().block.ictl & uapi::kIctlLpsw, uapi::kIctlLpsw);
  EXPECT_EQ(fake().block.lctl, 0);
  On(0, [&] {
    cpu().set_psw({k64Bit | kOpen, 0});
    for (int r : {0, 6, 14}) cpu().set_cr(r, 0);
    ClearInterceptionRequests(vcpu());
    SetInterceptionRequests(vcpu());
  });
  EXPECT_EQ(vcpu().kvm().Flags() & (uapi::kCpuIoInt | uapi::kCpuExtInt), 0u);
  EXPECT_EQ(fake().block.ictl & uapi::kIctlLpsw, 0u);
  EXPECT_EQ(fake().block.lctl, 0x8000 | 0x0200 | 0x0002);
}

TEST_F(InterruptionsTest, AMachineCheckSavesTheRegisters) {
  Make();
  Open(Psw::kMachineCheck);
  On(0, [&] {
    cpu().set_gpr(5, 0x1122334455667788);
    cpu().set_fpr(3, 0x4000000000000001);
    cpu().set_cr(2, 0xcccc);
  });
  Store<uint32_t>(0x1318, 0x11111111);  // not this interruption's
  machine->InjectChannelReport();
  Deliver();
  EXPECT_EQ(Load<uint64_t>(prefix_area::kMachineCheckCode), 0x00400f1d40330000u);
  EXPECT_EQ(Load<uint64_t>(0x1280 + 5 * 8), 0x1122334455667788u);
  EXPECT_EQ(Load<uint64_t>(0x1200 + 3 * 8), 0x4000000000000001u);
  EXPECT_EQ(Load<uint64_t>(0x1380 + 2 * 8), 0xccccu);
  EXPECT_EQ(Load<uint64_t>(0x1330), 0x00ffffffffffffffu);
  EXPECT_EQ(Load<uint32_t>(0x1318), 0x11111111u);
  EXPECT_EQ(Load<uint8_t>(prefix_area::kArchitecturalModeId), 1);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kMachineCheckOldPsw + 8), 0x5000u);
  EXPECT_EQ(cpu().psw().address, NewPswAddress(prefix_area::kMachineCheckNewPsw));
}

// They go where the guest says, and the validity bit says whether they did.
TEST_F(InterruptionsTest, AMachineCheckSavesTheVectorRegisters) {
  constexpr uint64_t kValidVectors = 0x0000004000000000;
  constexpr uint64_t kSaveArea = 0x6000;
  device.facilities.Set(static_cast<int>(hypervisor::Facility::kVector), true);
  Make();
  for (const uint64_t area : {uint64_t{0}, kSaveArea, ~uint64_t{0x3ff}}) {
    Open(Psw::kMachineCheck);
    On(0, [&] {
      cpu().run().s.regs.vrs[31][0] = 0x3131313131313131;
      cpu().run().s.regs.vrs[31][1] = 0x1313131313131313;
    });
    Store<uint64_t>(prefix_area::kMachineCheckExtendedSave, area);
    machine->InjectChannelReport();
    Deliver();
    EXPECT_EQ(Load<uint64_t>(prefix_area::kMachineCheckCode) & kValidVectors,
              area == kSaveArea ? kValidVectors : 0);
  }
  EXPECT_EQ(Load<uint64_t>(kSaveArea + 31 * 16), 0x3131313131313131u);
  EXPECT_EQ(Load<uint64_t>(kSaveArea + 31 * 16 + 8), 0x1313131313131313u);
}

TEST_F(InterruptionsTest,
       AnExigentMachineCheckComesBeforeAProgramInterruptionAndThatBeforeAReport) {
  Make();
  Open();
  machine->InjectChannelReport();
  uapi::Irq program = Irq(uapi::kProgramInt);
  program.pgm.code = 0x0d;
  ASSERT_TRUE(vcpu().Inject(program).ok());
  uapi::Irq damage = Irq(uapi::kMchk);
  damage.mchk.mcic = uint64_t{1} << 62;
  ASSERT_TRUE(vcpu().Inject(damage).ok());
  Store<uint64_t>(prefix_area::kProgramNewPsw, k64Bit | Psw::kMachineCheck);
  Deliver();
  // machine check, program, machine check
  EXPECT_EQ(Load<uint64_t>(prefix_area::kProgramOldPsw + 8),
            NewPswAddress(prefix_area::kMachineCheckNewPsw));
  EXPECT_EQ(Load<uint64_t>(prefix_area::kMachineCheckOldPsw + 8),
            NewPswAddress(prefix_area::kProgramNewPsw));
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramCode), 0x0d);
}

TEST_F(InterruptionsTest, ATimerThatItsNewPswEnablesIsALoop) {
  Make();
  Open();
  On(0, [&] {
    cpu().set_clock_comparator(0);
    Store<uint64_t>(prefix_area::kExternalNewPsw, k64Bit | Psw::kExternal);
    const Disposition end = DeliverInterruptions(vcpu(), /*timers=*/true);
    ASSERT_EQ(end.kind(), Disposition::Kind::kCrash);
    EXPECT_EQ(end.cause(), CrashCause::kExternalInterruptionLoop);
  });
}

TEST_F(InterruptionsTest, ThePrefixAreaTakesThem) {
  Make();
  Open();
  Store<uint64_t>(0x4000 + prefix_area::kExternalNewPsw, k64Bit);
  Store<uint64_t>(0x4000 + prefix_area::kExternalNewPsw + 8, uint64_t{0x77000});
  On(0, [&] { cpu().set_prefix(0x4000); });
  machine->InjectServiceSignal(1);
  Deliver();
  EXPECT_EQ(cpu().psw().address, 0x77000u);
  EXPECT_EQ(Load<uint16_t>(0x4000 + prefix_area::kExternalCode), 0x2401);
}

TEST_F(InterruptionsTest, APrefixAreaThatIsNoStorageIsACrash) {
  Make();
  Open();
  On(0, [&] { cpu().set_prefix(0x7ffe000); });
  machine->InjectServiceSignal(1);
  On(0, [&] { EXPECT_EQ(DeliverInterruptions(vcpu(), false).cause(), CrashCause::kNoPrefixArea); });
}

struct Rule {
  uint32_t type;
  bool floats;
  bool is_local;
};

TEST_F(InterruptionsTest, WhatFloatsIsNotLocalAndTheOtherWayRound) {
  Make(2);
  for (const Rule& rule : std::vector<Rule>{{uapi::kSigpStop, false, true},
                                            {uapi::kProgramInt, false, true},
                                            {uapi::kSigpSetPrefix, false, true},
                                            {uapi::kRestart, false, true},
                                            {uapi::kIntPfaultInit, false, true},
                                            {uapi::kIntPfaultDone, true, false},
                                            {uapi::kMchk, true, true},
                                            {uapi::kIntClockComp, false, true},
                                            {uapi::kIntCpuTimer, false, true},
                                            {uapi::kIntEmergency, false, true},
                                            {uapi::kIntExternalCall, false, true},
                                            {uapi::kIntService, true, false},
                                            {uapi::kIntVirtio, true, false},
                                            {0x00010000, true, false},
                                            {0xfffe7777, false, false}}) {
    uapi::Irq irq = Irq(rule.type);
    if (rule.type == uapi::kProgramInt) irq.pgm.code = 1;
    if (rule.type == uapi::kMchk) irq.mchk.cr14 = hypervisor::cr14::kChannelReport;
    // Clear what the one before left, a stop or a restart above all.
    On(0, [&] { ASSERT_TRUE(vcpu().ApplyReset(Vcpu::Reset::kNormal).ok()); });
    const absl::Status floating = machine->Inject(irq);
    const absl::Status local = vcpu().Inject(irq);
    EXPECT_EQ(floating.code(),
              rule.floats ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument)
        << std::hex << rule.type << floating;
    EXPECT_EQ(local.code(),
              rule.is_local ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument)
        << std::hex << rule.type << local;
  }
}

TEST_F(InterruptionsTest, InjectionChecksItsArguments) {
  Make();
  uapi::Irq irq = Irq(uapi::kIntEmergency);
  irq.emerg.code = 9;
  EXPECT_EQ(vcpu().Inject(irq).code(), absl::StatusCode::kInvalidArgument);
  irq = Irq(uapi::kIntExternalCall);
  EXPECT_TRUE(vcpu().Inject(irq).ok());
  EXPECT_EQ(vcpu().Inject(irq).code(), absl::StatusCode::kFailedPrecondition);
  irq = Irq(uapi::kSigpStop);
  irq.stop.flags = 2;
  EXPECT_EQ(vcpu().Inject(irq).code(), absl::StatusCode::kInvalidArgument);
  irq = Irq(uapi::kSigpSetPrefix);
  irq.prefix.address = 0x7f000000;
  EXPECT_EQ(vcpu().Inject(irq).code(), absl::StatusCode::kInvalidArgument);
  irq.prefix.address = 0x4000;
  EXPECT_TRUE(vcpu().Inject(irq).ok());
  EXPECT_EQ(cpu().prefix(), 0x4000u);
  irq = Irq(uapi::kProgramInt);
  EXPECT_EQ(vcpu().Inject(irq).code(), absl::StatusCode::kInvalidArgument);
  irq = Irq(uapi::kMchk);
  EXPECT_EQ(machine->Inject(irq).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(InterruptionsTest, PerAndAnotherProgramInterruptionMerge) {
  Make();
  Open(0);
  uapi::Irq per = Irq(uapi::kProgramInt);
  per.pgm.code = 0x80;
  per.pgm.per_code = 0x40;
  per.pgm.per_address = 0x1234;
  uapi::Irq data = Irq(uapi::kProgramInt);
  data.pgm.code = 0x07;
  data.pgm.data_exc_code = 2;
  ASSERT_TRUE(vcpu().Inject(per).ok());
  ASSERT_TRUE(vcpu().Inject(data).ok());
  Deliver();
  EXPECT_EQ(Load<uint16_t>(prefix_area::kProgramCode), 0x87);
  EXPECT_EQ(Load<uint32_t>(prefix_area::kDataExceptionCode), 2u);
  EXPECT_EQ(Load<uint8_t>(prefix_area::kPerCode), 0x40);
  EXPECT_EQ(Load<uint64_t>(prefix_area::kPerAddress), 0x1234u);
}

TEST_F(InterruptionsTest, WhatWaitsIsListedInTheOrderInWhichItIsTaken) {
  Make();
  vcpu().pending().AddEmergencySignal(3);
  uapi::Irq program = Irq(uapi::kProgramInt);
  program.pgm.code = 6;
  vcpu().pending().AddProgram(program);
  const std::vector<uapi::Irq> local = vcpu().pending().List();
  ASSERT_EQ(local.size(), 2u);
  EXPECT_EQ(local[0].type, uapi::kProgramInt);
  EXPECT_EQ(local[0].pgm.code, 6);
  EXPECT_EQ(local[1].type, uapi::kIntEmergency);
  EXPECT_EQ(local[1].emerg.code, 3);

  ASSERT_TRUE(machine->floating().AddIo({0x0003, 7, 0xabcd, 3u << 27}));
  machine->floating().AddServiceSignal(0x2000);
  const std::vector<uapi::Irq> floating = machine->floating().List();
  ASSERT_EQ(floating.size(), 2u);
  EXPECT_EQ(floating[0].type, uapi::kIntService);
  EXPECT_EQ(floating[0].ext.ext_params, 0x2000u);
  EXPECT_EQ(floating[1].type, 0x10007u);  // subchannel set 1, number 7
  EXPECT_EQ(floating[1].io.io_int_parm, 0xabcdu);
  machine->floating().Clear();
  EXPECT_TRUE(machine->floating().List().empty());
}

}  // namespace
}  // namespace ucontrol
