// Loops that load and store vectors beside one another, and load what they just stored, in
// translated code and in the interpreter: what both leave is the same, at page ends too.
#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "hypervisor/arch/control_registers.h"
#include "hypervisor/isa/insn.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kData = 0x100000;
constexpr uint64_t kDataSize = 0x6000;
constexpr uint64_t kAbsent = kData + 0x3000;  // a page without a valid entry
constexpr uint64_t kSegmentTable = 0x80000;
constexpr uint64_t kPageTable = 0x90000;
constexpr uint64_t kTurns = 300;

// Instructions by their bytes, the leftmost first.
constexpr uint64_t Six(uint64_t text) {
  return text << 16;
}
constexpr uint64_t Four(uint64_t text) {
  return text << 32;
}
constexpr uint64_t Two(uint64_t text) {
  return text << 48;
}

FacilityList WithVectors() {
  FacilityList facilities = OfferedFacilities();
  facilities.Set(static_cast<int>(Facility::kVector), true);
  facilities.Set(static_cast<int>(Facility::kVectorEnhancements1), true);
  return facilities;
}

struct Loop {
  const char* name;
  std::vector<uint64_t> body;
};

// General register 1 is where they load from, 5 where they store.
const Loop kVectorLoops[] = {
    {"copied in another order",
     {Six(0xe72010100006), Six(0xe73010200006), Six(0xe74010000006),    // VL 2,16(1) 3,32(1) 4,0(1)
      Six(0xe7205010000e), Six(0xe7405000000e), Six(0xe7305020000e)}},  // VST
    {"the same register twice, an index",
     {Six(0xe72010000006), Six(0xe72810080006), Six(0xe7285008000e), Six(0xe7205000000e)}},
    {"found, stored",
     {Six(0xe72010000006), Six(0xe73220200081), Six(0xe74300070021),  // VL VFENEZB 3,2,2 VLGVB
      Six(0xe7205000000e), Six(0xe7305010000e)}},
    {"compared: bytes, then words",
     {Six(0xe72010000006), Six(0xe73010180006), Six(0xe74230000081),    // VFENEB 4,2,3
      Six(0xe75230002081), Six(0xe76230000080), Six(0xe7345000000e)}},  // VFENEF VFEEB 6,2,3
    {"compared with what is not loaded",
     {Six(0xe72010000006), Six(0xe74290000081), Six(0xe7205000000e)}},
    {"loaded, added to, stored before and behind",
     {Six(0xe72010000006), Six(0xe73010100006), Six(0xe7205000000e), Six(0xe722300000f3),
      Six(0xe7205010000e), Six(0xe7305020000e)}},  // VAB 2,2,3
    {"a register that waits for the next turn",
     {Six(0xe7205000000e), Six(0xe72010000006), Six(0xe7345010000e), Six(0xe73010100006)}},
    {"with a floating-point register and a branch over it",
     {Six(0xe72010000006), Six(0xe73010100006), Two(0x1947), Four(0xa7840007),  // CR 4,7 BRE *+14
      Four(0xb31a0004), Six(0xe7205000000e), Six(0xe7305010000e)}},             // ADBR 0,4
    {"a loop in the loop",
     {Four(0xa7690003), Six(0xe72010000006), Six(0xe73010100006), Six(0xe7205000000e),
      Six(0xe7305010000e), Four(0xa766fff4), Six(0xe722300000f3)}},  // LGHI 6,3 ... BRCT 6
};

// Register 3 and others are stored, 2 is loaded. Register 6 points where 5 does.
const Loop kForwardingLoops[] = {
    {"what was stored", {Six(0xe33050000024), Six(0xe32050000004)}},   // STG LG
    {"a byte, as a number", {Four(0x4230500f), Six(0xe320500f0090)}},  // STC LLGC
    {"the register has changed", {Six(0xe33050000024), Four(0xb90a0034), Six(0xe32050000004)}},
    {"another one was stored there",
     {Six(0xe33050000024), Six(0xe34060000024), Six(0xe32050000004)}},
    {"part of it was", {Six(0xe33050000024), Four(0x42405003), Six(0xe32050000004)}},
    {"beside it", {Six(0xe33050000024), Six(0xe34050080024), Six(0xe32050000004)}},
    {"the base has changed", {Six(0xe33050000024), Four(0x41505008), Six(0xe32050000004)}},
    {"another length", {Six(0xe33050000024), Four(0x58205000)}},  // STG L
    {"by MVC", {Six(0xe33050000024), Six(0xd20750001000), Six(0xe32050000004)}},
    {"by a handler", {Six(0xe33050000024), Four(0xb22000ff), Six(0xe32050000004)}},
    {"behind a serialization", {Six(0xe33050000024), Two(0x07f0), Six(0xe32050000004)}},
    {"words", {Four(0x50305004), Six(0xe32050040014), Four(0x59305004)}},  // ST LGF C
    {"an update of its base", {Six(0xe33350000024), Six(0xe33350000004)}},
};

class VectorRunsTest : public testing::Test {
 protected:
  VectorRunsTest() {
    translated_.sie = MakeTranslator(
        {translated_.space, translated_.keys, translated_.broadcast, translated_.facilities_});
    interpreted_.sie = MakeInterpreter(
        {interpreted_.space, interpreted_.keys, interpreted_.broadcast, interpreted_.facilities_});
    for (GuestMachine* machine : {&translated_, &interpreted_}) {
      machine->block.ictl = uapi::kIctlPint;
      machine->Put<uint64_t>(kSegmentTable, kPageTable);
      machine->Put<uint64_t>(kSegmentTable + 8, kPageTable + 0x800);
      for (uint64_t page = 0; page < 512; ++page)
        machine->Put<uint64_t>(kPageTable + page * 8, page * kPageSize);
      machine->Put<uint64_t>(kPageTable + (kAbsent >> 12) * 8, kAbsent | 0x400);
    }
  }
  void SetUp() override {
    if (!translated_.sie) GTEST_SKIP() << "this host has no translator";
  }

  // The body, LA 1,step(1), LA 5,step(5), BRCT 7 to its begin, and an interception.
  static void Put(GuestMachine& machine, uint64_t address, const Loop& loop, uint64_t step) {
    std::vector<uint64_t> texts = loop.body;
    texts.push_back(Four(0x41101000 | step));
    texts.push_back(Four(0x41505000 | step));
    uint64_t at = address;
    for (const uint64_t text : texts) {
      machine.Put<uint64_t>(at, text);
      at += InsnLength(static_cast<uint8_t>(text >> 56));
    }
    const auto back = static_cast<uint16_t>(-static_cast<int64_t>(at - address) / 2);
    machine.Put<uint32_t>(at, 0xa7760000 | back);
    machine.PutCode(at + 4, {0x83, 0x00, 0x00, 0x44});
  }

  // Runs a loop in both; everything that the guest can see of it is to be the same.
  void Expect(const Loop& loop, uint64_t step, uint64_t from, uint64_t to, bool dat) {
    programs_ = (programs_ + 1) % 0x300;
    const uint64_t program = GuestMachine::kProgram + 0x100 * programs_;
    for (GuestMachine* machine : {&translated_, &interpreted_}) {
      Put(*machine, program, loop, step);
      CpuState& cpu = machine->cpu;
      for (size_t r = 0; r < 32; ++r) cpu.vr[r] = {0x0102030405060708 * r, ~r};
      for (size_t r = 0; r < 16; ++r) cpu.gpr[r] = 0x1122334455667788 * r;
      cpu.gpr[1] = from;
      cpu.gpr[5] = cpu.gpr[6] = to;
      cpu.gpr[7] = kTurns;
      cpu.gpr[8] = 16;
      cpu.cr[0] |= cr0::kVector;
      cpu.cr[1] = cpu.cr[7] = cpu.cr[13] = kSegmentTable;
      cpu.psw.mask = dat ? cpu.psw.mask | Psw::kDat : cpu.psw.mask & ~Psw::kDat;
      cpu.psw.set_condition_code(0);
      cpu.psw.address = program;
      cpu.breaking_event_address = 1;
      for (uint64_t at = 0; at < kDataSize; ++at)
        *machine->At(kData + at) = static_cast<uint8_t>(at % 37 == 0 ? 0 : at % 23 * 7);
      machine->block.iprcc = 0;
      machine->Run();
    }
    SCOPED_TRACE(std::string(loop.name) + ", step " + std::to_string(step) + ", from " +
                 std::to_string(from - kData) + ", to " + std::to_string(to - kData));
    ASSERT_EQ(translated_.block.iprcc, interpreted_.block.iprcc);
    ASSERT_EQ(translated_.cpu.psw.address, interpreted_.cpu.psw.address);
    for (size_t r = 0; r < 16; ++r) ASSERT_EQ(translated_.cpu.gpr[r], interpreted_.cpu.gpr[r]) << r;
    for (size_t r = 0; r < 32; ++r) ASSERT_EQ(translated_.cpu.vr[r], interpreted_.cpu.vr[r]) << r;
    ASSERT_TRUE(translated_.cpu == interpreted_.cpu);
    ASSERT_EQ(std::memcmp(translated_.At(kData), interpreted_.At(kData), kDataSize), 0);
  }

  GuestMachine translated_{WithVectors()};
  GuestMachine interpreted_{WithVectors()};
  uint64_t programs_ = 0;
};

TEST_F(VectorRunsTest, VectorLoopsDoWhatTheInterpreterDoes) {
  for (const Loop& loop : kVectorLoops) {
    for (const uint64_t step : {16u, 48u, 9u}) {
      // Within pages, across them, up to one that is absent, from either side.
      for (const uint64_t offset : {0u, 8u, 16u, 41u}) {
        Expect(loop, step, kData + offset, kData + 0x2000, false);
        Expect(loop, step, kData + offset, kAbsent + 0x1000 + offset, true);
        Expect(loop, step, kAbsent - 0x800 + offset, kAbsent + 0x1000, true);
        Expect(loop, step, kData, kAbsent - 0x810 + offset, true);
      }
    }
  }
}

TEST_F(VectorRunsTest, WhatWasStoredIsLoaded) {
  for (const Loop& loop : kForwardingLoops) {
    for (const uint64_t offset : {0u, 5u}) {
      Expect(loop, 8, kData + offset, kData + 0x1000 + offset, false);
      Expect(loop, 8, kData + offset, kAbsent - 0x700 + offset, true);
    }
  }
}

}  // namespace
}  // namespace hypervisor
