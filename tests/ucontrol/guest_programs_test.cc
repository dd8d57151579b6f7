// Guest programs on the software device: the monitor and the engine together.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "hypervisor/core/software_device.h"
#include "tests/ucontrol/machine_fixture.h"
#include "ucontrol/boot/boot_image.h"
#include "ucontrol/instruction/instruction_table.h"

namespace ucontrol {
namespace {

using hypervisor::GuestAbsolute;

constexpr uint64_t kStorageSize = 4 * hypervisor::kSegmentSize;
constexpr uint64_t kResults = 0x2000;

std::vector<uint8_t> ReadGuest(const std::string& name) {
  std::ifstream file("tests/ucontrol/guests/" + name + ".elf", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class GuestProgramsTest : public testing::Test {
 protected:
  void Make(const std::string& program, int vcpus = 1) {
    const std::vector<uint8_t> image = ReadGuest(program);
    ASSERT_FALSE(image.empty()) << program;
    Machine::Configuration configuration;
    configuration.instructions = &FindInstruction;
    configuration.listener = &listener;
    configuration.loader = [image](Machine& of, Vcpu& first) -> absl::Status {
      const auto psw = LoadProgram(of, {.image = image, .initrd = {}, .command_line = {}});
      if (!psw.ok()) return psw.status();
      return first.SetInitialPsw(*psw);
    };
    auto made = Machine::Create(device, configuration);
    ASSERT_TRUE(made.ok()) << made.status();
    machine = *std::move(made);
    ASSERT_TRUE(machine->memories().Create("ram", {.size = kStorageSize}).ok());
    ASSERT_TRUE(machine->MapStorage("ram", 0, GuestAbsolute(0), kStorageSize).ok());
    for (int i = 0; i < vcpus; ++i) ASSERT_TRUE(machine->AddVcpu(i).ok());
  }
  uint64_t Result(int i) {
    uint8_t bytes[8];
    EXPECT_TRUE(machine->Read(GuestAbsolute(kResults + 8 * i), bytes, 8));
    return LoadBigEndian<uint64_t>(bytes);
  }
  // For messages: what the first CPU does.
  std::string Where() {
    CpuReport report;
    Vcpu& vcpu = *machine->FindVcpu(0);
    vcpu.Call([&] {
          report = vcpu.Report();
          return absl::OkStatus();
        })
        .IgnoreError();
    return absl::StrFormat("PSW 0x%016x 0x%016x icptcode 0x%x ipa 0x%x ipb 0x%x results %x %x %x",
                           report.psw.mask, report.psw.address, report.icptcode, report.ipa,
                           report.ipb, Result(0), Result(1), Result(2));
  }
  void SetResult(int i, uint64_t value) {
    uint8_t bytes[8];
    StoreBigEndian(bytes, value);
    ASSERT_TRUE(machine->Write(GuestAbsolute(kResults + 8 * i), bytes, 8));
  }

  hypervisor::SoftwareDevice device;
  RecordingListener listener;
  std::unique_ptr<Machine> machine;
};

TEST_F(GuestProgramsTest, TwoCpusStartSignalCountAndStop) {
  Make("smp", 2);
  ASSERT_TRUE(machine->Load(LoadKind::kClear).ok());
  ASSERT_TRUE(listener.AwaitState(MachineState::kStopped)) << Result(0) << " " << Result(1);
  EXPECT_EQ(Result(0), 2000u);
  EXPECT_EQ(Result(1), 2000u);
  EXPECT_EQ(Result(2), 200000u);
  EXPECT_EQ(Result(3), 1000u);
  EXPECT_EQ(Result(4), 1u);
  EXPECT_EQ(Result(5), 0x12010001u);
  // From an order to a waiting CPU until that CPU answers.
  RecordProperty("wakeup_ns", static_cast<int>(hypervisor::NanosecondsFromTod(Result(6)) / 4000));
}

TEST_F(GuestProgramsTest, TimersInterruptAtTheirTime) {
  Make("timers");
  ASSERT_TRUE(machine->Load(LoadKind::kClear).ok());
  ASSERT_TRUE(listener.AwaitState(MachineState::kStopped));
  EXPECT_EQ(Result(1), 50u);
  RecordProperty("longest_delay_ns", static_cast<int>(hypervisor::NanosecondsFromTod(Result(0))));
  EXPECT_LT(hypervisor::NanosecondsFromTod(Result(0)), 20'000'000u);
  EXPECT_EQ(Result(2), 0x1005u);
  EXPECT_GE(hypervisor::NanosecondsFromTod(Result(3)), 4'900'000u);
  EXPECT_LT(hypervisor::NanosecondsFromTod(Result(3)), 50'000'000u);
  EXPECT_EQ(Result(4) >> 63, 1u);
  EXPECT_EQ(Result(5), 0x1004u);
}

TEST_F(GuestProgramsTest, ProgramInterruptionsHaveTheirCodesAndLengths) {
  Make("faults");
  ASSERT_TRUE(machine->Load(LoadKind::kClear).ok());
  ASSERT_TRUE(listener.AwaitState(MachineState::kStopped)) << Where();
  struct {
    uint64_t code_and_length;
    uint64_t old_psw;
  } const expected[] = {
      {0x00010002, 2}, {0x00050006, 14}, {0x00060004, 4}, {0x00060004, 4}, {0x00060006, 6}};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Result(2 * i), expected[i].code_and_length) << i;
    EXPECT_EQ(Result(2 * i + 1), expected[i].old_psw) << i;
  }
}

TEST_F(GuestProgramsTest, AProgramCompiledForZ13UsesVectors) {
  Make("vectors", 2);
  ASSERT_TRUE(machine->Load(LoadKind::kClear).ok());
  ASSERT_TRUE(listener.AwaitState(MachineState::kStopped)) << Where();
  EXPECT_NE(Result(0) & uint64_t{1} << 62, 0u);  // facility 129
  EXPECT_EQ(Result(1), 0x7000000feu);            // data exception, vector instruction
  EXPECT_EQ(Result(2), 1500684u);
  EXPECT_EQ(Result(3), 83208375u);
  EXPECT_EQ(Result(4), 0u);
  EXPECT_EQ(Result(5), 0x3333333333333333u);
  EXPECT_EQ(Result(6), 0x4444444444444444u);
}

TEST_F(GuestProgramsTest, CrashesAreRecognised) {
  const CrashCause causes[] = {CrashCause::kDisabledWait, CrashCause::kProgramInterruptionLoop,
                               CrashCause::kOperationExceptionLoop,
                               CrashCause::kProgramInterruptionLoop,
                               CrashCause::kExternalInterruptionLoop};
  Make("loop");
  for (uint64_t i = 0; i < std::size(causes); ++i) {
    listener.Forget();
    SetResult(0, i);
    ASSERT_TRUE(machine->Load(LoadKind::kClear).ok());
    const auto crash = listener.AwaitCrash();
    ASSERT_TRUE(crash) << i;
    EXPECT_EQ(crash->cause, causes[i]) << i << " " << crash->reason;
    EXPECT_EQ(crash->cpu.psw.address == 0xffe, i == 0);
  }
}

TEST_F(GuestProgramsTest, AMachineIsPausedResumedAndEndsWhileItsGuestRuns) {
  Make("smp", 2);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(machine->Load(LoadKind::kClear).ok());
    ASSERT_TRUE(machine->Pause(ClockWhilePaused::kStops).ok());
    ASSERT_TRUE(machine->Resume().ok());
  }
  machine.reset();
}

}  // namespace
}  // namespace ucontrol
