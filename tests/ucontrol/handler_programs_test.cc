// Every instruction that the monitor emulates, as a guest program meets it: from the engine through
// the interception to the handler, and back to the next instruction.
#include <array>
#include <thread>

#include "tests/ucontrol/channel_subsystem/memory_unit.h"
#include "tests/ucontrol/probe.h"
#include "ucontrol/channel_subsystem/channel_subsystem.h"
#include "ucontrol/ebcdic.h"

namespace ucontrol {
namespace {

using hypervisor::PgmCode;
using hypervisor::Psw;

// Instructions whose operand stands where general register 1 says.
constexpr uint64_t kStidp = InstructionS(0xb202);
constexpr uint64_t kSck = InstructionS(0xb204);
constexpr uint64_t kStck = InstructionS(0xb205);
constexpr uint64_t kSpx = InstructionS(0xb210);
constexpr uint64_t kStpx = InstructionS(0xb211);
constexpr uint64_t kStap = InstructionS(0xb212);
constexpr uint64_t kStsi = InstructionS(0xb27d, 2);
constexpr uint64_t kStcke = InstructionS(0xb278);
constexpr uint64_t kStfl = InstructionS(0xb2b1);
constexpr uint64_t kStfle = InstructionS(0xb2b0);
constexpr uint64_t kLpswe = InstructionS(0xb2b2);
constexpr uint64_t kLpsw = InstructionRs(0x82, 0, 0, 1);
constexpr uint64_t kStctl = InstructionRs(0xb6, 0, 15, 1);
constexpr uint64_t kLctl = InstructionRs(0xb7, 0, 0, 1);
constexpr uint64_t kStctg = 0xeb0f100000250000;
constexpr uint64_t kLctlg0 = 0xeb001000002f0000;
constexpr uint64_t kLctlg6 = 0xeb661000002f0000;
// Registers 2 and 4, 2 and 3, or none.
constexpr uint64_t kSckpf = uint64_t{0x0107} << 48;
constexpr uint64_t kPtff = uint64_t{0x0104} << 48;
constexpr uint64_t kServc = InstructionRre(0xb220, 2, 3);
constexpr uint64_t kIske = InstructionRre(0xb229, 2, 3);
constexpr uint64_t kRrbe = InstructionRre(0xb22a, 2, 3);
constexpr uint64_t kSske = InstructionRre(0xb22b, 2, 3);
constexpr uint64_t kTb = InstructionRre(0xb22c, 0, 3);
constexpr uint64_t kSthyi = InstructionRre(0xb256, 2, 4);
constexpr uint64_t kEpsw = InstructionRre(0xb98d, 2, 4);
constexpr uint64_t kPfmf = InstructionRre(0xb9af, 2, 3);
constexpr uint64_t kTprot = 0xe501100020000000;
constexpr uint64_t kSigp = InstructionRs(0xae, 2, 4, 1);
// I/O, with the subchannel in register 1 and the operand where register 2 says.
constexpr uint64_t kCsch = InstructionS(0xb230, 2);
constexpr uint64_t kHsch = InstructionS(0xb231, 2);
constexpr uint64_t kMsch = InstructionS(0xb232, 2);
constexpr uint64_t kSsch = InstructionS(0xb233, 2);
constexpr uint64_t kStsch = InstructionS(0xb234, 2);
constexpr uint64_t kTsch = InstructionS(0xb235, 2);
constexpr uint64_t kTpi = InstructionS(0xb236, 2);
constexpr uint64_t kSal = InstructionS(0xb237, 2);
constexpr uint64_t kRsch = InstructionS(0xb238, 2);
constexpr uint64_t kStcrw = InstructionS(0xb239, 2);
constexpr uint64_t kStcps = InstructionS(0xb23a, 2);
constexpr uint64_t kRchp = InstructionS(0xb23b, 2);
constexpr uint64_t kSchm = InstructionS(0xb23c, 2);
constexpr uint64_t kChsc = InstructionRre(0xb25f, 2, 0);
constexpr uint64_t kSiga = InstructionS(0xb274, 2);
constexpr uint64_t kXsch = InstructionS(0xb276, 2);

constexpr uint64_t Diagnose(int r1, int r3, int code) {
  return InstructionRs(0x83, r1, r3, 0, code);
}

class HandlerProgramsTest : public ProbeFixture {
 protected:
  static constexpr uint64_t kOutside = kStorageSize;
  static constexpr uint64_t kWait = Psw::kWait | k64Bit;
};

// ---- All of them ----

TEST_F(HandlerProgramsTest, ControlInstructionsArePrivileged) {
  const uint64_t texts[] = {kStidp,
                            kSck,
                            kSpx,
                            kStpx,
                            kStap,
                            kStsi,
                            kStfl,
                            kLpswe,
                            kLpsw,
                            kStctl,
                            kLctl,
                            kStctg,
                            kLctlg0,
                            kSckpf,
                            kServc,
                            kIske,
                            kRrbe,
                            kSske,
                            kTb,
                            kPfmf,
                            kSigp,
                            kCsch,
                            kHsch,
                            kMsch,
                            kSsch,
                            kStsch,
                            kTsch,
                            kTpi,
                            kSal,
                            kRsch,
                            kStcrw,
                            kStcps,
                            kRchp,
                            kSchm,
                            kChsc,
                            kSiga,
                            kXsch,
                            Diagnose(2, 4, 0x44),
                            Diagnose(2, 4, 0x308),
                            Diagnose(2, 4, 0x500)};
  std::vector<Probe> probes;
  for (const uint64_t text : texts) {
    // An operand that is wrong in every other way: it isn't looked at.
    probes.push_back({text, {{1, kOutside + 1}, {2, kOutside + 1}}, k64Bit | kProblemState});
  }
  const auto outcomes = Run(probes);
  for (size_t i = 0; i < probes.size(); ++i) {
    EXPECT_EQ(outcomes[i].program(), PgmCode::kPrivilegedOperation) << std::hex << texts[i];
    EXPECT_LE(outcomes[i].next, 6u) << std::hex << texts[i];
  }
}

TEST_F(HandlerProgramsTest, OperandsAreOnTheirBoundaryAndInStorage) {
  const struct {
    uint64_t text;
    uint64_t boundary;
    std::map<int, uint64_t> registers = {};
  } rows[] = {{kStidp, 8}, {kSck, 8},    {kSpx, 4},     {kStpx, 4},
              {kStap, 2},  {kLpswe, 8},  {kLpsw, 8},    {kStctl, 4},
              {kLctl, 4},  {kStctg, 8},  {kLctlg0, 8},  {kMsch, 4},
              {kSsch, 4},  {kStsch, 4},  {kTsch, 4},    {kTpi, 4},
              {kStcrw, 4}, {kStcps, 32}, {kChsc, 4096}, {kStsi, 4096, {{0, 0x10000001}, {1, 1}}}};
  std::vector<Probe> probes;
  for (const auto& row : rows) {
    for (const uint64_t address : {kOutside + row.boundary / 2, kOutside}) {
      Probe probe{row.text, row.registers};
      probe.registers.insert({{1, address}, {2, address}});
      probes.push_back(probe);
    }
  }
  const auto outcomes = Run(probes);
  for (size_t i = 0; i < probes.size(); ++i) {
    const PgmCode expected = i % 2 == 0 ? PgmCode::kSpecification : PgmCode::kAddressing;
    EXPECT_EQ(outcomes[i].program(), expected) << std::hex << probes[i].text;
  }
}

TEST_F(HandlerProgramsTest, WhatIsNotThereIsAnOperationException) {
  const uint64_t texts[] = {0x0001000000000000, 0xb2af000000000000, 0xb9a2000000000000,
                            0xebd1000000000000, 0xaa00000000000000, 0xe300000000490000,
                            0xe3000000004d0000, 0xeb00000000600000};
  std::vector<Probe> probes;
  for (const uint64_t text : texts) probes.push_back({text});
  for (const Outcome& outcome : Run(probes)) EXPECT_EQ(outcome.program(), PgmCode::kOperation);
}

// ---- Identity ----

TEST_F(HandlerProgramsTest, ACpuKnowsItself) {
  const auto outcomes = Run({{kStidp, {{1, kOperand}}},
                             {kStap, {{1, kOperand + 8}}},
                             {kStfl, {}},
                             {kStfle, {{0, 3}, {1, kOperand + 16}}},
                             {kStpx, {{1, kOperand + 48}}}});
  for (const Outcome& outcome : outcomes) EXPECT_TRUE(outcome.Completed());
  EXPECT_EQ(Read<uint8_t>(kOperand), 0xff);  // version: a virtual machine
  EXPECT_NE(Read<uint16_t>(kOperand + 4), 0);
  EXPECT_EQ(Read<uint16_t>(kOperand + 8), 0);
  EXPECT_EQ(Read<uint32_t>(200), Read<uint32_t>(kOperand + 16));
  EXPECT_EQ(outcomes[3].cc(), 0);
  EXPECT_LT(outcomes[3].gpr[0], 4u);
  EXPECT_EQ(Read<uint32_t>(kOperand + 48), 0u);
}

TEST_F(HandlerProgramsTest, SystemInformationHasTheMachinesName) {
  const auto outcomes = Run({{kStsi, {{0, 0}}},
                             {kStsi, {{0, 0x10000001}, {1, 1}, {2, kOperand}}},
                             {kStsi, {{0, 0x30000002}, {1, 2}, {2, kOperand + 4096}}},
                             {kStsi, {{0, 0x30000002}, {1, 9}, {2, kOperand + 8192}}},
                             {kStsi, {{0, 0x10000101}, {1, 1}, {2, kOperand}}}});
  EXPECT_EQ(outcomes[0].cc(), 0);
  EXPECT_EQ(outcomes[0].gpr[0] >> 28 & 15, 3u);  // the level that it runs at
  EXPECT_EQ(outcomes[1].cc(), 0);
  EXPECT_NE(Read<uint32_t>(kOperand + 32), 0u);  // manufacturer
  EXPECT_EQ(outcomes[2].cc(), 0);
  const auto name = Read<uint64_t>(kOperand + 4096 + 32 + 12);  // of the first description
  std::array<uint8_t, 8> field;
  StoreEbcdic("probed", field.data(), field.size());
  EXPECT_EQ(name, LoadBigEndian<uint64_t>(field.data()));
  EXPECT_EQ(outcomes[3].cc(), 3);
  EXPECT_EQ(outcomes[4].program(), PgmCode::kSpecification);
}

// ---- Clocks, prefix, control registers, PSW ----

TEST_F(HandlerProgramsTest, TheClockIsSetAndGoesOn) {
  constexpr uint64_t kThen = 0x1234'5678'0000'0000;
  Give(0, kThen);
  const auto outcomes = Run({{kSck, {{1, kOperand}}},
                             {kStck, {{1, kOperand + 8}}},
                             {kSckpf, {{0, 0xabcd}}},
                             {kStcke, {{1, kOperand + 16}}},
                             {kSckpf, {{0, 0x10000}}},
                             {kPtff, {{0, 0}, {1, kOperand + 32}}},
                             {kPtff, {{0, 0x41}, {1, kOperand + 32}}}});
  EXPECT_EQ(outcomes[0].cc(), 0);
  EXPECT_GT(Read<uint64_t>(kOperand + 8), kThen);
  EXPECT_LT(Read<uint64_t>(kOperand + 8), kThen + (uint64_t{10'000'000} << 12));
  EXPECT_EQ(Read<uint16_t>(kOperand + 16 + 14), 0xabcd);
  EXPECT_EQ(outcomes[4].program(), PgmCode::kSpecification);
  EXPECT_EQ(outcomes[5].cc(), 0);
  EXPECT_EQ(outcomes[6].cc(), 3);
}

TEST_F(HandlerProgramsTest, ThePrefixMovesTheLowcore) {
  Give<uint32_t>(0, kOtherPrefix | 0x80001fff);  // bits that don't count
  Give<uint32_t>(4, 0);
  Give<uint32_t>(8, kOutside);
  Give<uint64_t>(16, 0x1122334455667788);
  const auto outcomes = Run({{kSpx, {{1, kOperand}}},
                             {kStpx, {{1, kOperand + 12}}},
                             {0xd207100020000000, {{1, 0x300}, {2, kOperand + 16}}},  // MVC
                             {kSpx, {{1, kOperand + 8}}},
                             {kSpx, {{1, kOperand + 4}}}});
  EXPECT_TRUE(outcomes[0].Completed());
  EXPECT_EQ(Read<uint32_t>(kOperand + 12), kOtherPrefix);
  EXPECT_EQ(Read<uint64_t>(kOtherPrefix + 0x300), 0x1122334455667788u);
  EXPECT_EQ(outcomes[3].program(), PgmCode::kAddressing);
  EXPECT_TRUE(outcomes[4].Completed());
}

TEST_F(HandlerProgramsTest, ControlRegistersAndPswsAreLoadedAndStored) {
  Give<uint64_t>(0, 0x00000000ff000000);  // CR6
  Give<uint64_t>(8, Psw::kExtendedAddressing | Psw::kBasicAddressing | uint64_t{2} << 44);
  Give<uint64_t>(16, 0x3000 + 4);           // where the supervisor call stands
  Give<uint64_t>(24, 0x000a0000'80003004);  // a short PSW without its bit 12 is no PSW
  Give<uint64_t>(32, 0x000a1000'80003004 & ~(uint64_t{2} << 48));
  const auto outcomes = Run({{kLctlg6, {{1, kOperand}}},
                             {kStctg, {{1, kOperand + 64}}},
                             {kStctl, {{1, kOperand + 192}}},
                             {kLpswe, {{1, kOperand + 8}}},
                             {kEpsw, {}},
                             {kLpsw, {{1, kOperand + 32}}}});
  EXPECT_EQ(Read<uint64_t>(kOperand + 64 + 6 * 8), 0xff000000u);
  EXPECT_EQ(Read<uint32_t>(kOperand + 192 + 6 * 4), 0xff000000u);
  EXPECT_TRUE(outcomes[3].Completed());
  EXPECT_EQ(outcomes[3].cc(), 2);
  EXPECT_EQ(outcomes[4].gpr[2], k64Bit >> 32);
  EXPECT_EQ(outcomes[4].gpr[4], k64Bit & 0xffffffff);
  EXPECT_TRUE(outcomes[5].Completed());
  EXPECT_EQ(outcomes[5].cc(), 1);
}

// ---- Storage and its keys ----

TEST_F(HandlerProgramsTest, BlocksAreClearedAndKeysKept) {
  constexpr uint64_t kPage = kOperand + 0x3000;
  Give<uint64_t>(0x3000, ~uint64_t{0});
  Give<uint64_t>(0x4000, ~uint64_t{0});
  const auto outcomes = Run({{kTb, {{0, 7}, {3, kPage + 0x123}}},
                             {kTb, {{3, kOutside}}},
                             {kPfmf, {{2, 0x30030}, {3, kPage + 0x1000}}},
                             {kIske, {{2, 0}, {3, kPage + 0x1000}}},
                             {kSske, {{2, 0x56}, {3, kPage}}},
                             {kRrbe, {{3, kPage}}},
                             {kIske, {{3, kPage}}},
                             {kTprot, {{1, kPage}, {2, 0x50}}},
                             {kTprot, {{1, kPage}, {2, 0x60}}},
                             {kTprot, {{1, kOutside}, {2, 0}}},
                             {kPfmf, {{2, 0x10000001}, {3, kPage}}},
                             {kIske, {{3, kOutside}}}});
  EXPECT_EQ(outcomes[0].cc(), 0);
  EXPECT_EQ(outcomes[0].gpr[0], 0u);
  EXPECT_EQ(Read<uint64_t>(kPage), 0u);
  EXPECT_EQ(outcomes[1].program(), PgmCode::kAddressing);
  EXPECT_TRUE(outcomes[2].Completed());
  EXPECT_EQ(Read<uint64_t>(kPage + 0x1000), 0u);
  EXPECT_EQ(outcomes[3].gpr[2] & 0xf0, 0x30u);
  EXPECT_EQ(outcomes[5].cc(), 3);  // referenced and changed
  EXPECT_EQ(outcomes[6].gpr[2] & 0xfe, 0x52u);
  EXPECT_EQ(outcomes[7].cc(), 0);
  EXPECT_EQ(outcomes[8].cc(), 1);
  EXPECT_EQ(outcomes[9].program(), PgmCode::kAddressing);
  EXPECT_EQ(outcomes[10].program(), PgmCode::kSpecification);
  EXPECT_EQ(outcomes[11].program(), PgmCode::kAddressing);
}

// ---- DIAGNOSE ----

TEST_F(HandlerProgramsTest, DiagnoseFunctionsDoWhatTheySay) {
  // 0x258's parameters: establish, and cancel.
  Give<uint64_t>(0x2000, 0x0258'0000'0005'0002);
  Give<uint64_t>(0x2008, kOperand + 0x2100);
  Give<uint64_t>(0x2020, 0x8000000000000000);
  Give<uint64_t>(0x2040, 0x0258'0001'0005'0002);
  Give<uint64_t>(0x5000, ~uint64_t{0});
  // A parameter block for a CCW device.
  Give<uint32_t>(0x7000, 200);
  Give<uint8_t>(0x700c, 2);
  Give<uint8_t>(0x70c7, 0x77);
  const struct {
    const char* what;
    Probe probe;
    PgmCode code = PgmCode::kNone;
    int result_register = 0;
    uint64_t result = 0;
  } rows[] = {
      {"0x10 gives pages back",
       {Diagnose(2, 4, 0x10), {{2, kOperand + 0x5000}, {4, kOperand + 0x5000}}}},
      {"0x10 wants pages",
       {Diagnose(2, 4, 0x10), {{2, kOperand + 1}, {4, kOperand}}},
       PgmCode::kSpecification},
      {"0x44", {Diagnose(0, 0, 0x44)}},
      {"0x9c", {Diagnose(2, 0, 0x9c), {{2, 77}}}},
      {"0x258 has no parameters there",
       {Diagnose(2, 4, 0x258), {{2, kOperand}}},
       PgmCode::kSpecification},
      {"0x258 establishes",
       {Diagnose(2, 4, 0x258), {{2, kOperand + 0x2000}, {4, 99}}},
       PgmCode::kNone,
       4,
       0},
      {"0x258 has established",
       {Diagnose(2, 4, 0x258), {{2, kOperand + 0x2000}}},
       PgmCode::kNone,
       4,
       8},
      {"0x258 cancels",
       {Diagnose(2, 4, 0x258), {{2, kOperand + 0x2040}, {4, 99}}},
       PgmCode::kNone,
       4,
       0},
      {"0x258 has nothing to cancel",
       {Diagnose(2, 4, 0x258), {{2, kOperand + 0x2040}}},
       PgmCode::kNone,
       4,
       4},
      {"0x288 changes nothing before it began",
       {Diagnose(2, 4, 0x288), {{2, 1}, {3, 20}}},
       PgmCode::kSpecification},
      {"0x288 begins", {Diagnose(2, 4, 0x288), {{2, 0}, {3, 20}}}},
      {"0x288 wants 15 seconds",
       {Diagnose(2, 4, 0x288), {{2, 1}, {3, 14}}},
       PgmCode::kSpecification},
      {"0x288 ends", {Diagnose(2, 4, 0x288), {{2, 2}}}},
      {"0x308 has no parameters",
       {Diagnose(2, 4, 0x308), {{2, kOperand + 0x8000}, {4, 6}}},
       PgmCode::kNone,
       3,
       0x102},
      {"0x308 refuses parameters",
       {Diagnose(2, 4, 0x308), {{2, kOperand + 0x6000}, {4, 5}}},
       PgmCode::kNone,
       3,
       0x402},
      {"0x308 takes parameters",
       {Diagnose(2, 4, 0x308), {{2, kOperand + 0x7000}, {4, 5}}},
       PgmCode::kNone,
       3,
       1},
      {"0x308 has parameters",
       {Diagnose(2, 4, 0x308), {{2, kOperand + 0x8000}, {4, 6}}},
       PgmCode::kNone,
       3,
       1},
      {"0x308 wants a page",
       {Diagnose(2, 4, 0x308), {{2, kOperand + 8}, {4, 6}}},
       PgmCode::kSpecification},
      {"0x308 wants storage",
       {Diagnose(2, 4, 0x308), {{2, kOutside}, {4, 6}}},
       PgmCode::kAddressing},
      {"0x308 has no such subcode", {Diagnose(2, 4, 0x308), {{4, 7}}}, PgmCode::kSpecification},
      {"0x318", {Diagnose(2, 0, 0x318), {{2, 0x1234}}}},
      {"0x500 has no such device",
       {Diagnose(2, 0, 0x500), {{1, 3}, {2, 0x10777}}},
       PgmCode::kNone,
       2,
       ~uint64_t{0} - 21},
      {"0x500 has no such subcode", {Diagnose(2, 0, 0x500), {{1, 4}}}, PgmCode::kSpecification},
      {"0x260", {Diagnose(2, 4, 0x260)}, PgmCode::kSpecification},
      {"0xfff", {Diagnose(2, 4, 0xfff)}, PgmCode::kSpecification},
  };
  std::vector<Probe> probes;
  for (const auto& row : rows) probes.push_back(row.probe);
  const auto outcomes = Run(probes);
  for (size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_EQ(outcomes[i].program(), rows[i].code) << rows[i].what;
    if (rows[i].result_register == 0) continue;
    EXPECT_EQ(outcomes[i].gpr[rows[i].result_register], rows[i].result) << rows[i].what;
  }
#if !defined(__s390x__)  // qemu-s390x ignores madvise
  EXPECT_EQ(Read<uint64_t>(kOperand + 0x5000), 0u);
#endif
  EXPECT_EQ(Read<uint8_t>(kOperand + 0x80c7), 0x77);
}

TEST_F(HandlerProgramsTest, ABreakpointSaysWhere) {
  listener_.Forget();
  std::thread guest([this] { Run({Probe{Diagnose(0, 0, 0x501)}}); });
  const auto report = listener_.AwaitBreakpoint();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->psw.address, 0x3000u + 4);
  EXPECT_TRUE(machine_->Resume().ok());
  guest.join();
}

// ---- The service-call processor ----

TEST_F(HandlerProgramsTest, TheServiceProcessorAnswersBySignal) {
  constexpr uint64_t kSccb = kOperand + 0x1000;
  constexpr uint64_t kEmpty = kOperand + 0x2000;
  constexpr uint64_t kText = kOperand + 0x3000;
  Give<uint64_t>(0, 0x200);               // CR0: service signals
  Give<uint16_t>(0x1000, 4096);           // read SCP information
  Give<uint16_t>(0x2000, 4);              // too short to be any
  Give<uint16_t>(0x3000, 8 + 6 + 6 + 2);  // write event data: a buffer for the ASCII console
  Give<uint16_t>(0x3008, 6 + 6 + 2);
  Give<uint8_t>(0x300a, 0x1a);
  for (int i = 0; i < 8; ++i) Give<uint8_t>(0x300e + static_cast<uint64_t>(i), "a word\r\n"[i]);
  Give<uint16_t>(0x4000, 16);  // of a command that there isn't
  const Probe wait = {kStap, {{1, kOperand + 16}}, kWait | Psw::kExternal};
  const auto outcomes = Run({{kLctlg0, {{1, kOperand}}},
                             {kServc, {{2, 0x00020001}, {3, kSccb}}},
                             wait,
                             {kServc, {{2, 0x00110000}, {3, kOperand + 0x4000}}},
                             wait,
                             {kServc, {{2, 0x00760005}, {3, kText}}},
                             wait,
                             {kServc, {{2, 0x00020001}, {3, kSccb + 1}}},
                             {kServc, {{2, 0x00020001}, {3, kEmpty}}},
                             {kServc, {{2, 0x00020001}, {3, kOutside}}}});
  EXPECT_EQ(outcomes[1].cc(), 0);
  EXPECT_EQ(outcomes[2].kind, Outcome::kExternal);
  EXPECT_EQ(outcomes[2].code, 0x2401);
  EXPECT_EQ(outcomes[2].parameter, kSccb);
  EXPECT_EQ(Read<uint16_t>(kSccb + 6), 0x0010);
  EXPECT_EQ(Read<uint16_t>(kSccb + 8) * Read<uint8_t>(kSccb + 10), kStorageSize >> 20);
  EXPECT_EQ(outcomes[4].kind, Outcome::kExternal);
  EXPECT_EQ(Read<uint16_t>(kOperand + 0x4000 + 6), 0x01f0);
  EXPECT_EQ(outcomes[6].kind, Outcome::kExternal);
  EXPECT_EQ(Read<uint16_t>(kText + 6), 0x0020);
  const auto said = console_.OpenReader(0)->Read(100, absl::Now() + absl::Seconds(10));
  ASSERT_TRUE(said);
  EXPECT_EQ(said->characters, "a word\r\n");
  EXPECT_EQ(outcomes[7].program(), PgmCode::kSpecification);
  EXPECT_EQ(outcomes[8].program(), PgmCode::kSpecification);
  EXPECT_EQ(outcomes[9].program(), PgmCode::kAddressing);
}

TEST_F(HandlerProgramsTest, TheHypervisorTellsOfItself) {
  const auto outcomes = Run({{kSthyi, {{2, 0}, {4, kOperand}}},
                             {kSthyi, {{2, 1}, {4, kOperand + 4096}}},
                             {kSthyi, {{2, 0}, {4, kOperand + 8}}}});
  EXPECT_EQ(outcomes[0].cc(), 0);
  EXPECT_EQ(outcomes[0].gpr[5], 0u);
  EXPECT_EQ(Read<uint16_t>(kOperand + 10), 48);  // where the machine's section stands
  EXPECT_EQ(outcomes[1].cc(), 3);
  EXPECT_EQ(outcomes[1].gpr[5], 4u);
  EXPECT_EQ(outcomes[2].program(), PgmCode::kSpecification);
}

// ---- SIGNAL PROCESSOR ----

TEST_F(HandlerProgramsTest, ProcessorsAreSignalled) {
  constexpr uint64_t kRest = 0xfeedface'00000000;  // of the status register: it is kept
  constexpr uint64_t kSelf = 0;
  constexpr uint64_t kStopped = 1;
  constexpr uint64_t kAbsent = 2;
  ASSERT_TRUE(machine_->AddVcpu(1).ok());
  const struct {
    const char* what;
    uint64_t order;
    uint64_t cpu;
    int cc;
    uint64_t status = 0;
    uint64_t parameter = 0;
  } rows[] = {
      {"sense itself", 0x01, kSelf, 0},
      {"sense a stopped one", 0x01, kStopped, 1, 0x40},
      {"sense none", 0x01, kAbsent, 3},
      {"sense running status", 0x15, kSelf, 0},
      {"sense running status of a stopped one", 0x15, kStopped, 1, 0x400},
      {"external call", 0x02, kStopped, 0},
      {"external call again", 0x02, kStopped, 1, 0x80},
      {"emergency signal", 0x03, kStopped, 0},
      {"conditional emergency signal", 0x13, kStopped, 0},
      {"set the prefix of itself", 0x0d, kSelf, 1, 0x200, kOtherPrefix},
      {"set a prefix", 0x0d, kStopped, 0, 0, kOtherPrefix},
      {"set a prefix outside", 0x0d, kStopped, 1, 0x100, kOutside},
      {"store status of itself", 0x0e, kSelf, 1, 0x200, kOperand},
      {"store status", 0x0e, kStopped, 0, 0, kOperand},
      {"store status outside", 0x0e, kStopped, 1, 0x100, kOutside},
      {"set the architecture", 0x12, kSelf, 1, 0x100, 1},
      {"CPU reset", 0x0c, kStopped, 0},
      {"initial CPU reset", 0x0b, kStopped, 0},
      {"stop", 0x05, kStopped, 0},
      {"stop and store status", 0x09, kStopped, 0},
      {"store additional status of itself", 0x17, kSelf, 1, 0x200, kOperand},
      {"store additional status", 0x17, kStopped, 0, 0, kOperand},
      {"store additional status, off its boundary", 0x17, kStopped, 1, 0x100, kOperand + 512},
      {"no order", 0x77, kStopped, 1, 0x02},
      {"no order to none", 0x77, kAbsent, 3},
  };
  std::vector<Probe> probes;
  for (const auto& row : rows) {
    probes.push_back({kSigp, {{1, row.order}, {2, kRest}, {3, row.parameter}, {4, row.cpu}}});
  }
  const auto outcomes = Run(probes);
  for (size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_EQ(outcomes[i].cc(), rows[i].cc) << rows[i].what;
    EXPECT_EQ(outcomes[i].gpr[2], kRest | rows[i].status) << rows[i].what;
  }
}

// ---- The channel subsystem ----

class ChannelProgramsTest : public HandlerProgramsTest {
 protected:
  static constexpr uint64_t kSchib = kOperand + 0x200;
  static constexpr uint64_t kOrb = kOperand + 0x300;
  static constexpr uint64_t kSense = kOperand + 0x500;
  static constexpr uint64_t kIrb = kOperand + 0x600;
  static constexpr uint64_t kPage = kOperand + 0x1000;
  static constexpr uint64_t kDevice = 0x00010000;  // subchannel 0
  static constexpr uint64_t kNone = 0x00010001;

  void SetUp() override {
    HandlerProgramsTest::SetUp();
    machine_->FindPart<ChannelSubsystem>()->Attach(std::make_unique<MemoryUnit>(), 0x1234);
    Give<uint64_t>(0, 0x10000000);  // CR6: subclass 3
    Give<uint16_t>(0x204, Pmcw::kEnabled | Pmcw::kDeviceNumberValid | 3 << 11);
    Give<uint8_t>(0x208, 0x80);
    // SENSE ID, format 1, less than it could be.
    Give<uint32_t>(0x300, 0x12345678);
    Give<uint16_t>(0x304, Orb::kFormat1);
    Give<uint8_t>(0x306, 0x80);
    Give<uint32_t>(0x308, kOperand + 0x400);
    Give<uint64_t>(0x400, 0xe4200007'00000000 | kSense);
  }
};

TEST_F(ChannelProgramsTest, ADeviceIsFoundStartedAndTested) {
  const Probe wait = {kStap, {{1, kOperand + 16}}, kWait | Psw::kIo};
  const struct {
    const char* what;
    Probe probe;
    int cc;
  } rows[] = {
      {"store", {kStsch, {{1, kDevice}, {2, kIrb}}}, 0},
      {"store none", {kStsch, {{1, kNone}, {2, kIrb}}}, 3},
      {"start a disabled one", {kSsch, {{1, kDevice}, {2, kOrb}}}, 3},
      {"enable", {kMsch, {{1, kDevice}, {2, kSchib}}}, 0},
      {"allow its interruptions", {kLctlg6, {{1, kOperand}}}, 0},
      {"nothing is pending", {kTpi, {{2, kIrb}}}, 0},
      {"start", {kSsch, {{1, kDevice}, {2, kOrb}}}, 0},
      {"wait", wait, -1},
      {"start before it was tested", {kSsch, {{1, kDevice}, {2, kOrb}}}, 1},
      {"test", {kTsch, {{1, kDevice}, {2, kIrb}}}, 0},
      {"test again", {kTsch, {{1, kDevice}, {2, kIrb + 64}}}, 1},
      {"start again", {kSsch, {{1, kDevice}, {2, kOrb}}}, 0},
      {"take what is pending", {kTpi, {{2, kIrb + 128}}}, 1},
      {"cancel what has ended", {kXsch, {{1, kDevice}}}, 1},
      {"halt what has ended", {kHsch, {{1, kDevice}}}, 1},
      {"resume what has ended", {kRsch, {{1, kDevice}}}, 1},
      {"clear", {kCsch, {{1, kDevice}}}, 0},
      {"test what was cleared", {kTsch, {{1, kDevice}, {2, kIrb + 192}}}, 0},
      {"halt", {kHsch, {{1, kDevice}}}, 0},
      {"test what was halted", {kTsch, {{1, kDevice}, {2, kIrb + 256}}}, 0},
      {"cancel nothing", {kXsch, {{1, kDevice}}}, 2},
      {"resume nothing", {kRsch, {{1, kDevice}}}, 2},
      {"clear none", {kCsch, {{1, kNone}}}, 3},
      {"no report", {kStcrw, {{2, kIrb}}}, 1},
      {"path status", {kStcps, {{2, kPage}}}, 0},
      {"reset a path", {kRchp, {{1, 0}}}, 0},
      {"signal no adapter", {kSiga, {{0, 0}, {1, kDevice}}}, 3},
  };
  std::vector<Probe> probes;
  for (const auto& row : rows) probes.push_back(row.probe);
  const auto outcomes = Run(probes);
  for (size_t i = 0; i < std::size(rows); ++i) {
    if (rows[i].cc < 0) {
      EXPECT_EQ(outcomes[i].kind, Outcome::kInputOutput);
      EXPECT_EQ(outcomes[i].subchannel, kDevice << 32 | 0x12345678);
    } else {
      EXPECT_TRUE(outcomes[i].Completed()) << rows[i].what;
      EXPECT_EQ(outcomes[i].cc(), rows[i].cc) << rows[i].what;
    }
  }
  EXPECT_EQ(Read<uint64_t>(kSense) >> 8, 0xff3832'02000000u);
  EXPECT_EQ(Read<uint64_t>(kIrb + 128), kDevice << 32 | 0x12345678);
}

TEST_F(ChannelProgramsTest, OperandsThatMeanNothingAreRefused) {
  Give<uint16_t>(0x1000, 16);
  Give<uint16_t>(0x1002, 0x0010);  // store channel-subsystem characteristics
  const auto outcomes = Run({{kStsch, {{1, 0x00000000}, {2, kIrb}}},
                             {kSsch, {{1, 0x00090000}, {2, kOrb}}},
                             {kSal, {{1, 0x80000000}}},
                             {kSal, {{1, 0x10000}}},
                             {kSchm, {{1, 4}}},
                             {kSchm, {{1, 0}}},
                             {kRchp, {{1, 0x100}}},
                             {kChsc, {{2, kPage}}}});
  for (const size_t i : {0u, 1u, 2u, 4u, 6u}) {
    EXPECT_EQ(outcomes[i].program(), PgmCode::kOperand) << i;
  }
  EXPECT_TRUE(outcomes[3].Completed());
  EXPECT_TRUE(outcomes[5].Completed());
  EXPECT_EQ(outcomes[7].cc(), 0);
  EXPECT_EQ(Read<uint16_t>(kPage + 16 + 2), 0x0001);  // the response of a command that was done
}

}  // namespace
}  // namespace ucontrol
