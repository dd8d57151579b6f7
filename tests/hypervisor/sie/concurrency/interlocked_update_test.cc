// Four CPUs update the same location (PoP: Program Execution, "Interlocked-Update References"):
// none of their updates is lost.
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "gtest/gtest.h"
#include "tests/hypervisor/sie/concurrency/shared_storage.h"

namespace hypervisor {
namespace {

constexpr size_t kCpus = 4;
constexpr uint64_t kCode = 0x10000;  // 0x1000 a CPU
constexpr uint64_t kWord = 0x20000;
constexpr uint64_t kLock = 0x20100;

// Fewer if each takes the translator's rare ways.
uint64_t Turns() {
  return std::getenv("UCONTROL_CHAOS") ? 200 : 20'000;
}

class InterlockedUpdateTest : public testing::Test {
 protected:
  // Each CPU repeats `update`, with the word's address in general register 5, the lock's in 6, and
  // its number in 7; 8 and 9 are one.
  void Run(const Code& update) {
    for (size_t number = 0; number < kCpus; ++number) {
      Code code = update;
      code.BranchOnCount(11, 0);
      code.Put({0x83, 0x00, 0x00, 0x44});  // diag
      code.PutAt(storage_.machine, kCode + 0x1000 * number);
      CpuState& state = storage_.cpus[number]->state;
      state.psw.address = kCode + 0x1000 * number;
      state.gpr[5] = kWord;
      state.gpr[6] = kLock;
      state.gpr[7] = number;
      state.gpr[8] = state.gpr[9] = 1;
      state.gpr[11] = Turns();
    }
    bool begun = false;
    storage_.Run([&begun] { return !std::exchange(begun, true); });
    for (const auto& cpu : storage_.cpus)
      EXPECT_EQ(cpu->block.ipa, 0x8300) << std::hex << cpu->block.iprcc;
  }
  GuestMachine& machine() { return storage_.machine; }

 private:
  SharedStorage storage_{kCpus};
};

// Plain additions are lost: it shows that the CPUs do meet. Whether they do is the host's affair.
TEST_F(InterlockedUpdateTest, PlainUpdatesMeet) {
  if (std::getenv("UCONTROL_CHAOS")) GTEST_SKIP() << "so slow that they hardly do";
  Code code;
  code.Put({0x58, 0x00, 0x50, 0x00});  // l 0,0(5)
  code.Put({0xa7, 0x0a, 0x00, 0x01});  // ahi 0,1
  code.Put({0x50, 0x00, 0x50, 0x00});  // st 0,0(5)
  uint64_t lost = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (lost == 0 && std::chrono::steady_clock::now() < end) {
    machine().Put<uint32_t>(kWord, 0);
    Run(code);
    lost = kCpus * Turns() - machine().Read<uint32_t>(kWord);
  }
  if (std::thread::hardware_concurrency() == 1) GTEST_SKIP() << "one CPU of the host";
  EXPECT_GT(lost, 0u);
}

TEST_F(InterlockedUpdateTest, LoadAndAdd) {
  Code code;
  code.Put({0xeb, 0x09, 0x50, 0x00, 0x00, 0xf8});  // laa 0,9,0(5)
  code.Put({0xeb, 0x09, 0x50, 0x08, 0x00, 0xfa});  // laal 0,9,8(5)
  code.Put({0xeb, 0x09, 0x50, 0x10, 0x00, 0xe8});  // laag 0,9,16(5)
  code.Put({0xeb, 0x09, 0x50, 0x18, 0x00, 0xea});  // laalg 0,9,24(5)
  Run(code);
  EXPECT_EQ(machine().Read<uint32_t>(kWord), kCpus * Turns());
  EXPECT_EQ(machine().Read<uint32_t>(kWord + 8), kCpus * Turns());
  EXPECT_EQ(machine().Read<uint64_t>(kWord + 16), kCpus * Turns());
  EXPECT_EQ(machine().Read<uint64_t>(kWord + 24), kCpus * Turns());
}

TEST_F(InterlockedUpdateTest, AddImmediateToStorage) {
  Code code;
  code.Put({0xeb, 0x01, 0x50, 0x00, 0x00, 0x6a});  // asi 0(5),1
  code.Put({0xeb, 0x01, 0x50, 0x08, 0x00, 0x6e});  // alsi 8(5),1
  code.Put({0xeb, 0x01, 0x50, 0x10, 0x00, 0x7a});  // agsi 16(5),1
  code.Put({0xeb, 0x01, 0x50, 0x18, 0x00, 0x7e});  // algsi 24(5),1
  Run(code);
  EXPECT_EQ(machine().Read<uint32_t>(kWord), kCpus * Turns());
  EXPECT_EQ(machine().Read<uint32_t>(kWord + 8), kCpus * Turns());
  EXPECT_EQ(machine().Read<uint64_t>(kWord + 16), kCpus * Turns());
  EXPECT_EQ(machine().Read<uint64_t>(kWord + 24), kCpus * Turns());
}

// Each CPU has a byte's bit of its own: it finds it as it left it, whatever becomes of the others.
TEST_F(InterlockedUpdateTest, AndOrExclusiveOr) {
  Code code;
  code.Put({0xa7, 0x28, 0x00, 0x01});              // lhi 2,1
  code.Put({0x89, 0x20, 0x70, 0x00});              // sll 2,0(7)
  code.Put({0x18, 0x32});                          // lr 3,2
  code.Put({0xa7, 0x49, 0xff, 0xff});              // lghi 4,-1
  code.Put({0x17, 0x34});                          // xr 3,4: all but it
  code.Put({0xeb, 0x02, 0x50, 0x00, 0x00, 0xf6});  // lao 0,2,0(5): on
  code.Put({0xeb, 0x02, 0x50, 0x04, 0x00, 0xf7});  // lax 0,2,4(5): turned
  code.Put({0xeb, 0x13, 0x50, 0x00, 0x00, 0xf4});  // lan 1,3,0(5): off
  code.Put({0x14, 0x02});                          // nr 0,2: of the word at 4, before
  code.Put({0xeb, 0x00, 0x60, 0x08, 0x00, 0xf8});  // laa 0,0,8(6): adds it up
  code.Put({0x14, 0x12});                          // nr 1,2: it was on
  code.Put({0xeb, 0x11, 0x60, 0x00, 0x00, 0xf8});  // laa 1,1,0(6)
  Run(code);
  const uint64_t each = (1u << kCpus) - 1;
  EXPECT_EQ(machine().Read<uint32_t>(kWord), 0u);
  EXPECT_EQ(machine().Read<uint32_t>(kWord + 4), 0u);
  EXPECT_EQ(machine().Read<uint32_t>(kLock), Turns() * each);          // always
  EXPECT_EQ(machine().Read<uint32_t>(kLock + 8), Turns() / 2 * each);  // every other time
}

TEST_F(InterlockedUpdateTest, CompareAndSwap) {
  Code code;
  code.Put({0x58, 0x20, 0x50, 0x00});  // l 2,0(5)
  size_t again = code.size();
  code.Put({0x18, 0x32});              // lr 3,2
  code.Put({0xa7, 0x3a, 0x00, 0x01});  // ahi 3,1
  code.Put({0xba, 0x23, 0x50, 0x00});  // cs 2,3,0(5)
  code.BranchIf(7, again);
  code.Put({0xe3, 0x20, 0x50, 0x08, 0x00, 0x04});  // lg 2,8(5)
  again = code.size();
  code.Put({0xb9, 0x04, 0x00, 0x32});              // lgr 3,2
  code.Put({0xa7, 0x3b, 0x00, 0x01});              // aghi 3,1
  code.Put({0xeb, 0x23, 0x50, 0x08, 0x00, 0x30});  // csg 2,3,8(5)
  code.BranchIf(7, again);
  Run(code);
  EXPECT_EQ(machine().Read<uint32_t>(kWord), kCpus * Turns());
  EXPECT_EQ(machine().Read<uint64_t>(kWord + 8), kCpus * Turns());
}

// Both halves of 16 bytes, and both of eight.
TEST_F(InterlockedUpdateTest, CompareDoubleAndSwap) {
  Code code;
  code.Put({0xeb, 0x23, 0x50, 0x00, 0x00, 0x04});  // lmg 2,3,0(5)
  size_t again = code.size();
  code.Put({0xb9, 0x04, 0x00, 0xc2});              // lgr 12,2
  code.Put({0xb9, 0x04, 0x00, 0xd3});              // lgr 13,3
  code.Put({0xa7, 0xcb, 0x00, 0x01});              // aghi 12,1
  code.Put({0xa7, 0xdb, 0xff, 0xff});              // aghi 13,-1
  code.Put({0xeb, 0x2c, 0x50, 0x00, 0x00, 0x3e});  // cdsg 2,12,0(5)
  code.BranchIf(7, again);
  code.Put({0x98, 0x23, 0x50, 0x10});  // lm 2,3,16(5)
  again = code.size();
  code.Put({0x18, 0xc2});              // lr 12,2
  code.Put({0x18, 0xd3});              // lr 13,3
  code.Put({0xa7, 0xca, 0x00, 0x01});  // ahi 12,1
  code.Put({0xa7, 0xda, 0xff, 0xff});  // ahi 13,-1
  code.Put({0xbb, 0x2c, 0x50, 0x10});  // cds 2,12,16(5)
  code.BranchIf(7, again);
  Run(code);
  EXPECT_EQ(machine().Read<uint64_t>(kWord), kCpus * Turns());
  EXPECT_EQ(machine().Read<uint64_t>(kWord + 8), -kCpus * Turns());
  EXPECT_EQ(machine().Read<uint32_t>(kWord + 16), kCpus * Turns());
  EXPECT_EQ(machine().Read<uint32_t>(kWord + 20), static_cast<uint32_t>(-kCpus * Turns()));
}

// A lock of TEST AND SET, opened by a plain store, around a plain addition.
TEST_F(InterlockedUpdateTest, WhatALockGuards) {
  Code code;
  const size_t again = code.size();
  code.Put({0x93, 0x00, 0x60, 0x00});  // ts 0(6)
  code.BranchIf(7, again);
  code.Put({0x58, 0x00, 0x50, 0x00});  // l 0,0(5)
  code.Put({0xa7, 0x0a, 0x00, 0x01});  // ahi 0,1
  code.Put({0x50, 0x00, 0x50, 0x00});  // st 0,0(5)
  code.Put({0x92, 0x00, 0x60, 0x00});  // mvi 0(6),0
  Run(code);
  EXPECT_EQ(machine().Read<uint32_t>(kWord), kCpus * Turns());
}

}  // namespace
}  // namespace hypervisor
