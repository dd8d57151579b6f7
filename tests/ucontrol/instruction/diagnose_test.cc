#include <gtest/gtest.h>

#include <set>

#include "hypervisor/uapi/kvm.h"
#include "tests/ucontrol/instruction/handler_fixture.h"
#include "ucontrol/channel_subsystem/channel_subsystem.h"
#include "ucontrol/diagnose/page_reference.h"
#include "ucontrol/diagnose/program_loading.h"
#include "ucontrol/diagnose/watchdog.h"
#include "ucontrol/machine_description.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;

constexpr uint64_t kPage = 0x20000;

class DiagnoseTest : public HandlerFixture {
 protected:
  DiagnoseTest() {
    Make();
    machine->AddPart(std::make_unique<PageReferences>());
    machine->AddPart(std::make_unique<IplParameters>());
    machine->AddPart(std::make_unique<ChannelSubsystem>(*machine, *machine));
    watchdog = &machine->AddPart(std::make_unique<Watchdog>([this] { ++bites; }));
  }
  // R1 is 2, R1 + 1 is 3, R3 is 4.
  static Text Diag(int code) { return Rs(0x83, 2, 4, 0, code); }
  Disposition Call(int code, uint64_t r2, uint64_t r3, uint64_t r4) {
    return Execute(Diag(code), [&](Cpu& cpu) {
      cpu.set_gpr(2, r2);
      cpu.set_gpr(3, r3);
      cpu.set_gpr(4, r4);
    });
  }
  PgmCode CodeOfCall(int code, uint64_t r2, uint64_t r3, uint64_t r4) {
    const Disposition answer = Call(code, r2, r3, r4);
    return answer.kind() == Disposition::Kind::kResume ? PgmCode::kNone
                                                       : answer.interruption().code;
  }

  Watchdog* watchdog;
  std::atomic<int> bites = 0;
};

TEST_F(DiagnoseTest, KnowsItsFunctionsAndNoOthers) {
  const std::set<int> known = {0x010, 0x044, 0x09c, 0x258, 0x288, 0x308, 0x318, 0x500, 0x501};
  for (int code = 0; code < 0x1000; ++code) {
    if (known.contains(code)) continue;
    ASSERT_EQ(CodeOfCall(code, 0, 0, 0), PgmCode::kSpecification) << std::hex << code;
  }
}

TEST_F(DiagnoseTest, TakesTheCodeFromTheWholeSecondOperandAddress) {
  EXPECT_EQ(CodeOf(Rs(0x83, 0, 0, 5, 0x40), [](Cpu& cpu) { cpu.set_gpr(5, 0xffff0000abcd0004); }),
            PgmCode::kNone);
}

TEST_F(DiagnoseTest, IsPrivileged) {
  for (int code : {0x010, 0x044, 0x09c, 0x258, 0x288, 0x308, 0x318, 0x500, 0x501, 0x777}) {
    EXPECT_EQ(CodeInProblemState(Diag(code)), PgmCode::kPrivilegedOperation);
  }
}

TEST_F(DiagnoseTest, ReleasesPages) {
#if defined(__s390x__)
  GTEST_SKIP() << "qemu-s390x ignores madvise";
#endif
  for (uint64_t page = 0x8000; page <= 0xd000; page += 0x1000) Store<uint64_t>(page, page);
  EXPECT_EQ(Execute(Diag(0x010),
                    [](Cpu& cpu) {
                      cpu.set_prefix(0xa000);
                      cpu.set_gpr(2, 0x9000);
                      cpu.set_gpr(4, 0xc000);
                    })
                .kind(),
            Disposition::Kind::kResume);
  EXPECT_EQ(Load<uint64_t>(0x8000), 0x8000u);
  EXPECT_EQ(Load<uint64_t>(0x9000), 0u);
  EXPECT_EQ(Load<uint64_t>(0xa000), 0xa000u);
  EXPECT_EQ(Load<uint64_t>(0xb000), 0xb000u);
  EXPECT_EQ(Load<uint64_t>(0xc000), 0u);
  EXPECT_EQ(Load<uint64_t>(0xd000), 0xd000u);
}

TEST_F(DiagnoseTest, ReleasesPagesOfMemoryThatIsNoFile) {
#if defined(__s390x__)
  GTEST_SKIP() << "qemu-s390x ignores madvise";
#endif
  ASSERT_TRUE(
      machine->memories().Create("more", {.size = hypervisor::kSegmentSize, .shared = false}).ok());
  ASSERT_TRUE(
      machine
          ->MapStorage("more", 0, hypervisor::GuestAbsolute(kStorageSize), hypervisor::kSegmentSize)
          .ok());
  for (const uint64_t page : {0, 0x1000, 0x2000}) Store<uint64_t>(kStorageSize + page, 1);
  EXPECT_EQ(Execute(Diag(0x010),
                    [](Cpu& cpu) {
                      cpu.set_gpr(2, kStorageSize + 0x1000);
                      cpu.set_gpr(4, kStorageSize + 0x1000);
                    })
                .kind(),
            Disposition::Kind::kResume);
  EXPECT_EQ(Load<uint64_t>(kStorageSize), 1u);
  EXPECT_EQ(Load<uint64_t>(kStorageSize + 0x1000), 0u);
  EXPECT_EQ(Load<uint64_t>(kStorageSize + 0x2000), 1u);
}

TEST_F(DiagnoseTest, RefusesToReleaseWhatIsNoRangeOfPages) {
  EXPECT_EQ(CodeOfCall(0x010, 0, 0, 0), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x010, 0x1000, 0, 0x1000), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x010, 0x9000, 0, 0x8000), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x010, 0x902a, 0, 0xa000), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x010, 0x9000, 0, 0xa02a), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x010, 0x9000, 0, ~uint64_t{0xfff}), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x010, kStorageSize, 0, ~uint64_t{0x1fff}), PgmCode::kNone);
}

TEST_F(DiagnoseTest, ShakesHandsOnPageReferences) {
  const auto store = [&](uint16_t subcode, uint64_t token, uint64_t select, uint64_t compare,
                         uint64_t architecture) {
    Store<uint64_t>(kPage, 0x0258000000050002 | uint64_t{subcode} << 32);
    Store<uint64_t>(kPage + 8, token);
    Store<uint64_t>(kPage + 16, select);
    Store<uint64_t>(kPage + 24, compare);
    Store<uint64_t>(kPage + 32, architecture);
  };
  const auto call = [&] { return CodeOfCall(0x258, kPage, 0, 99); };
  constexpr uint64_t kZ = uint64_t{1} << 63;
  EXPECT_EQ(CodeOfCall(0x258, kPage + 4, 0, 0), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x258, kStorageSize, 0, 0), PgmCode::kAddressing);
  EXPECT_EQ(call(), PgmCode::kSpecification);
  store(1, 0, 0, 0, 0);
  EXPECT_EQ(call(), PgmCode::kNone);
  EXPECT_EQ(cpu().gpr(4), 4u);
  store(1, 8, 0, 0, 0);
  EXPECT_EQ(call(), PgmCode::kSpecification);
  store(0, 0x1004, 0, 0, kZ);
  EXPECT_EQ(call(), PgmCode::kSpecification);
  store(0, 0x1000, 1, 2, kZ);
  EXPECT_EQ(call(), PgmCode::kSpecification);
  store(0, 0x1000, 0, 0, 0);
  EXPECT_EQ(call(), PgmCode::kSpecification);
  store(0, kStorageSize, 0, 0, kZ);
  EXPECT_EQ(call(), PgmCode::kAddressing);
  store(0, 0x1000, 3, 2, kZ);
  EXPECT_EQ(call(), PgmCode::kNone);
  EXPECT_EQ(cpu().gpr(4), 0u);
  EXPECT_EQ(call(), PgmCode::kNone);
  EXPECT_EQ(cpu().gpr(4), 8u);
  store(1, 0, 0, 0, 0);
  EXPECT_EQ(call(), PgmCode::kNone);
  EXPECT_EQ(cpu().gpr(4), 0u);
  store(2, 0, 0, 0, 0);
  EXPECT_EQ(call(), PgmCode::kSpecification);
}

TEST_F(DiagnoseTest, ArmsTheWatchdogByItsRules) {
  EXPECT_EQ(CodeOf(Rs(0x83, 3, 4, 0, 0x288)), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x288, 3, 15, 0), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x288, 0, 15, 42), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x288, 0, 14, 0), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x288, 1, 15, 0), PgmCode::kSpecification);
  EXPECT_EQ(CodeOfCall(0x288, 2, 15, 0), PgmCode::kSpecification);
  EXPECT_FALSE(watchdog->armed());
  EXPECT_EQ(CodeOfCall(0x288, 0, ~uint64_t{0}, 0), PgmCode::kNone);
  EXPECT_TRUE(watchdog->armed());
  EXPECT_EQ(CodeOfCall(0x288, 1, 15, 0), PgmCode::kNone);
  EXPECT_EQ(CodeOfCall(0x288, 2, 0, 0), PgmCode::kNone);
  EXPECT_FALSE(watchdog->armed());
  EXPECT_EQ(bites, 0);
}

TEST_F(DiagnoseTest, BitesOnceWhenTheTimeIsUp) {
  watchdog->Arm(std::chrono::seconds(3600));
  watchdog->Arm(std::chrono::seconds(0));
  EXPECT_TRUE(Await([&] { return bites == 1; }));
  EXPECT_FALSE(watchdog->armed());
  watchdog->Arm(std::chrono::seconds(3600));
  watchdog->Reset();
  EXPECT_FALSE(watchdog->armed());
}

TEST_F(DiagnoseTest, LoadsAgain) {
  for (const auto& [subcode, kind] :
       {std::pair{0, LoadKind::kModifiedClear}, std::pair{1, LoadKind::kNormal},
        std::pair{3, LoadKind::kClear}, std::pair{4, LoadKind::kClear}}) {
    const Disposition answer = Call(0x308, 0, 0, subcode);
    EXPECT_EQ(answer.kind(), Disposition::Kind::kLoad);
    EXPECT_EQ(answer.load(), kind);
  }
  for (uint64_t subcode : {uint64_t{2}, uint64_t{7}, uint64_t{8}, uint64_t{0x101}, uint64_t{0xffff},
                           uint64_t{0x10001}, ~uint64_t{0}, uint64_t{1} << 32}) {
    EXPECT_EQ(CodeOfCall(0x308, 0, 0, subcode), PgmCode::kSpecification);
  }
}

TEST_F(DiagnoseTest, KeepsTheIplParametersAcrossAReset) {
  for (uint64_t subcode : {5, 6}) {
    EXPECT_EQ(CodeOf(Rs(0x83, 3, 4, 0, 0x308), [&](Cpu& cpu) { cpu.set_gpr(4, subcode); }),
              PgmCode::kSpecification);
    EXPECT_EQ(CodeOfCall(0x308, kPage + 0x800, 0, subcode), PgmCode::kSpecification);
    EXPECT_EQ(CodeOfCall(0x308, kStorageSize, 0, subcode), PgmCode::kAddressing);
  }
  EXPECT_EQ(CodeOfCall(0x308, kPage, 0, 6), PgmCode::kNone);
  EXPECT_EQ(cpu().gpr(3), 0x0102u);

  const auto set = [&](uint32_t length, uint8_t type) {
    Store<uint32_t>(kPage, length);
    Store<uint8_t>(kPage + 12, type);
    Store<uint8_t>(kPage + 199, 0x5a);
    EXPECT_EQ(CodeOfCall(0x308, kPage, 0, 5), PgmCode::kNone);
    return cpu().gpr(3);
  };
  EXPECT_EQ(set(199, 2), 0x0402u);
  EXPECT_EQ(set(4097, 2), 0x0402u);
  EXPECT_EQ(set(383, 0), 0x0402u);
  EXPECT_EQ(set(4096, 5), 0x0402u);
  EXPECT_EQ(set(200, 2), 0x0001u);
  machine->FindPart<IplParameters>()->Reset();
  EXPECT_EQ(CodeOfCall(0x308, kPage + 0x1000, 0, 6), PgmCode::kNone);
  EXPECT_EQ(cpu().gpr(3), 0x0001u);
  EXPECT_EQ(Load<uint32_t>(kPage + 0x1000), 200u);
  EXPECT_EQ(Load<uint8_t>(kPage + 0x1000 + 199), 0x5a);
}

TEST_F(DiagnoseTest, TakesTheControlProgramsNameIfItIsOffered) {
  EXPECT_EQ(CodeOfCall(0x318, 0, 0, 0), PgmCode::kSpecification);
  auto description = std::make_unique<MachineDescription>();
  description->facilities.Set(140, true);
  machine->AddPart<MachineDescription>(std::move(description));
  EXPECT_EQ(CodeOfCall(0x318, 0x0412345678000000, 0, 0), PgmCode::kNone);
  EXPECT_EQ(fake().run.s.regs.diag318, 0x0412345678000000u);
  EXPECT_TRUE(fake().run.kvm_dirty_regs & hypervisor::uapi::kSyncDiag318);
}

TEST_F(DiagnoseTest, AnswersVirtioCalls) {
  const auto call = [&](uint64_t subcode, uint64_t argument) {
    EXPECT_EQ(CodeOf(Diag(0x500),
                     [&](Cpu& cpu) {
                       cpu.set_gpr(1, subcode);
                       cpu.set_gpr(2, argument);
                     }),
              PgmCode::kNone);
    return static_cast<int64_t>(cpu().gpr(2));
  };
  EXPECT_EQ(call(0, kStorageSize - 1), 0);
  EXPECT_EQ(call(0, kStorageSize), -22);
  EXPECT_EQ(call(1, 0), -22);
  EXPECT_EQ(call(2, 0), -22);
  EXPECT_EQ(call(3, 0x00010000), -22);
  EXPECT_EQ(CodeOf(Diag(0x500), [](Cpu& cpu) { cpu.set_gpr(1, 4); }), PgmCode::kSpecification);
}

TEST_F(DiagnoseTest, Breaks) {
  EXPECT_EQ(Call(0x501, 0, 0, 0).kind(), Disposition::Kind::kBreakpoint);
}

}  // namespace
}  // namespace ucontrol
