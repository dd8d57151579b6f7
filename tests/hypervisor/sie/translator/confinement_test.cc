// A guest sees no address of its host, and reaches nothing but its storage, whatever addresses it
// makes up (docs/translator.md: What keeps a guest inside).
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "hypervisor/isa/disassemble.h"
#include "tests/hypervisor/sie/guest_machine.h"
#include "tests/hypervisor/sie/translator/host_mappings.h"
#include "tests/hypervisor/sie/translator/lock_step.h"

namespace hypervisor {
namespace {

// Every doubleword that a guest can look at.
void EachValue(GuestMachine& machine, const std::function<void(uint64_t)>& look) {
  const CpuState& cpu = machine.cpu;
  for (const uint64_t value : cpu.gpr) look(value);
  for (const uint64_t value : cpu.cr) look(value);
  for (const VectorRegister& value : cpu.vr) {
    look(value.high);
    look(value.low);
  }
  look(cpu.psw.mask);
  look(cpu.psw.address);
  look(cpu.breaking_event_address);
  look(machine.block.gbea);
  for (uint64_t at = 0; at < GuestMachine::kStorageSize; at += 8) look(machine.Read<uint64_t>(at));
}

// The lines of mappings that the machine has addresses of. A number that happens to be one is not
// from the host if the interpreter, whose machine is elsewhere, has made the same: page tables are
// so large that this does happen.
std::string AddressesIn(GuestMachine& machine, GuestMachine& other) {
  constexpr uint64_t kLarge = uint64_t{1} << 32;
  const std::vector<HostMapping> mappings = HostMappings();
  std::vector<uint64_t> others;
  EachValue(other, [&others](uint64_t value) { others.push_back(value); });
  std::string found;
  size_t number = 0;
  EachValue(machine, [&](uint64_t value) {
    const bool is_made = others[number++] == value;
    if (value < kPageSize) return;  // nothing is mapped there
    for (const HostMapping& mapping : mappings) {
      if (!mapping.Contains(value) || (is_made && mapping.end - mapping.begin >= kLarge)) continue;
      if (found.size() < 1000) found += mapping.text + "\n";
    }
  });
  return found;
}

TEST(ConfinementTest, RandomCodeSeesNoAddressOfItsHost) {
  LockStep lock_step(/*seed=*/77);
  if (!lock_step.available()) GTEST_SKIP() << "this host has no translator";
  for (uint64_t group = 0; group < 30; ++group) {
    ASSERT_TRUE(lock_step.Execute(group)) << lock_step.difference();
    ASSERT_EQ(AddressesIn(lock_step.translated(), lock_step.interpreted()), "");
  }
}

TEST(ConfinementTest, AnAddressOfItsHostWouldBeNoticed) {
  GuestMachine machine;
  GuestMachine other;
  EXPECT_EQ(AddressesIn(machine, other), "");
  for (const HostMapping& mapping : HostMappings()) {
    if (mapping.text.find("[vsyscall]") != std::string::npos) continue;
    machine.cpu.gpr[7] = mapping.begin + 8;
    EXPECT_NE(AddressesIn(machine, other), "") << mapping.text;
    machine.cpu.gpr[7] = 0;
    machine.Put<uint64_t>(0x3008, mapping.end - 1);
    EXPECT_NE(AddressesIn(machine, other), "") << mapping.text;
    machine.Put<uint64_t>(0x3008, 0);
  }
}

constexpr uint64_t kCode = 0x10000;
constexpr uint64_t kBenign = 0x120000;
constexpr uint64_t kSegmentTable = 0x40000;
constexpr uint64_t kPageTable = 0x50000;

// Instructions on storage at general register 5; 6 has a benign address.
const std::vector<std::vector<uint8_t>> kAccesses = {
    {0x43, 0x10, 0x50, 0x00},              // ic
    {0x48, 0x10, 0x50, 0x00},              // lh
    {0x58, 0x10, 0x50, 0x00},              // l
    {0xe3, 0x10, 0x50, 0x00, 0x00, 0x04},  // lg
    {0xe3, 0x10, 0x5f, 0xff, 0x7f, 0x04},  // lg 1,0x7ffff(5)
    {0xe3, 0x10, 0x50, 0x00, 0x80, 0x04},  // lg 1,-0x80000(5)
    {0xe3, 0x15, 0x5f, 0xff, 0x7f, 0x04},  // lg 1,0x7ffff(5,5)
    {0x42, 0x10, 0x50, 0x00},              // stc
    {0x40, 0x10, 0x50, 0x00},              // sth
    {0x50, 0x10, 0x50, 0x00},              // st
    {0xe3, 0x10, 0x50, 0x00, 0x00, 0x24},  // stg
    {0xe3, 0x10, 0x5f, 0xff, 0x7f, 0x24},  // stg 1,0x7ffff(5)
    {0x92, 0xaa, 0x50, 0x00},              // mvi
    {0xe5, 0x48, 0x50, 0x00, 0x12, 0x34},  // mvghi
    {0xeb, 0x01, 0x50, 0x00, 0x00, 0x7a},  // agsi
    {0xeb, 0x1e, 0x50, 0x00, 0x00, 0x24},  // stmg 1,14
    {0xeb, 0x14, 0x50, 0x00, 0x00, 0x04},  // lmg 1,4
    {0x90, 0x1e, 0x50, 0x00},              // stm 1,14
    {0x98, 0x14, 0x50, 0x00},              // lm 1,4
    {0xd2, 0x07, 0x50, 0x00, 0x60, 0x00},  // mvc of 8, to it
    {0xd2, 0xff, 0x50, 0x00, 0x60, 0x00},  // of 256
    {0xd2, 0x07, 0x60, 0x00, 0x50, 0x00},  // from it
    {0xd2, 0xff, 0x60, 0x00, 0x50, 0x00},
    {0xd2, 0xff, 0x50, 0x01, 0x50, 0x00},  // within it
    {0xd7, 0xff, 0x50, 0x00, 0x50, 0x00},  // xc
    {0xd5, 0xff, 0x50, 0x00, 0x60, 0x00},  // clc
    {0xc6, 0x40, 0x00, 0x00, 0x02, 0x00},  // exrl of mvc of r4's length, to it
    {0xba, 0x12, 0x50, 0x00},              // cs
    {0xeb, 0x12, 0x50, 0x00, 0x00, 0x30},  // csg
    {0xeb, 0x12, 0x50, 0x00, 0x00, 0xf8},  // laa
    {0xeb, 0x12, 0x50, 0x00, 0x00, 0xe8},  // laag
    {0x68, 0x00, 0x50, 0x00},              // ld
    {0x60, 0x00, 0x50, 0x00},              // std
    {0xed, 0x00, 0x50, 0x00, 0x00, 0x1a},  // adb
    {0x44, 0x00, 0x50, 0x00},              // ex
    {0x07, 0xf5},                          // br 5
    {0x0d, 0xe5},                          // basr 14,5
    {0xb2, 0xb2, 0x50, 0x00},              // lpswe
    {0x0c, 0xe5},                          // bassm 14,5
};

class HostileAddressesTest : public testing::Test {
 protected:
  void SetUp() override {
    interpreted_.sie = MakeInterpreter(
        {interpreted_.space, interpreted_.keys, interpreted_.broadcast, interpreted_.facilities_});
    translated_.sie = MakeTranslator(
        {translated_.space, translated_.keys, translated_.broadcast, translated_.facilities_});
    if (!translated_.sie) GTEST_SKIP() << "this host has no translator";
    // What a guest address would be of ours, if it were taken for one.
    for (const uint64_t at : {kBenign, uint64_t{1} << 24, uint64_t{1} << 31, uint64_t{1} << 32,
                              uint64_t{1} << 40, uint64_t{1} << 42, uint64_t{1} << 43}) {
      void* const mapped =
          mmap(reinterpret_cast<void*>(at - kPageSize), 2 * kPageSize, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
      if (mapped == MAP_FAILED) continue;  // this process has something there
      std::memset(mapped, 0xc5, 2 * kPageSize);
      canaries_.push_back(static_cast<uint8_t*>(mapped));
    }
    for (const uint64_t edge : {uint64_t{0},
                                kPageSize,
                                2 * kPageSize,
                                kBenign,
                                kBenign + kPageSize,
                                GuestMachine::kStorageSize,
                                GuestMachine::kStorageSize - kPageSize,
                                uint64_t{1} << 24,
                                uint64_t{1} << 31,
                                uint64_t{1} << 32,
                                uint64_t{1} << 35,
                                uint64_t{1} << 40,
                                uint64_t{1} << 42,
                                uint64_t{1} << 43,
                                uint64_t{1} << 44,
                                uint64_t{1} << 47,
                                uint64_t{1} << 53,
                                uint64_t{1} << 63,
                                (uint64_t{1} << 63) + kBenign,
                                (uint64_t{1} << 32) + kBenign,
                                (uint64_t{1} << 42) + kBenign,
                                (uint64_t{1} << 24) + kBenign,
                                -kBenign}) {
      for (const int64_t beside : {-4096, -257, -256, -16, -8, -7, -2, -1, 0, 1, 2, 8})
        addresses_.push_back(edge + static_cast<uint64_t>(beside));
    }
    for (const HostMapping& mapping : HostMappings()) {
      addresses_.push_back(mapping.begin);
      addresses_.push_back(mapping.end - 8);
    }
    const auto add = [this](const void* ours) {
      addresses_.push_back(reinterpret_cast<uint64_t>(ours));
      // What it takes to come there from the page's own address.
      addresses_.push_back(reinterpret_cast<uint64_t>(ours) -
                           reinterpret_cast<uint64_t>(translated_.At(0)));
    };
    add(translated_.At(kBenign));
    add(&translated_.cpu);
    add(&translated_.block);
    add(translated_.sie.get());
    add(canaries_.empty() ? nullptr : canaries_.front());
  }
  void TearDown() override {
    for (uint8_t* canary : canaries_) munmap(canary, 2 * kPageSize);
  }

  void Begin(const std::vector<uint8_t>& access) {
    std::memset(interpreted_.At(0), 0, GuestMachine::kStorageSize);
    std::memcpy(interpreted_.At(kCode), access.data(), access.size());
    const uint8_t ends[] = {0x83, 0x00, 0x00, 0x44};  // diag
    std::memcpy(interpreted_.At(kCode + access.size()), ends, sizeof(ends));
    interpreted_.PutCode(kCode + 0x400, {0xd2, 0x00, 0x50, 0x00, 0x60, 0x00});
    for (uint64_t at = 0; at < 2 * kPageSize; at += 8)
      interpreted_.Put<uint64_t>(kBenign + at, 0x0123456789abcdef * (at + 1));
    for (uint64_t segment = 0; segment < 2048; ++segment) {
      interpreted_.Put<uint64_t>(kSegmentTable + 8 * segment,
                                 segment < 4 ? kPageTable + 0x800 * segment : 0x20);
    }
    for (uint64_t page = 0; page < 1024; ++page)
      interpreted_.Put<uint64_t>(kPageTable + 8 * page, page << 12);
    std::memcpy(translated_.At(0), interpreted_.At(0), GuestMachine::kStorageSize);
    for (GuestMachine* machine : {&interpreted_, &translated_}) {
      machine->block.ictl = uapi::kIctlPint;
      machine->block.ihcpu = 0xffff;
    }
  }

  // With what is at `address`; both engines must find the same.
  void Compare(uint64_t mask, uint64_t address, const std::string& what) {
    for (GuestMachine* machine : {&interpreted_, &translated_}) {
      machine->cpu = CpuState{};
      CpuState& cpu = machine->cpu;
      for (uint64_t r = 0; r < 16; ++r) cpu.gpr[r] = r * 0x0101010101010101;
      cpu.gpr[4] = 0xff;
      cpu.gpr[5] = address;
      cpu.gpr[6] = kBenign + 0x800;
      cpu.cr[0] = 0xe0 | GuestMachine::cr0_afp;
      cpu.cr[1] = cpu.cr[7] = cpu.cr[13] = kSegmentTable;
      cpu.cr[14] = 0xc2000000;
      cpu.psw = {mask, kCode};
      machine->block.iprcc = machine->block.ipa = 0;
      // What it branches to may loop.
      machine->sie->ClearKick();
    }
    // Zeros end it: where it may go there is nothing else.
    const SieExit first = interpreted_.Run();
    const SieExit second = translated_.Run();
    ASSERT_EQ(first.reason, second.reason) << what;
    ASSERT_EQ(interpreted_.block.icptcode, translated_.block.icptcode) << what;
    ASSERT_EQ(interpreted_.block.iprcc, translated_.block.iprcc) << what;
    ASSERT_TRUE(interpreted_.cpu == translated_.cpu) << what;
    ASSERT_EQ(std::memcmp(interpreted_.At(kBenign), translated_.At(kBenign), 4 * kPageSize), 0)
        << what;
  }

  void ExpectCanariesUntouched() {
    for (const uint8_t* canary : canaries_) {
      for (uint64_t at = 0; at < 2 * kPageSize; ++at)
        ASSERT_EQ(canary[at], 0xc5) << static_cast<const void*>(canary + at);
    }
  }

  // Beside a machine's storage there is nothing that may be touched: whatever does ends this test.
  GuestMachine interpreted_;
  GuestMachine translated_;
  std::vector<uint8_t*> canaries_;
  std::vector<uint64_t> addresses_;
};

TEST_F(HostileAddressesTest, FindWhatTheInterpreterFinds) {
  constexpr uint64_t k31 = Psw::kBasicAddressing;
  constexpr uint64_t k64 = k31 | Psw::kExtendedAddressing;
  for (const auto& access : kAccesses) {
    uint8_t text[8] = {};
    std::memcpy(text, access.data(), access.size());
    const std::string instruction = Disassemble(LoadStorage<uint64_t>(text), kCode);
    for (const uint64_t mask :
         {uint64_t{0}, k31, k64, Psw::kDat, k31 | Psw::kDat, k64 | Psw::kDat}) {
      Begin(access);
      // It is translated, and page tables know some pages, those at storage's ends among them.
      for (const uint64_t address : {kBenign, kBenign, kBenign + 0x1000,
                                     GuestMachine::kStorageSize - 0x100, uint64_t{0x3000}}) {
        ASSERT_NO_FATAL_FAILURE(Compare(mask, address, instruction));
      }
      for (const uint64_t address : addresses_) {
        char what[100];
        std::snprintf(what, sizeof(what), "%s at %lx, PSW %lx", instruction.c_str(), address, mask);
        ASSERT_NO_FATAL_FAILURE(Compare(mask, address, what));
      }
      ASSERT_EQ(std::memcmp(interpreted_.At(0), translated_.At(0), GuestMachine::kStorageSize), 0)
          << instruction;
    }
  }
  ExpectCanariesUntouched();
  EngineStatistics counts;
  translated_.sie->AddStatistics(counts);
  EXPECT_GT(counts["translated blocks"], 6 * kAccesses.size());
}

}  // namespace
}  // namespace hypervisor
