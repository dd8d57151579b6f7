#include "tests/hypervisor/sie/translator/host_code.h"

#include <signal.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "tests/hypervisor/sie/guest_machine.h"

namespace hypervisor {

namespace {

constexpr uint64_t kBody = 0x10000;
constexpr uint64_t kCalled = 0x10800;
constexpr uint64_t kTargets = 0x10c00;  // of EXECUTE
constexpr uint64_t kData = 0x20000;
constexpr uint64_t kFewTurns = 20;
constexpr uint64_t kMoreTurns = 120;

struct Loop {
  const char* name;
  // Before BRCT 15. General register 5 has an address of data, 6 another, 7 how many bytes EXECUTE
  // moves; 1 to 4 have numbers, all floating-point registers 1.0.
  std::vector<uint8_t> body;
};

const Loop kLoops[] = {
    {"BRCT", {}},
    {"L AR ST", {0x58, 0x10, 0x50, 0x00, 0x1a, 0x12, 0x50, 0x10, 0x50, 0x00}},
    {"LG AGR STG",
     {0xe3, 0x10, 0x50, 0x00, 0x00, 0x04, 0xb9, 0x08, 0x00, 0x12, 0xe3, 0x10, 0x50, 0x00, 0x00,
      0x24}},
    {"LLGC STC", {0xe3, 0x10, 0x50, 0x00, 0x00, 0x90, 0x42, 0x10, 0x60, 0x00}},
    {"LH STH", {0x48, 0x10, 0x50, 0x00, 0x40, 0x10, 0x60, 0x00}},
    {"AHI LR XR SLL", {0xa7, 0x1a, 0x00, 0x07, 0x18, 0x21, 0x17, 0x32, 0x89, 0x30, 0x00, 0x03}},
    {"AGR LGR NGR SLLG RISBG",
     {0xb9, 0x08, 0x00, 0x12, 0xb9, 0x04, 0x00, 0x31, 0xb9, 0x80, 0x00, 0x32,
      0xeb, 0x33, 0x00, 0x05, 0x00, 0x0d, 0xec, 0x43, 0x20, 0xb7, 0x04, 0x55}},
    {"CR, BRC not taken", {0x19, 0x12, 0xa7, 0x84, 0x00, 0x02}},
    {"CGRJ not taken", {0xec, 0x12, 0x00, 0x03, 0x80, 0x64}},
    {"TMLL of a bit, BRC", {0xa7, 0x11, 0x00, 0x08, 0xa7, 0x74, 0x00, 0x02}},
    {"TM of a bit, BRC", {0x91, 0x08, 0x50, 0x00, 0xa7, 0x74, 0x00, 0x02}},
    {"CLIJ taken", {0xec, 0x1a, 0x00, 0x04, 0xff, 0x7f, 0x18, 0x22}},
    {"AR, IPM", {0x1a, 0x12, 0xb2, 0x22, 0x00, 0x30}},
    {"ALCGR", {0xb9, 0x0a, 0x00, 0x12, 0xb9, 0x88, 0x00, 0x34}},
    {"BRASL, BR", {0xc0, 0xe5, 0x00, 0x00, 0x04, 0x00}},
    {"STMG LMG", {0xeb, 0x14, 0x50, 0x00, 0x00, 0x24, 0xeb, 0x14, 0x50, 0x00, 0x00, 0x04}},
    {"MVC of 8", {0xd2, 0x07, 0x50, 0x00, 0x60, 0x00}},
    {"MVC of 32", {0xd2, 0x1f, 0x50, 0x00, 0x60, 0x00}},
    {"MVC of 256", {0xd2, 0xff, 0x50, 0x00, 0x60, 0x00}},
    {"XC of 16 with itself", {0xd7, 0x0f, 0x50, 0x00, 0x50, 0x00}},
    {"CLC of 8, BRC", {0xd5, 0x07, 0x50, 0x00, 0x60, 0x00, 0xa7, 0x74, 0x00, 0x02}},
    {"EXRL of MVC", {0xc6, 0x70, 0x00, 0x00, 0x06, 0x00}},
    {"LAA", {0xeb, 0x12, 0x50, 0x00, 0x00, 0xf8}},
    {"L LR AHI CS BRC",
     {0x58, 0x10, 0x50, 0x00, 0x18, 0x21, 0xa7, 0x2a, 0x00, 0x01, 0xba, 0x12, 0x50, 0x00, 0xa7,
      0x74, 0xff, 0xfb}},
    {"LD MDB ADBR STD",
     {0x68, 0x00, 0x50, 0x00, 0xed, 0x00, 0x60, 0x00, 0x00, 0x1c, 0xb3, 0x1a, 0x00, 0x20, 0x60,
      0x20, 0x50, 0x08}},
    {"MADBR", {0xb3, 0x1e, 0x20, 0x46}},
    {"CDBR, BRC", {0xb3, 0x19, 0x00, 0x24, 0xa7, 0x44, 0x00, 0x02}},
    {"STG of lowcore", {0xe3, 0x10, 0x03, 0x40, 0x00, 0x24}},
};

// Where translated code is, for the handler.
uint64_t code_begin;
uint64_t code_size;
uint64_t steps;

void CountStep(int, siginfo_t*, void* context) {
  const auto next =
      static_cast<uint64_t>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
  if (next - code_begin < code_size) ++steps;
}

// The only file of memory of that name that may be executed; the machine's engine is there alone.
bool FindCode() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("translated-code") == std::string::npos || line.find(" r-x") == std::string::npos)
      continue;
    uint64_t end = 0;
    std::sscanf(line.c_str(), "%lx-%lx", &code_begin, &end);
    code_size = end - code_begin;
    return true;
  }
  return false;
}

// The trap flag makes the host trap behind each instruction, in C++ too. Below the stack pointer
// may be what a function without calls of its own keeps there.
void SetTraps() {
  asm volatile(
      "lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
          : "memory", "cc");
}
void ClearTraps() {
  asm volatile(
      "lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::
          : "memory", "cc");
}

void Turn(GuestMachine& machine, uint64_t turns) {
  machine.cpu.psw.address = kBody;
  machine.cpu.psw.set_condition_code(0);
  for (uint64_t r = 0; r < 16; ++r) machine.cpu.gpr[r] = r;
  machine.cpu.gpr[5] = kData;
  machine.cpu.gpr[6] = kData + 0x400;
  machine.cpu.gpr[15] = turns;
  for (auto& r : machine.cpu.vr) r.high = 0x3ff0000000000000;
  machine.Run();
}

uint64_t StepsOf(GuestMachine& machine, uint64_t turns) {
  steps = 0;
  SetTraps();
  Turn(machine, turns);
  ClearTraps();
  return steps;
}

uint64_t BytesOfCode(const GuestMachine& machine) {
  EngineStatistics counts;
  machine.sie->AddStatistics(counts);
  return counts["bytes of code"];
}

std::optional<HostCode> Measure(const Loop& loop) {
  GuestMachine machine;
  machine.sie.reset();
  machine.sie =
      MakeTranslator({machine.space, machine.keys, machine.broadcast, machine.facilities_});
  if (!machine.sie || !FindCode()) return std::nullopt;
  std::vector<uint8_t> code = loop.body;
  const auto back = static_cast<uint16_t>(-static_cast<int64_t>(code.size()) / 2);
  for (const int byte : {0xa7, 0xf6, back >> 8, back & 0xff, 0x83, 0x00, 0x00, 0x44})  // diag
    code.push_back(static_cast<uint8_t>(byte));
  std::memcpy(machine.At(kBody), code.data(), code.size());
  machine.PutCode(kCalled, {0x07, 0xfe});
  machine.PutCode(kTargets, {0xd2, 0x00, 0x50, 0x00, 0x60, 0x00});
  for (const uint64_t at : {kData, kData + 0x400}) machine.Put<uint64_t>(at, 0x3ff0000000000000);
  const uint64_t before = BytesOfCode(machine);
  Turn(machine, kFewTurns);
  const uint64_t few = StepsOf(machine, kFewTurns);
  const uint64_t more = StepsOf(machine, kMoreTurns);
  return HostCode{(more - few) / (kMoreTurns - kFewTurns), BytesOfCode(machine) - before};
}

}  // namespace

std::optional<std::map<std::string, HostCode>> MeasureHostCode() {
  setenv("UCONTROL_REGIONS", "hot", 1);
  unsetenv("UCONTROL_CHAOS");
  struct sigaction action = {};
  action.sa_sigaction = CountStep;
  action.sa_flags = SA_SIGINFO;
  struct sigaction before = {};
  sigaction(SIGTRAP, &action, &before);
  std::map<std::string, HostCode> measured;
  bool available = true;
  for (const Loop& loop : kLoops) {
    const std::optional<HostCode> one = Measure(loop);
    if (!one) available = false;
    if (one) measured[loop.name] = *one;
  }
  sigaction(SIGTRAP, &before, nullptr);
  if (!available) return std::nullopt;
  return measured;
}

std::string ToText(const std::map<std::string, HostCode>& measured) {
  std::string text;
  for (const auto& [name, code] : measured) {
    char line[100];
    std::snprintf(line, sizeof(line), "%5lu %6lu  %s\n", code.instructions, code.bytes,
                  name.c_str());
    text += line;
  }
  return text;
}

std::map<std::string, HostCode> FromText(const std::string& text) {
  std::map<std::string, HostCode> codes;
  std::istringstream lines(text);
  HostCode code;
  for (std::string name; lines >> code.instructions >> code.bytes && std::getline(lines, name);)
    codes[name.substr(name.find_first_not_of(' '))] = code;
  return codes;
}

}  // namespace hypervisor
