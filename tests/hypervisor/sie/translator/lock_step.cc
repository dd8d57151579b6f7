#include "tests/hypervisor/sie/translator/lock_step.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "hypervisor/arch/control_registers.h"
#include "hypervisor/isa/disassemble.h"

namespace hypervisor {

namespace {

using uapi::Interception;

constexpr uint64_t kCode = RandomCode::kCode;
constexpr uint64_t kCodeSize = RandomCode::kCodeSize;
constexpr uint64_t kData = RandomCode::kData;
constexpr uint64_t kDataSize = RandomCode::kDataSize;
constexpr uint64_t kSegmentTable = 0x40000;
constexpr uint64_t kPageTable = 0x50000;
constexpr uint64_t kPages = GuestMachine::kStorageSize / kPageSize;
constexpr uint64_t kSegments = 2048;
constexpr uint64_t kInvalidPage = 0x400;
constexpr uint64_t kProtectedPage = 0x200;

constexpr uint64_t kRuns = 192;   // of a group
constexpr uint64_t kSteps = 8;    // of a run
constexpr uint64_t kBeyond = 64;  // instructions that the interpreter may be late
constexpr auto kLong = std::chrono::microseconds(500);

// Compared after each run; the rest of storage after each group.
constexpr std::pair<uint64_t, uint64_t> kCompared[] = {
    {0, 0x2000}, {kCode, kCodeSize}, {kData, kDataSize}};

template <typename... Arguments>
std::string Line(const char* format, Arguments... arguments) {
  char line[200];
  std::snprintf(line, sizeof(line), format, arguments...);
  return line;
}

UserAddress PageOf(GuestMachine& machine, uint64_t page) {
  return UserAddress(reinterpret_cast<uint64_t>(machine.At(page * kPageSize)));
}

}  // namespace

LockStep::LockStep(uint64_t seed, bool waits_for_warm) : seed_(seed) {
  for (GuestMachine* machine : {&interpreted_, &translated_}) machine->block.ictl = uapi::kIctlPint;
  std::vector<bool> chance;
  for (const TableRow& row : Table())
    chance.push_back(IsOfChance(row) || (!uses_keys_ && SeesReferences(row)));
  for (GuestMachine* machine : {&interpreted_, &translated_}) {
    if (uses_keys_) machine->keys.set_used();
  }
  auto interpreter = std::make_unique<CountedInterpreter>(
      SieEnvironment{interpreted_.space, interpreted_.keys, interpreted_.broadcast,
                     interpreted_.facilities_},
      interpreted_.At(0), GuestMachine::kStorageSize, chance);
  interpreter_ = interpreter.get();
  interpreted_.sie = std::move(interpreter);
  if (waits_for_warm) unsetenv("UCONTROL_REGIONS");  // NOLINT: nothing here sets any
  translated_.sie = MakeTranslator(
      {translated_.space, translated_.keys, translated_.broadcast, translated_.facilities_});
  watch_ = std::thread([this] { Watch(); });
}

LockStep::~LockStep() {
  done_ = true;
  watch_.join();
}

// Ends what runs long.
void LockStep::Watch() {
  uint64_t last = 0;
  while (!done_) {
    std::this_thread::sleep_for(kLong);
    Sie* const running = running_;
    const uint64_t entries = entries_;
    if (running && entries == last) running->Kick();
    last = entries;
  }
}

// New code, tables and data, and keys that are alike.
void LockStep::Begin() {
  const uint64_t kind = random_.Below(8);
  faults_ = kind == 0                       ? Faults::kEachStore
            : kind == 1 && random_.OneIn(2) ? Faults::kEachAccess
                                            : Faults::kSome;
  mode_ = RandomMode();
  code_.Begin();
  std::memset(interpreted_.At(0), 0, GuestMachine::kStorageSize);
  for (uint64_t address = kCode; address < kCode + kCodeSize - 8;) {
    uint8_t bytes[8];
    StoreStorage<uint64_t>(bytes, code_.InstructionAt(address));
    std::memcpy(interpreted_.At(address), bytes, InsnLength(bytes[0]));
    address += InsnLength(bytes[0]);
  }
  for (uint64_t at = 0; at < kDataSize; at += 8)
    interpreted_.Put<uint64_t>(kData + at, code_.Operand());
  for (uint64_t segment = 0; segment < kSegments; ++segment) {
    const bool is_storage = segment < GuestMachine::kStorageSize / kSegmentSize;
    interpreted_.Put<uint64_t>(kSegmentTable + 8 * segment,
                               is_storage ? kPageTable + 0x800 * segment : 0x20);
  }
  for (uint64_t page = 0; page < kPages; ++page) {
    uint64_t entry = page << 12;
    if (page >= kData >> 12) {
      if (random_.OneIn(10)) entry |= random_.OneIn(2) ? kInvalidPage : kProtectedPage;
      if (faults_ == Faults::kEachStore) entry = page << 12 | kProtectedPage;
      if (faults_ == Faults::kEachAccess) entry = page << 12 | kInvalidPage;
    }
    interpreted_.Put<uint64_t>(kPageTable + 8 * page, entry);
  }
  tables_.assign(interpreted_.At(kSegmentTable), interpreted_.At(kPageTable + 8 * kPages));
  std::memcpy(translated_.At(0), interpreted_.At(0), GuestMachine::kStorageSize);
  for (uint64_t page = 0; page < kPages; ++page) {
    translated_.keys.KeyOf(PageOf(translated_, page)) =
        interpreted_.keys.KeyOf(PageOf(interpreted_, page)).load();
    translated_.keys.UsageOf(PageOf(translated_, page)) =
        interpreted_.keys.UsageOf(PageOf(interpreted_, page)).load();
  }
  for (GuestMachine* machine : {&interpreted_, &translated_}) machine->block.ihcpu = 0xffff;
}

uint64_t LockStep::RandomMode() {
  constexpr uint64_t k64 = Psw::kBasicAddressing | Psw::kExtendedAddressing;
  const uint64_t addressing = random_.Below(8);
  uint64_t mask = addressing == 0 ? Psw::kBasicAddressing : addressing == 1 ? 0 : k64;
  if (random_.OneIn(2)) mask |= Psw::kDat | (random_.OneIn(8) ? random_.Below(3) << 46 : 0);
  if (random_.OneIn(2)) mask |= Psw::kProblemState;
  if (random_.OneIn(4)) mask |= random_.Below(16) << 40;  // the program mask
  return mask;
}

void LockStep::BeginRun() {
  CpuState& cpu = interpreted_.cpu;
  for (auto& r : cpu.gpr) r = code_.Word();
  const bool all_addresses = random_.OneIn(2);  // more is executed
  for (auto& r : cpu.gpr) {
    if (all_addresses || !random_.OneIn(4)) r = code_.Place();
  }
  for (auto& r : cpu.vr)
    r = {code_.FloatingPoint(), random_.OneIn(2) ? code_.FloatingPoint() : code_.Word()};
  for (auto& r : cpu.ar) r = 0;
  for (auto& r : cpu.cr) r = 0;
  cpu.fpc = code_.Fpc();
  cpu.cr[0] = 0xe0 | (random_.OneIn(8) ? 0 : GuestMachine::cr0_afp) |
              (random_.OneIn(8) ? 0 : ::hypervisor::cr0::kVector) |
              (random_.OneIn(8) ? ::hypervisor::cr0::kLowAddressProtection : 0);
  cpu.cr[1] = cpu.cr[7] = cpu.cr[13] = kSegmentTable;
  cpu.cr[14] = 0xc2000000;
  cpu.prefix = 0;
  cpu.breaking_event_address = 1;
  cpu.psw.mask = random_.OneIn(4) ? RandomMode() : mode_;
  if (faults_ != Faults::kSome) cpu.psw.mask |= Psw::kDat;
  if (random_.OneIn(8)) cpu.psw.set_key(static_cast<uint8_t>(random_.Below(3)));
  cpu.psw.set_condition_code(static_cast<uint8_t>(random_.Below(4)));
  cpu.psw.address = kCode + random_.Below(kCodeSize / 2) * 2;
}

bool LockStep::GoOn() {
  CpuState& cpu = interpreted_.cpu;
  const auto code = static_cast<Interception>(interpreted_.block.icptcode);
  if (code != Interception::kProgram && code != Interception::kInstruction) return false;
  if (cpu.psw.wait() || !cpu.psw.IsValid()) return false;
  const uint64_t address = cpu.psw.address;
  if (address % 2 != 0 || address - kCode >= kCodeSize - 8 || random_.OneIn(4)) {
    cpu.psw.address = kCode + random_.Below(kCodeSize / 2) * 2;
  } else if (code == Interception::kProgram &&
             IsNullifying(static_cast<PgmCode>(interpreted_.block.iprcc))) {
    cpu.psw.address += InsnLength(*interpreted_.At(address));
  }
  for (int count = 0; count < 3; ++count) cpu.gpr[random_.Below(16)] = code_.Place();
  if (random_.OneIn(8)) cpu.fpc = code_.Fpc();
  return true;
}

bool LockStep::Execute(uint64_t group) {
  group_ = group;
  random_ = Random(seed_ * 0x100000001b3 + group);
  Begin();
  ++counts_.groups;
  interpreter_->set_counts_rows(group % 4 == 0);
  bool took_chance = false;
  for (run_ = 0; run_ < kRuns; ++run_) {
    const End end = Run();
    took_chance |= interpreter_->TookChance();
    if (end == End::kDiffers) return false;
    if (end == End::kSetAside) return ++counts_.set_aside;
    ++counts_.runs;
  }
  const std::string where = WhereAllDiffers();
  // A clock may have been stored where runs are not compared.
  if (!where.empty() && took_chance) return ++counts_.set_aside;
  if (!where.empty()) difference_ = Line("seed %lu group %lu, at its end:\n", seed_, group) + where;
  return where.empty();
}

LockStep::End LockStep::Run() {
  starts_.clear();
  Save(before_);
  BeginRun();
  const Counts counts = counts_;
  do {
    const End end = Step();
    if (end != End::kAlike) {
      if (end == End::kSetAside) counts_ = counts;
      return end;
    }
  } while (starts_.size() < kSteps && GoOn());
  const std::string where = WhereComparedDiffers();
  return where.empty() ? End::kAlike : Differs(where);
}

// Both from the interpreted machine's state.
LockStep::End LockStep::Step() {
  translated_.cpu = interpreted_.cpu;
  starts_.push_back({interpreted_.cpu, 0});
  const uint64_t before = translated_.sie->instructions();
  translated_.sie->ClearKick();
  entries_ = entries_ + 1;
  running_ = translated_.sie.get();
  const SieExit second = RunOne(translated_);
  running_ = nullptr;
  const uint64_t executed = executed_ = translated_.sie->instructions() - before;
  const bool looped = second.reason == SieExit::Reason::kKicked;
  starts_.back().limit = looped ? executed : executed + kBeyond;

  interpreter_->set_limit(starts_.back().limit);
  const uint64_t interpreted_before = interpreter_->instructions();
  const SieExit first = RunOne(interpreted_);
  const uint64_t interpreted = interpreter_->instructions() - interpreted_before;
  // What its TLB still has is a CPU's own affair once the tables say otherwise.
  if (TablesChanged(interpreted_) && TablesChanged(translated_)) return End::kSetAside;
  std::string what = WhatDiffers(first, second);
  if (what.empty() && interpreted != executed)
    what = Line("%lu instructions and %lu\n", interpreted, executed);
  if (what.empty() && compares_each_step_) what = WhereComparedDiffers();
  if (!what.empty()) return Differs(what);
  ++counts_.steps;
  counts_.instructions += executed;
  if (looped) counts_.of_loops += executed;
  if (static_cast<Interception>(interpreted_.block.icptcode) == Interception::kProgram)
    ++counts_.faults;
  return End::kAlike;
}

SieExit LockStep::RunOne(GuestMachine& machine) {
  machine.block.iprcc = 0;
  machine.block.pgmilc = 0;
  machine.block.tecmc = 0;
  machine.block.ipa = 0;
  machine.block.ipb = 0;
  machine.block.cputm = uint64_t{1} << 62;
  return machine.Run();
}

bool LockStep::TablesChanged(GuestMachine& machine) {
  return std::memcmp(machine.At(kSegmentTable), tables_.data(), tables_.size()) != 0;
}

void LockStep::Save(std::vector<uint8_t>& bytes) {
  bytes.clear();
  for (const auto& [start, size] : kCompared)
    bytes.insert(bytes.end(), interpreted_.At(start), interpreted_.At(start) + size);
}

bool LockStep::IsRepeatable() {
  const CpuState after = interpreted_.cpu;
  std::vector<uint8_t> bytes;
  Save(bytes);
  for (int repetition = 0; repetition < 8; ++repetition) {
    const uint8_t* from = before_.data();
    for (const auto& [start, size] : kCompared) {
      std::memcpy(interpreted_.At(start), from, size);
      from += size;
    }
    for (const Start& start : starts_) {
      interpreted_.cpu = start.cpu;
      interpreter_->set_limit(start.limit);
      RunOne(interpreted_);
    }
    std::vector<uint8_t> again;
    Save(again);
    if (!(interpreted_.cpu == after) || again != bytes) return false;
  }
  return true;
}

LockStep::End LockStep::Differs(const std::string& what) {
  const std::string description = Describe();
  if (!IsRepeatable()) return End::kSetAside;
  difference_ =
      Line("seed %lu group %lu run %lu step %zu:\n", seed_, group_, run_, starts_.size() - 1) +
      what + description;
  return End::kDiffers;
}

std::string LockStep::WhatDiffers(const SieExit& first, const SieExit& second) {
  std::string text;
  const auto compare = [&text](const char* name, uint64_t a, uint64_t b) {
    if (a != b) text += Line("%s: interpreter %lx, translator %lx\n", name, a, b);
  };
  const CpuState& a = interpreted_.cpu;
  const CpuState& b = translated_.cpu;
  compare("end", static_cast<uint64_t>(first.reason), static_cast<uint64_t>(second.reason));
  compare("address", first.address.raw(), second.address.raw());
#define BLOCK(member) compare(#member, interpreted_.block.member, translated_.block.member)
  BLOCK(icptcode);
  BLOCK(iprcc);
  BLOCK(pgmilc);
  BLOCK(tecmc);
  BLOCK(ipa);
  BLOCK(ipb);
#undef BLOCK
  if (a == b) return text;
  compare("PSW mask", a.psw.mask, b.psw.mask);
  compare("PSW address", a.psw.address, b.psw.address);
  compare("FPC", a.fpc, b.fpc);
  compare("breaking-event address", a.breaking_event_address, b.breaking_event_address);
  for (size_t i = 0; i < a.gpr.size(); ++i) compare(Line("r%zu", i).c_str(), a.gpr[i], b.gpr[i]);
  for (size_t i = 0; i < a.vr.size(); ++i) {
    compare(Line("v%zu, left half", i).c_str(), a.vr[i].high, b.vr[i].high);
    compare(Line("v%zu, right half", i).c_str(), a.vr[i].low, b.vr[i].low);
  }
  for (size_t i = 0; i < a.cr.size(); ++i) compare(Line("c%zu", i).c_str(), a.cr[i], b.cr[i]);
  for (size_t i = 0; i < a.ar.size(); ++i) compare(Line("a%zu", i).c_str(), a.ar[i], b.ar[i]);
  if (text.empty()) text = "another part of the CPU's state\n";
  return text;
}

std::string LockStep::WhereStorageDiffers(uint64_t start, uint64_t size) {
  if (std::memcmp(interpreted_.At(start), translated_.At(start), size) == 0) return "";
  std::string text;
  for (uint64_t at = start; at < start + size && text.size() < 1000; at += 8) {
    const auto a = interpreted_.Read<uint64_t>(at);
    const auto b = translated_.Read<uint64_t>(at);
    if (a != b) text += Line("%06lx: interpreter %016lx, translator %016lx\n", at, a, b);
  }
  return text;
}

std::string LockStep::WhereComparedDiffers() {
  std::string text;
  for (const auto& [start, size] : kCompared) text += WhereStorageDiffers(start, size);
  return text;
}

std::string LockStep::WhereAllDiffers() {
  std::string text = WhereStorageDiffers(0, GuestMachine::kStorageSize);
  for (uint64_t page = 0; page < kPages; ++page) {
    const auto key = [this, page](GuestMachine& machine) {
      const uint8_t all = machine.keys.KeyOf(PageOf(machine, page));
      return uses_keys_ ? all : all & ~kKeyReference;
    };
    if (key(interpreted_) != key(translated_)) {
      text += Line("key of page %lx: interpreter %x, translator %x\n", page, key(interpreted_),
                   key(translated_));
    }
  }
  return text;
}

std::string LockStep::Describe() {
  const CpuState& start = starts_.back().cpu;
  std::string text = Line("start PSW %016lx %016lx, FPC %x, CR0 %lx\n", start.psw.mask,
                          start.psw.address, start.fpc, start.cr[0]);
  for (size_t i = 0; i < start.gpr.size(); ++i)
    text += Line("r%zu %016lx%s", i, start.gpr[i], i % 4 == 3 ? "\n" : "  ");
  text += Line("ends after %lu instructions, by %x, interruption code %x\n", executed_,
               translated_.block.icptcode, translated_.block.iprcc);
  uint64_t at = start.psw.address;
  for (int count = 0; count < 32 && at + 8 < GuestMachine::kStorageSize; ++count) {
    const auto instruction = interpreted_.Read<uint64_t>(at);
    text += Line("%06lx ", at) + Disassemble(instruction, at);
    if (at == interpreted_.cpu.psw.address) text += " <- interpreter";
    if (at == translated_.cpu.psw.address) text += " <- translator";
    text += "\n";
    at += InsnLength(static_cast<uint8_t>(instruction >> 56));
  }
  return text;
}

}  // namespace hypervisor
