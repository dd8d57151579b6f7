// CPUs of a VM translate for each other: what that saves, and that nothing else comes of it.
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/concurrency/shared_storage.h"

namespace hypervisor {
namespace {

constexpr uint64_t kCode = 0x10000;
constexpr uint64_t kRoutine = 0x30000;
constexpr uint64_t kWord = 0x20000;
constexpr uint64_t kAnswer = 0x20008;

// Two CPUs, unless a test wants more, under the modes of the translator that it wants.
class SharedCodeTest : public testing::Test {
 protected:
  void Make(size_t cpus, const char* chaos = "") {
    const char* engine = std::getenv("UCONTROL_ENGINE");
    if (engine && std::string(engine) == "interpreter") GTEST_SKIP() << "it translates nothing";
    const char* was = std::getenv("UCONTROL_CHAOS");
    const std::string kept = was ? was : "";
    setenv("UCONTROL_CHAOS", chaos, 1);
    storage_ = std::make_unique<SharedStorage>(cpus);
    kept.empty() ? unsetenv("UCONTROL_CHAOS") : setenv("UCONTROL_CHAOS", kept.c_str(), 1);
    if (!Counts(0).contains("translated blocks")) GTEST_SKIP() << "this host has no translator";
  }
  EngineStatistics Counts(size_t cpu) {
    EngineStatistics counts;
    storage_->cpus[cpu]->sie->AddStatistics(counts);
    return counts;
  }
  SharedStorage::Cpu& At(size_t cpu) { return *storage_->cpus[cpu]; }
  GuestMachine& machine() { return storage_->machine; }
  void RunAlone(size_t cpu) {
    At(cpu).state.psw.address = kCode;
    At(cpu).sie->Run(At(cpu).block, At(cpu).state);
    EXPECT_EQ(At(cpu).block.ipa, 0x8300) << std::hex << At(cpu).block.iprcc;
  }
  void RunTogether() {
    bool begun = false;
    storage_->Run([&begun] { return !std::exchange(begun, true); });
    for (const auto& cpu : storage_->cpus)
      EXPECT_EQ(cpu->block.ipa, 0x8300) << std::hex << cpu->block.iprcc;
  }

 private:
  std::unique_ptr<SharedStorage> storage_;
};

// agr 1,2 as often as register 3 says.
void PutSum(GuestMachine& machine) {
  Code code;
  code.Put({0xb9, 0x08, 0x00, 0x12});  // agr 1,2
  code.BranchOnCount(3, 0);
  code.Put({0x83, 0x00, 0x00, 0x44});  // diag
  code.PutAt(machine, kCode);
}

TEST_F(SharedCodeTest, WhatOneCpuHasTranslatedAnotherExecutes) {
  Make(2);
  if (IsSkipped()) return;
  PutSum(machine());
  for (const size_t cpu : {0, 1}) {
    At(cpu).state.gpr[1] = 0;
    At(cpu).state.gpr[2] = 7;
    At(cpu).state.gpr[3] = 1000;
    RunAlone(cpu);
    EXPECT_EQ(At(cpu).state.gpr[1], 7000u);
  }
  EXPECT_GT(Counts(0)["translated blocks"], 0u);
  EXPECT_EQ(Counts(0)["exits: first entry"], 0u);
  EXPECT_EQ(Counts(1)["translated blocks"], 0u);
  EXPECT_GT(Counts(1)["exits: first entry"], 0u);
  EXPECT_EQ(Counts(0)["bytes of code"], Counts(1)["bytes of code"]);
}

// PoP: Program Execution, "Conceptual Sequence": a CPU's own store is seen by the fetch of the
// next instruction, whoever has translated what it hits.
TEST_F(SharedCodeTest, ACpusOwnStoreIntoWhatAnotherTranslatedIsSeenAtOnce) {
  Make(2);
  if (IsSkipped()) return;
  Code code;
  code.Put({0xc0, 0xe5, 0x00, 0x01, 0x00, 0x00});  // brasl 14,kRoutine
  code.Put({0x40, 0x40, 0x60, 0x02});              // sth 4,2(6): the routine's operand
  code.Put({0xc0, 0xe5, 0x00, 0x00, 0xff, 0xfb});  // brasl 14,kRoutine
  code.Put({0x83, 0x00, 0x00, 0x44});              // diag
  code.PutAt(machine(), kCode);
  Code routine;
  routine.Put({0xa7, 0x2b, 0x00, 0x01});  // aghi 2,1
  routine.Put({0x07, 0xfe});              // br 14
  for (const size_t cpu : {0, 1, 0, 1}) {
    routine.PutAt(machine(), kRoutine);
    At(cpu).state.gpr[2] = 0;
    At(cpu).state.gpr[4] = 100;
    At(cpu).state.gpr[6] = kRoutine;
    RunAlone(cpu);
    EXPECT_EQ(At(cpu).state.gpr[2], 101u) << cpu;
  }
}

// One CPU changes an instruction, and then a word; the other fetches the word, serializes, and must
// execute what the instruction has become.
TEST_F(SharedCodeTest, AnotherCpusStoreIsSeenBehindASerialization) {
  Make(2);
  if (IsSkipped()) return;
  constexpr uint64_t kChanges = 300;
  Code executes;  // for turns 1 to gpr 3: 4 is the turn, 5 the word's address, 6 the routine's
  executes.Put({0xa7, 0x4b, 0x00, 0x01});      // aghi 4,1
  executes.Put({0x59, 0x40, 0x50, 0x00});      // c 4,0(5)
  executes.BranchIf(7, 4);                     // until it is this turn's
  executes.Put({0x07, 0xf0});                  // bcr 15,0
  executes.Put({0x0d, 0xe6});                  // basr 14,6: lhi 2,turn
  executes.Put({0x19, 0x24});                  // cr 2,4
  executes.BranchIf(7, executes.size() + 12);  // it isn't: end
  executes.Put({0x50, 0x20, 0x50, 0x08});      // st 2,8(5): the answer
  executes.BranchOnCount(3, 0);
  executes.Put({0x83, 0x00, 0x00, 0x44});  // diag
  executes.PutAt(machine(), kCode);
  Code changes;
  changes.Put({0xa7, 0x4b, 0x00, 0x01});  // aghi 4,1
  changes.Put({0x40, 0x40, 0x60, 0x02});  // sth 4,2(6)
  changes.Put({0x50, 0x40, 0x50, 0x00});  // st 4,0(5)
  const size_t wait = changes.size();
  changes.Put({0x59, 0x40, 0x50, 0x08});  // c 4,8(5)
  changes.BranchIf(7, wait);
  changes.BranchOnCount(3, 0);
  changes.Put({0x83, 0x00, 0x00, 0x44});  // diag
  changes.PutAt(machine(), kCode + 0x1000);
  Code routine;
  routine.Put({0xa7, 0x28, 0x00, 0x00});  // lhi 2,0
  routine.Put({0x07, 0xfe});              // br 14
  routine.PutAt(machine(), kRoutine);
  for (const size_t cpu : {0, 1}) {
    CpuState& state = At(cpu).state;
    state.psw.address = kCode + 0x1000 * cpu;
    state.gpr[2] = 0;
    state.gpr[3] = kChanges;
    state.gpr[4] = 0;
    state.gpr[5] = kWord;
    state.gpr[6] = kRoutine;
  }
  RunTogether();
  EXPECT_EQ(At(0).state.gpr[2], kChanges);
  EXPECT_EQ(machine().Read<uint32_t>(kAnswer), kChanges);
}

// A page of code that is stored into all the time is watched no more; both go on in it.
TEST_F(SharedCodeTest, BothExecuteInAPageThatBothStoreInto) {
  Make(2);
  if (IsSkipped()) return;
  constexpr uint64_t kTurns = 5000;
  Code code;
  code.Put({0x50, 0x10, 0x57, 0x00});  // st 1,0x700(5): in this page
  code.Put({0xb9, 0x08, 0x00, 0x12});  // agr 1,2
  code.BranchOnCount(3, 0);
  code.Put({0x83, 0x00, 0x00, 0x44});  // diag
  code.PutAt(machine(), kCode);
  for (const size_t cpu : {0, 1}) {
    CpuState& state = At(cpu).state;
    state.psw.address = kCode;
    state.gpr[1] = 0;
    state.gpr[2] = 3;
    state.gpr[3] = kTurns;
    state.gpr[5] = kCode + 16 * cpu;
  }
  RunTogether();
  for (const size_t cpu : {0, 1}) {
    EXPECT_EQ(At(cpu).state.gpr[1], 3 * kTurns);
    EXPECT_EQ(machine().Read<uint32_t>(kCode + 16 * cpu + 0x700), 3 * (kTurns - 1));
  }
}

// Whoever looks for code has all of it forgotten, while the others execute it.
TEST_F(SharedCodeTest, CodeIsForgottenWhileOthersExecuteIt) {
  Make(4, "flush");
  if (IsSkipped()) return;
  constexpr uint64_t kTurns = 100;
  Code code;
  code.Put({0xeb, 0x08, 0x50, 0x00, 0x00, 0xf8});  // laa 0,8,0(5)
  code.Put({0xc0, 0xe5, 0x00, 0x00, 0xff, 0xfd});  // brasl 14,kRoutine
  code.BranchOnCount(3, 0);
  code.Put({0x83, 0x00, 0x00, 0x44});  // diag
  code.PutAt(machine(), kCode);
  Code routine;
  routine.Put({0xa7, 0x2b, 0x00, 0x01});  // aghi 2,1
  routine.Put({0x07, 0xfe});              // br 14
  routine.PutAt(machine(), kCode + 0x20000);
  for (size_t cpu = 0; cpu < 4; ++cpu) {
    CpuState& state = At(cpu).state;
    state.psw.address = kCode;
    state.gpr[2] = 0;
    state.gpr[3] = kTurns;
    state.gpr[5] = kWord;
    state.gpr[8] = 1;
  }
  RunTogether();
  for (size_t cpu = 0; cpu < 4; ++cpu) {
    EXPECT_EQ(At(cpu).state.gpr[2], kTurns);
    EXPECT_GT(Counts(cpu)["translations forgotten, all"], kTurns / 2);
  }
  EXPECT_EQ(machine().Read<uint32_t>(kWord), 4 * kTurns);
}

}  // namespace
}  // namespace hypervisor
