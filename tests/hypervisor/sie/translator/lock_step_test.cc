// The interpreter and the translator execute the same random code from the same state, and must
// come to the same end: registers, storage, and why SIE ended.
//
// LOCK_STEP_RUNS sets how many runs there are, LOCK_STEP_SEED where they start.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "hypervisor/arch/control_registers.h"
#include "hypervisor/isa/decode.h"
#include "hypervisor/isa/disassemble.h"
#include "hypervisor/isa/table.h"
#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {
namespace {

constexpr uint64_t kCode = 0x10000;
constexpr uint64_t kCodeSize = 0x4000;
constexpr uint64_t kData = 0x100000;
constexpr uint64_t kDataSize = 0x8000;
constexpr uint64_t kSegmentTable = 0x40000;
constexpr uint64_t kPageTable = 0x50000;

uint64_t Number(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

// Rows whose result depends on the time, on chance or on the engine, or that wait.
bool IsExcluded(const TableRow& row) {
  static const std::set<std::string_view> names = {"STCK", "STCKF", "STCKE", "STPT", "SPT",
                                                   "PTFF", "PPNO",  "PRNO",  "ECTG", "STSI",
                                                   "SCKC", "STCKC", "SCK",   "SCKPF"};
  return row.kind == RowKind::kGap || row.kind == RowKind::kIntercept ||
         names.contains(row.mnemonic);
}

// Rows on floating-point registers.
bool IsFloating(const TableRow& row) {
  static const std::set<std::string_view> names = {"LD",  "LDY",  "LE",  "LEY",  "STD",
                                                   "LDR", "STDY", "STE", "STEY", "LER"};
  return (row.opcode >> 8) == 0xb3 || names.contains(row.mnemonic) ||
         ((row.opcode >> 8) == 0xed && row.format != Format::kRXY_a);
}

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
  uint64_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545f4914f6cdd1d;
  }
  uint64_t Below(uint64_t n) { return (Next() >> 16) % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

class LockStep {
 public:
  explicit LockStep(uint64_t seed) : random_(seed) {
    for (RowIndex row = 0; row < Table().size(); ++row) {
      const bool offered = Table()[row].facility == Facility::kZArch ||
                           Table()[row].facility == Facility::kN3 ||
                           OfferedFacilities().Has(Table()[row].facility);
      if (IsExcluded(Table()[row]) || !offered) continue;
      rows_.push_back(row);
      if (Table()[row].kind != RowKind::kSemantics) continue;
      recorded_.push_back(row);
      if (IsFloating(Table()[row])) floating_.push_back(row);
    }
    for (GuestMachine* machine : {&interpreted_, &translated_}) {
      machine->block.ictl = uapi::kIctlPint;
      machine->block.cputm = uint64_t{1} << 62;
    }
    interpreted_.sie = MakeInterpreter(
        {interpreted_.space, interpreted_.keys, interpreted_.broadcast, interpreted_.facilities_});
    translated_.sie = MakeTranslator(
        {translated_.space, translated_.keys, translated_.broadcast, translated_.facilities_});
  }
  bool available() const { return translated_.sie != nullptr; }
  uint64_t instructions() const { return translated_.sie->instructions(); }

  // New code, tables and data, and keys that are alike: those of a run that was ended may not be.
  void Renew() {
    uint64_t address = kCode;
    waiting_ = 0;
    loop_left_ = 0;
    floating_code_ = random_.OneIn(2);
    while (address < kCode + kCodeSize - 8) {
      uint8_t bytes[8];
      const uint64_t text = InstructionAt(address);
      StoreStorage<uint64_t>(bytes, text);
      std::memcpy(interpreted_.At(address), bytes, InsnLength(bytes[0]));
      address += InsnLength(bytes[0]);
    }
    for (uint64_t at = 0; at < kDataSize; at += 8) {
      interpreted_.Put<uint64_t>(kData + at, floating_code_ ? FloatingPoint() : Word());
    }
    for (uint64_t segment = 0; segment < 2048; ++segment) {
      interpreted_.Put<uint64_t>(kSegmentTable + 8 * segment, 0x20);
    }
    interpreted_.Put<uint64_t>(kSegmentTable, kPageTable);
    for (uint64_t segment = 1; segment < 4; ++segment) {
      interpreted_.Put<uint64_t>(kSegmentTable + 8 * segment, kPageTable + 0x800 * segment);
    }
    for (uint64_t page = 0; page < 1024; ++page) {
      uint64_t entry = page << 12;
      if (page >= kData >> 12 && random_.OneIn(10)) entry |= random_.OneIn(2) ? 0x400 : 0x200;
      interpreted_.Put<uint64_t>(kPageTable + 8 * page, entry);
    }
    for (size_t i = 0; i < segments_.size(); ++i)
      segments_[i] = interpreted_.Read<uint64_t>(kSegmentTable + 8 * i);
    for (size_t i = 0; i < pages_.size(); ++i)
      pages_[i] = interpreted_.Read<uint64_t>(kPageTable + 8 * i);
    std::memcpy(translated_.At(0), interpreted_.At(0), GuestMachine::kStorageSize);
    for (uint64_t at = 0; at < GuestMachine::kStorageSize; at += kPageSize) {
      const auto page = [at](GuestMachine& machine) {
        return UserAddress(reinterpret_cast<uint64_t>(machine.At(at)));
      };
      translated_.keys.KeyOf(page(translated_)) =
          interpreted_.keys.KeyOf(page(interpreted_)).load();
      translated_.keys.UsageOf(page(translated_)) =
          interpreted_.keys.UsageOf(page(interpreted_)).load();
    }
    for (GuestMachine* machine : {&interpreted_, &translated_}) machine->block.ihcpu = 0xffff;
  }

  void Run() {
    CpuState& cpu = interpreted_.cpu;
    for (auto& r : cpu.gpr) r = Word();
    const bool all_addresses = random_.OneIn(2);  // more is executed
    for (int r = 0; r < 16; ++r) {
      if (!all_addresses && random_.OneIn(4)) continue;
      cpu.gpr[static_cast<size_t>(r)] = Place();
    }
    for (auto& r : cpu.vr) r = {FloatingPoint(), 0};
    for (auto& r : cpu.ar) r = 0;
    for (auto& r : cpu.cr) r = 0;
    cpu.fpc = Fpc();
    cpu.cr[0] = 0xe0 | (random_.OneIn(8) ? 0 : GuestMachine::cr0_afp) |
                (random_.OneIn(8) ? ::hypervisor::cr0::kLowAddressProtection : 0);
    cpu.cr[1] = cpu.cr[7] = cpu.cr[13] = kSegmentTable;
    cpu.cr[14] = 0xc2000000;
    cpu.prefix = 0;
    cpu.breaking_event_address = 1;
    cpu.psw.mask = Psw::kBasicAddressing | Psw::kExtendedAddressing;
    const uint64_t mode = random_.Below(8);
    if (mode == 0) cpu.psw.mask = Psw::kBasicAddressing;
    if (mode == 1) cpu.psw.mask = 0;
    if (random_.OneIn(2))
      cpu.psw.mask |= Psw::kDat | (random_.OneIn(8) ? random_.Below(3) << 46 : 0);
    if (random_.OneIn(2)) cpu.psw.mask |= Psw::kProblemState;
    if (random_.OneIn(8)) cpu.psw.set_key(static_cast<uint8_t>(random_.Below(3)));
    if (random_.OneIn(4)) cpu.psw.mask |= random_.Below(16) << 40;
    cpu.psw.set_condition_code(static_cast<uint8_t>(random_.Below(4)));
    cpu.psw.address = kCode + random_.Below(kCodeSize / 2) * 2;
    translated_.cpu = cpu;
    start_ = cpu;
    Save(before_);

    const SieExit first = RunOne(interpreted_);
    const SieExit second = RunOne(translated_);
    if (first.reason == SieExit::Reason::kKicked || second.reason == SieExit::Reason::kKicked) {
      Renew();  // it loops: there is nothing to compare
      return;
    }
    // What its TLB still has is a CPU's own affair once the tables say otherwise.
    if (TablesChanged(interpreted_) && TablesChanged(translated_)) return Renew();
    if (Differs() && !IsRepeatable()) return Renew();
    Compare(first, second);
  }

 private:
  static constexpr std::pair<uint64_t, uint64_t> kCompared[] = {
      {0, 0x2000}, {kCode, kCodeSize}, {kData, kDataSize}};

  bool TablesChanged(GuestMachine& machine) const {
    const auto is = [&machine](uint64_t at, uint64_t entry) {
      return machine.Read<uint64_t>(at) == entry;
    };
    for (size_t i = 0; i < segments_.size(); ++i) {
      if (!is(kSegmentTable + 8 * i, segments_[i])) return true;
    }
    for (size_t i = 0; i < pages_.size(); ++i) {
      if (!is(kPageTable + 8 * i, pages_[i])) return true;
    }
    return false;
  }
  bool Differs() {
    if (!(interpreted_.cpu == translated_.cpu)) return true;
    for (const auto& [start, size] : kCompared) {
      if (std::memcmp(interpreted_.At(start), translated_.At(start), size) != 0) return true;
    }
    return false;
  }
  void Save(std::vector<uint8_t>& bytes) {
    bytes.clear();
    for (const auto& [start, size] : kCompared) {
      bytes.insert(bytes.end(), interpreted_.At(start), interpreted_.At(start) + size);
    }
  }
  // Whether the interpreter does the same each time: code that looks at a clock doesn't, though it
  // may see the same nanosecond now and then.
  bool IsRepeatable() {
    const CpuState after = interpreted_.cpu;
    std::vector<uint8_t> bytes;
    Save(bytes);
    for (int repetition = 0; repetition < 8; ++repetition) {
      const uint8_t* from = before_.data();
      for (const auto& [start, size] : kCompared) {
        std::memcpy(interpreted_.At(start), from, size);
        from += size;
      }
      interpreted_.cpu = start_;
      RunOne(interpreted_);
      std::vector<uint8_t> again;
      Save(again);
      if (!(interpreted_.cpu == after) || again != bytes) return false;
    }
    return true;
  }

  uint64_t Word() {
    const uint64_t word = random_.Next();
    switch (random_.Below(8)) {
      case 0:
        return word & 0xff;
      case 1:
        return static_cast<uint64_t>(-static_cast<int64_t>(word & 0xf));
      case 2:
        return 0x8000000080000000;
      case 3:
        return 0x7fffffff7fffffff;
      default:
        return word;
    }
  }
  // Of any class: a long number or two short ones, that are likely to have interesting results.
  uint64_t FloatingPoint() {
    if (random_.OneIn(4)) return Word();
    if (random_.OneIn(2)) return Long(random_.Below(2));
    return Short(random_.Below(2)) << 32 | Short(random_.Below(2));
  }
  uint64_t Long(uint64_t sign) { return sign << 63 | Exponent(2047) << 52 | Fraction(52); }
  uint64_t Short(uint64_t sign) { return sign << 31 | Exponent(255) << 23 | Fraction(23); }
  // Often the least and the greatest, often around one, so that results are ordinary.
  uint64_t Exponent(uint64_t greatest) {
    switch (random_.Below(8)) {
      case 0:
        return random_.Below(3);
      case 1:
        return greatest - random_.Below(3);
      case 2:
        return random_.Below(greatest + 1);
      case 3:  // products of two are tiny, or nearly
        return greatest / 4 + random_.Below(4);
      default:
        return greatest / 2 + random_.Below(9) - 4;
    }
  }
  uint64_t Fraction(int bits) {
    const uint64_t all = (uint64_t{1} << bits) - 1;
    switch (random_.Below(6)) {
      case 0:
        return 0;
      case 1:
        return all - random_.Below(2);
      case 2:
        return random_.Below(3);
      case 3:
        return (all + 1) / 2 + random_.Below(2);
      default:
        return random_.Next() & all;
    }
  }
  // Mostly what programs have; any rounding mode, mask or flag.
  uint32_t Fpc() {
    uint32_t fpc = 0;
    if (random_.OneIn(2)) fpc |= static_cast<uint32_t>(random_.Next()) & 0x00f80000;
    if (random_.OneIn(3)) fpc |= static_cast<uint32_t>(random_.Below(4));
    if (random_.OneIn(16)) fpc |= 7;
    if (random_.OneIn(6)) fpc |= static_cast<uint32_t>(random_.Next()) & 0xf8000000;
    return fpc;
  }

  // Where operands may be: mostly data, now and then code or the lowest page.
  uint64_t Place() {
    if (random_.OneIn(12)) return kCode + random_.Below(kCodeSize);
    if (random_.OneIn(40)) return kCode + random_.Below(kCodeSize) / 0x1000 * 0x1000 + 0xfc0;
    if (random_.OneIn(12)) return kData + 0x1000 * (random_.Below(6) + 1) - random_.Below(64);
    if (random_.OneIn(30)) return random_.Below(0x1000);
    const uint64_t address = kData + 0x1000 + random_.Below(kDataSize - 0x2000);
    return random_.OneIn(2) ? address & ~uint64_t{15} : address;
  }

  // At the end of each page stand instructions on two operands of storage, for EXECUTE.
  static constexpr uint64_t kPool = 0x80;

  uint64_t InstructionAt(uint64_t address) {
    const uint64_t end = (address | 0xfff) + 1;
    if (address >= end - kPool)
      return end - address >= 6 ? StorageToStorage() : uint64_t{0x0700} << 48;
    if (address >= end - kPool - 6) return uint64_t{0x0700} << 48;
    const uint64_t waiting = waiting_;
    waiting_ = 0;
    if (waiting) return waiting;
    if (loop_left_ > 0) {
      if (--loop_left_ == 0) return LoopEnd(address);
    } else if (random_.OneIn(24)) {
      loop_left_ = static_cast<int>(random_.Below(8)) + 2;
      loop_register_ = random_.Below(16);
      loop_start_ = address + 4;
      return 0xa709'0000'0000'0000 | loop_register_ << 52 | (random_.Below(6) + 1) << 32;  // LGHI
    }
    const uint64_t kind = random_.Below(40);
    if (kind < 2) return StorageToStorage();
    if (kind > 4) {
      // In a loop, seldom one that changes how often it turns.
      uint64_t text = Instruction();
      for (int again = 0; again < 4 && loop_left_ > 0 && NamesLoopRegister(text); ++again)
        text = Instruction();
      return text;
    }
    // One in eight in another page, most at an instruction.
    uint64_t target = end - kPool + 6 * random_.Below(21) + (random_.OneIn(16) ? 2 : 0);
    if (random_.OneIn(8)) target ^= 0x1000;
    const uint64_t r1 = random_.Below(16);
    const uint64_t halfwords = (target - address) / 2 & 0xffffffff;
    if (kind == 4) return 0xc600000000000000 | r1 << 52 | halfwords << 16;  // EXRL
    const uint64_t base = random_.Below(15) + 1;
    waiting_ = 0x4400000000000000 | r1 << 52 | base << 44;     // EX
    return 0xc000000000000000 | base << 52 | halfwords << 16;  // LARL
  }

  bool NamesLoopRegister(uint64_t text) const {
    Insn insn;
    Decode(text, insn);
    return insn.r1 == loop_register_ || insn.r3 == loop_register_;
  }
  // BRCT or BRCTG to where the loop begins.
  uint64_t LoopEnd(uint64_t address) {
    const uint64_t halfwords = (loop_start_ - address) / 2 & 0xffff;
    return (random_.OneIn(2) ? 0xa706'0000'0000'0000 : 0xa707'0000'0000'0000) |
           loop_register_ << 52 | halfwords << 32;
  }

  // MVC, NC, OC, XC or CLC; often short, often of one base and close together.
  uint64_t StorageToStorage() {
    constexpr uint64_t kOpcodes[] = {0xd2, 0xd2, 0xd2, 0xd4, 0xd5, 0xd5, 0xd6, 0xd7, 0xd7};
    const uint64_t opcode = kOpcodes[random_.Below(std::size(kOpcodes))];
    uint64_t length = random_.Below(256);
    if (random_.OneIn(2)) length &= 31;
    if (random_.OneIn(4)) length = 0;
    const uint64_t b1 = random_.Below(16);
    const uint64_t b2 = random_.OneIn(3) ? b1 : random_.Below(16);
    const uint64_t d1 = random_.Below(64);
    const uint64_t d2 = random_.OneIn(2) ? d1 + 1 - random_.Below(std::min<uint64_t>(d1 + 1, 3))
                                         : random_.Below(64);
    return opcode << 56 | length << 48 | b1 << 44 | d1 << 32 | b2 << 28 | d2 << 16;
  }

  uint64_t Instruction() {
    // Rows with semantics three times of four.
    const auto& rows = random_.OneIn(4)                      ? rows_
                       : floating_code_ && !random_.OneIn(4) ? floating_
                                                             : recorded_;
    const RowIndex row = rows[random_.Below(rows.size())];
    const TableRow& entry = Table()[row];
    uint64_t text = random_.Next();
    const uint64_t opcode = entry.opcode;
    // Displacements are short, relative operands near and mostly ahead.
    switch (entry.format) {
      case Format::kRI_b:
      case Format::kRI_c:
      case Format::kRSI:
      case Format::kRIE_b:
      case Format::kRIE_c:
      case Format::kRIE_e:
        text = (text & 0xffff0000ffffffff) | (random_.Below(20) + 2) << 32;
        break;
      case Format::kRIL_b:
      case Format::kRIL_c:
        text = (text & 0xffff00000000ffff) | (random_.Below(60) + 3) << 16;
        if (random_.OneIn(2)) {
          const uint64_t far = (kData - kCode) / 2 + random_.Below(0x1000) * 4;
          text = (text & 0xffff00000000ffff) | (far & 0xffffffff) << 16;
        }
        break;
      default:
        text &= 0xffff'f07f'f07f'ffff;
        if (ShapeOf(entry.format).layout == OpcodeLayout::kLastByte) text &= ~uint64_t{0xff000000};
        break;
    }
    const auto place = [&](int first, int width, uint64_t value) {
      const int shift = 64 - first - width;
      text = (text & ~(((uint64_t{1} << width) - 1) << shift)) | value << shift;
    };
    switch (ShapeOf(entry.format).layout) {
      case OpcodeLayout::kByte:
        place(0, 8, opcode);
        break;
      case OpcodeLayout::kTwoBytes:
        place(0, 16, opcode);
        break;
      case OpcodeLayout::kNibble:
        place(0, 8, opcode >> 4);
        place(12, 4, opcode & 15);
        break;
      case OpcodeLayout::kLastByte:
        place(0, 8, opcode >> 8);
        place(40, 8, opcode & 0xff);
        break;
    }
    return text;
  }

  static SieExit RunOne(GuestMachine& machine) {
    machine.block.iprcc = 0;
    machine.block.pgmilc = 0;
    machine.block.tecmc = 0;
    machine.block.ipa = 0;
    machine.block.ipb = 0;
    machine.block.cputm = uint64_t{1} << 62;
    runs_.store(runs_.load() + 1);
    running_.store(machine.sie.get());
    const SieExit exit = machine.Run();
    running_.store(nullptr);
    return exit;
  }

  void Compare(const SieExit& first, const SieExit& second) {
    const CpuState& a = interpreted_.cpu;
    const CpuState& b = translated_.cpu;
    const auto describe = [&] {
      std::string text = "start " + std::to_string(start_.psw.address) + "\n";
      char line[200];
      static_cast<void>(text);
      std::snprintf(line, sizeof(line),
                    "start psw %016lx %016lx cr0 %lx, ends %016lx %016lx / %016lx %016lx\n",
                    start_.psw.mask, start_.psw.address, start_.cr[0], a.psw.mask, a.psw.address,
                    b.psw.mask, b.psw.address);
      text = line;
      for (size_t i = 0; i < 16; ++i) {
        std::snprintf(line, sizeof(line), "r%zu %016lx -> %016lx %016lx%s\n", i, start_.gpr[i],
                      a.gpr[i], b.gpr[i], a.gpr[i] != b.gpr[i] ? " <<<" : "");
        text += line;
      }
      for (uint64_t at = start_.psw.address, n = 0; n < 24; ++n) {
        if (at + 8 > GuestMachine::kStorageSize) break;
        Insn insn;
        Decode(interpreted_.Read<uint64_t>(at), insn);
        std::snprintf(line, sizeof(line), "%06lx %s%s\n", at,
                      Disassemble(interpreted_.Read<uint64_t>(at), at).c_str(),
                      at == a.psw.address   ? " <- interpreter"
                      : at == b.psw.address ? " <- translator"
                                            : "");
        text += line;
        at += insn.length;
      }
      return text;
    };
    ASSERT_EQ(first.reason, second.reason) << describe();
    ASSERT_EQ(first.address, second.address) << describe();
    ASSERT_EQ(interpreted_.block.icptcode, translated_.block.icptcode) << describe();
    ASSERT_EQ(interpreted_.block.iprcc, translated_.block.iprcc) << describe();
    ASSERT_EQ(interpreted_.block.pgmilc, translated_.block.pgmilc) << describe();
    ASSERT_EQ(interpreted_.block.tecmc, translated_.block.tecmc) << describe();
    ASSERT_EQ(interpreted_.block.ipa, translated_.block.ipa) << describe();
    ASSERT_EQ(interpreted_.block.ipb, translated_.block.ipb) << describe();
    ASSERT_EQ(a.psw.mask, b.psw.mask) << describe();
    ASSERT_EQ(a.psw.address, b.psw.address) << describe();
    for (size_t i = 0; i < 16; ++i) ASSERT_EQ(a.gpr[i], b.gpr[i]) << "r" << i << "\n" << describe();
    for (size_t i = 0; i < 16; ++i) {
      ASSERT_EQ(a.vr[i].high, b.vr[i].high)
          << std::hex << "f" << i << " was " << start_.vr[i].high << "\n"
          << describe();
    }
    ASSERT_EQ(a.fpc, b.fpc) << std::hex << "was " << start_.fpc << "\n" << describe();
    ASSERT_EQ(a.breaking_event_address, b.breaking_event_address) << describe();
    ASSERT_TRUE(a == b) << describe();
    for (const auto& [start, size] : kCompared) {
      for (uint64_t at = start; at < start + size; at += 8) {
        ASSERT_EQ(interpreted_.Read<uint64_t>(at), translated_.Read<uint64_t>(at))
            << std::hex << at << " code " << interpreted_.block.iprcc << "\n"
            << describe();
      }
    }
  }

  Random random_;
  GuestMachine interpreted_;
  GuestMachine translated_;
  CpuState start_;
  std::vector<uint8_t> before_;
  std::array<uint64_t, 4> segments_{};  // of the tables, as Renew made them: those that matter
  std::array<uint64_t, 512> pages_{};
  int loop_left_ = 0;  // instructions until the loop's end; 0 outside
  uint64_t loop_start_ = 0;
  uint64_t loop_register_ = 0;
  uint64_t waiting_ = 0;  // the instruction that belongs behind the latest one
  std::vector<RowIndex> rows_;
  std::vector<RowIndex> recorded_;
  std::vector<RowIndex> floating_;
  bool floating_code_ = false;  // most instructions are on floating-point registers

 public:
  static inline std::atomic<Sie*> running_ = nullptr;
  static inline std::atomic<uint64_t> runs_ = 0;
};

TEST(LockStepTest, RandomCodeEndsAlike) {
  const uint64_t runs = Number("LOCK_STEP_RUNS", 15000);
  const uint64_t seed = Number("LOCK_STEP_SEED", 1);
  LockStep lock_step(seed);
  if (!lock_step.available()) GTEST_SKIP() << "this host has no translator";
  // Ends what loops.
  std::atomic<bool> done = false;
  std::thread watch([&done] {
    uint64_t last = 0;
    while (!done) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      const uint64_t now = LockStep::runs_.load();
      Sie* running = LockStep::running_.load();
      if (now == last && running) running->Kick();
      last = now;
    }
  });
  for (uint64_t run = 0; run < runs && !::testing::Test::HasFatalFailure(); ++run) {
    if (run % 64 == 0) lock_step.Renew();
    lock_step.Run();
    if (::testing::Test::HasFatalFailure()) std::printf("run %lu\n", run);
  }
  done = true;
  watch.join();
  std::printf("%lu instructions\n", lock_step.instructions());
}

}  // namespace
}  // namespace hypervisor
